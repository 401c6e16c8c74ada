/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What must hold for any input at all: asserted by the unit tests for their rows and by the fuzz
 * targets for whatever they think of. Each returns NULL, or the rule that is broken.
 */
#ifndef ATL_RULES_H
#define ATL_RULES_H

#include <apr_pools.h>

/* uri begins with '/'. */
const char *path_rule_broken(apr_pool_t *p, const char *uri);

/* A line's words, without the directive. */
const char *line_rule_broken(apr_pool_t *p, const char *line);

/* A Host and a Location header. */
const char *redirect_rule_broken(apr_pool_t *p, const char *host, const char *location);

/* A virtual host's directives, a line each: suggested lines are taken, and what is to be deleted was there. */
const char *suggest_rule_broken(apr_pool_t *p, const char *text);

/* An XML file: every attribute can be given another value where it stands. */
const char *xml_rule_broken(apr_pool_t *p, const char *text);

/* A file of an application, compared with a line: what is changed reads back, and the diff is one. */
const char *config_rule_broken(apr_pool_t *p, const char *text);

/* The file of maintenance=: an end time that was read is written so that it is read again. */
const char *notice_rule_broken(apr_pool_t *p, const char *text);

#endif
