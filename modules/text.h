/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Small text helpers for messages and generated configuration (pure).
 */
#ifndef ATL_TEXT_H
#define ATL_TEXT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

/* The running state of a search for the nearest word. */
typedef unsigned atl_nearest;
#define ATL_NEAREST_NONE (~0u)

/*
 * Compares a mistyped word with one candidate, by edit distance with transpositions
 * (Damerau-Levenshtein, optimal string alignment) and without regard to letter case.
 * Returns 1 and updates *best when the candidate is near enough to suggest (off by a third of its
 * letters at most, so that "no" never suggests "on") and nearer than all before it; 0 otherwise.
 */
int atl_nearer(atl_nearest *best, const char *word, const char *candidate);

/*
 * A word from an administrator as it may stand in a message: in double quotes, cut after 60 bytes
 * with "..." (a configuration line may be megabytes long). What stands before an '@' is left out:
 * it may be a password. httpd's log escapes what is not printable. From p.
 */
const char *atl_quote(apr_pool_t *p, const char *word);

/*
 * A path or address that was read already, as it may stand in a message: cut after 100 bytes with
 * "...". From p, or text itself.
 */
const char *atl_cut(apr_pool_t *p, const char *text);

/*
 * The clause that follows a mistyped word: " (did you mean "x"?)", or "" for NULL. From p.
 */
const char *atl_did_you_mean(apr_pool_t *p, const char *nearest);

/*
 * A directive argument as httpd's configuration parser reads it back unchanged: in double
 * quotes, with quotes and backslashes escaped. Text that contains "${" cannot be protected in
 * httpd's syntax; callers never pass any. From p.
 */
const char *atl_config_arg(apr_pool_t *p, const char *arg);

/*
 * The next word of a directive's arguments, read as httpd does (ap_getword_conf): blanks separate words, quotes of
 * either kind hold one together, a backslash in them protects a quote or a backslash. Advances *args behind it;
 * NULL when there is none left. From p.
 */
const char *atl_next_word(apr_pool_t *p, const char **args);

/*
 * Splits a comma-separated list, without the blanks around its items; empty items are kept
 * so that a caller can complain about them. Returns an array of const char *, all from p.
 */
apr_array_header_t *atl_split_list(apr_pool_t *p, const char *list);

/*
 * Reads a duration in whole seconds: "90", "90s", "5min" or "2h".
 * Returns 1 with *seconds set, or 0 when the text is anything else or beyond a year.
 */
int atl_parse_seconds(const char *text, int *seconds);

/*
 * Turns the ASCII letters of text to lower case, in place.
 */
void atl_lower(char *text);

/*
 * Replaces {name} in a template. values holds name, value pairs and ends with NULL; a name that
 * is not among them stays as it stands. From p.
 */
const char *atl_fill(apr_pool_t *p, const char *text, const char *const *values);

/*
 * A time for programs, whole seconds in UTC: 2026-11-24T06:00:00Z (ISO 8601). From p.
 */
const char *atl_time_iso(apr_pool_t *p, apr_time_t when);

#endif
