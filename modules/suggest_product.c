/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "suggest_product.h"
#include "text.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* What a hint is worth. A name or a port that others use too never decides alone. */
#define COMMON_PORT 1
#define NAME 2
#define PORT 3
#define CONTEXT 4
#define COOKIE 4
#define SYNCHRONY 4
#define ENOUGH 3 /* to be sure */
#define AHEAD 2  /* of the next, to be sure */

#define COMMON 8080 /* the port of half the Java applications there are */

#define MOST_PRODUCTS 16

/* Words people use for a product, in paths and in host names. */
static const struct {
    const char *word, *product;
} words[] = {
    {"bamboo", "bamboo"},         {"bitbucket", "bitbucket"}, {"stash", "bitbucket"},
    {"confluence", "confluence"}, {"wiki", "confluence"},     {"crowd", "crowd"},
    {"crucible", "crucible"},     {"fecru", "crucible"},      {"fecru", "fisheye"},
    {"fisheye", "fisheye"},       {"jira", "jira"},           {"servicedesk", "jira"},
};

/* Cookies no two products share. */
static const struct {
    const char *name, *product;
} cookies[] = {
    {"BITBUCKETSESSIONID", "bitbucket"}, {"_atl_bitbucket_remember_me", "bitbucket"},
    {"seraph.confluence", "confluence"}, {"seraph.bamboo", "bamboo"},
    {"atlassian.xsrf.token", "jira"},    {"FESESSIONID", "fisheye"},
};

/* text contains word, and no letter stands next to it: "jira" in "jira-node1", not in "jirafoo". */
static int has_word(const char *text, const char *word)
{
    apr_size_t len = strlen(word);

    for (const char *at = text; *at; at++) {
        if (!apr_cstr_casecmpn(at, word, len) && (at == text || !apr_isalpha(at[-1])) &&
            !apr_isalpha(at[len])) {
            return 1;
        }
    }
    return 0;
}

static int named(const atl_hints *hints, const char *word)
{
    for (int i = 0; i < hints->names->nelts; i++) {
        if (has_word(APR_ARRAY_IDX(hints->names, i, const char *), word)) {
            return 1;
        }
    }
    return 0;
}

static int weigh_words(const atl_hints *hints, const atl_product *product)
{
    int in_context = 0, in_name = 0;

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(words[i].product, product->name)) {
            in_context |= has_word(hints->context, words[i].word);
            in_name |= named(hints, words[i].word);
        }
    }
    return (in_context ? CONTEXT : 0) + (in_name ? NAME : 0);
}

static int weigh(const atl_hints *hints, const atl_product *product)
{
    int sum = weigh_words(hints, product);

    for (apr_size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++) {
        if (!strcmp(cookies[i].product, product->name) && strstr(hints->text, cookies[i].name)) {
            sum += COOKIE;
        }
    }
    if (hints->port == product->port) {
        sum += hints->port == COMMON ? COMMON_PORT : PORT;
    }
    return sum + (hints->has_synchrony && product->has_synchrony ? SYNCHRONY : 0);
}

/* "Fisheye or Crucible": all that have as much as the best, or nearly. */
static const char *candidates(apr_pool_t *p, const int *sums, int least)
{
    const char *list = NULL;

    for (int i = 0; i < MOST_PRODUCTS && atl_products[i].name; i++) {
        if (sums[i] >= least) {
            list = list ? apr_pstrcat(p, list, " or ", atl_products[i].label, NULL)
                        : atl_products[i].label;
        }
    }
    return list;
}

const atl_product *atl_suggest_product(apr_pool_t *p, const atl_hints *hints, const char **doubt)
{
    int sums[MOST_PRODUCTS] = {0}, best = 0, second = 0;
    const atl_product *likeliest = NULL;

    for (int i = 0; i < MOST_PRODUCTS && atl_products[i].name; i++) {
        sums[i] = weigh(hints, &atl_products[i]);
        if (sums[i] > best) {
            second = best;
            best = sums[i];
            likeliest = &atl_products[i];
        }
        else if (sums[i] > second) {
            second = sums[i];
        }
    }
    *doubt = NULL;
    if (second && best - second < AHEAD) {
        *doubt = apr_psprintf(p, "is this %s?", candidates(p, sums, best - AHEAD + 1));
    }
    else if (likeliest && best < ENOUGH) {
        *doubt = apr_psprintf(p, "is this %s? Only %s says so", likeliest->label,
                              hints->port == COMMON && best == COMMON_PORT
                                  ? "port 8080, which many applications use,"
                                  : "a name");
    }
    return likeliest;
}
