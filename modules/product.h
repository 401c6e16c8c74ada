/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What is known of each Atlassian product: one const row each (pure: no httpd here).
 * Adding a product is adding one row here and one row to t/lib/Atl/Products.pm.
 */
#ifndef ATL_PRODUCT_H
#define ATL_PRODUCT_H

#include <apr_pools.h>

/* A piece of the application's own half of the job, ready to paste. */
typedef struct atl_setting {
    const char *versions; /* which releases it is for */
    const char *file;     /* where it goes */
    /* The text; {scheme} {secure} {host} {port} {context} {home-context} {backend-port}
     * {base-url} {context-name} {synchrony} stand for the line's own values. */
    const char *text;
} atl_setting;

typedef struct atl_product {
    const char *name;           /* as written in AtlassianApp */
    const char *label;          /* as people call it */
    const char *const *aliases; /* other names people type, NULL-terminated; or NULL */
    unsigned short port;        /* the installer's HTTP port */
    const char *context;        /* the installer's context path, "" for the root */
    int timeout;                /* seconds one answer may take; facts: 2.6 */
    const char *status;         /* status page below the context, or NULL */
    const char *session_cookie; /* the application's own */
    unsigned has_synchrony : 1; /* collaborative editing beside it (WebSockets) */
    unsigned one_node_only : 1; /* cannot run as a cluster */
    const atl_setting *settings; /* ends with a row whose file is NULL */
} atl_product;

/* All products, in the order lists of them are printed. Ends with a row whose name is NULL. */
extern const atl_product atl_products[];

/*
 * Finds a product by its name or one of its aliases, in any letter case.
 * Returns NULL when there is none.
 */
const atl_product *atl_product_find(const char *word);

/*
 * The products' names, alphabetically as in the table: "bamboo, bitbucket, ...", from p.
 */
const char *atl_product_names(apr_pool_t *p);

/*
 * The product (never an alias) whose name or alias is nearest to a mistyped word;
 * NULL when nothing is near enough to be worth suggesting.
 */
const atl_product *atl_product_nearest(const char *word);

#endif
