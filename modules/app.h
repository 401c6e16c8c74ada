/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * One AtlassianApp line: its grammar, defaults and errors (pure).
 *
 *     AtlassianApp product [backend[;key=value]... ...] [key=value ...]
 */
#ifndef ATL_APP_H
#define ATL_APP_H

#include "product.h"

#include <apr_network_io.h>
#include <apr_tables.h>

/* Where an application, or its Synchrony, listens. */
typedef struct atl_backend {
    const char *scheme; /* "http" or "https" */
    const char *host;   /* lower case; an IPv6 literal stands in brackets */
    unsigned port;
    const char *origin; /* scheme://host[:port], without the scheme's default port */
    const char *route;  /* a cluster's node: its word in the sticky cookie; else NULL */
    const apr_array_header_t *params; /* of atl_param, for this node alone; NULL for none */
} atl_backend;

/* compression=: who compresses. Never both sides, which breaks application links. */
typedef enum {
    ATL_COMPRESSION_PASS, /* nobody is told anything */
    ATL_COMPRESSION_ON,   /* httpd; the application is asked not to */
    ATL_COMPRESSION_OFF   /* neither */
} atl_compression;

/* synchrony=: where Confluence's collaborative editing is reached. */
typedef enum {
    ATL_SYNCHRONY_OFF,      /* no WebSockets for this application */
    ATL_SYNCHRONY_INTERNAL, /* only <context>/synchrony-proxy, on Confluence itself */
    ATL_SYNCHRONY_DIRECT    /* that, and Synchrony's own port at the host's root */
} atl_synchrony;

/* A worker parameter, handed to mod_proxy unchanged. */
typedef struct atl_param {
    const char *key; /* lower case */
    const char *value;
} atl_param;

typedef struct atl_app {
    const atl_product *product;
    const char *context;          /* "" or "/wiki": public path and backend path alike */
    apr_array_header_t *backends; /* of atl_backend; at least one; more are a cluster's nodes */
    const char *lbmethod;         /* how a cluster's requests are spread, as mod_proxy calls it */
    int timeout;                  /* seconds without a byte from the application */
    atl_compression compression;
    apr_array_header_t *except;        /* of const char *: paths httpd serves itself */
    apr_array_header_t *worker_params; /* of atl_param */
    atl_synchrony synchrony;
    apr_array_header_t *synchronies; /* of atl_backend; at least one for ATL_SYNCHRONY_DIRECT */
    const char *synchrony_path;      /* its public path, "/synchrony" unless named */
    apr_array_header_t *trusted; /* of const char *: load balancers in front, addresses or CIDRs */
    apr_array_header_t *trusted_networks; /* the same, of apr_ipsubnet_t * */
    apr_array_header_t *admin; /* of const char *: who may reach the product's doors; empty: all */
    apr_array_header_t *admin_networks; /* the same, of apr_ipsubnet_t * */
    int verify;                         /* check the certificate of an https backend */
    const char *ca;              /* file of the authorities it may come from; NULL: the system's */
    const char *maintenance;     /* a file whose existence announces it, or NULL */
    struct atl_watched *watched; /* the same, see maintenance.c */
    const char *app_config; /* the application's own configuration, a file or directory; "" is not
                             * read, NULL where the installer puts it */
    int cache;              /* keep files whose address changes with their content */
    int secure_cookies;     /* on an https site add the Secure an application forgot */
    int ws_timeout;         /* seconds a WebSocket may stay silent */
    int ws_grace;           /* seconds a WebSocket may outlive a reload */
    apr_uint64_t quiet;     /* findings that are silenced: bit n is row n of atl_findings */
    const char *words;      /* the line as written, without the directive's name */
    const char *file;       /* where it stands; set by the caller */
    unsigned line;
    unsigned row;           /* its numbers, see counters.h */
    unsigned *backend_rows; /* those of its backends, then of its Synchronies */
} atl_app;

/* mod_proxy's own default. */
#define ATL_LBMETHOD "byrequests"

/* Synchrony's own path cannot be changed, on its port or below Confluence. */
#define ATL_SYNCHRONY_PATH "/synchrony"
#define ATL_SYNCHRONY_PROXY_PATH "/synchrony-proxy"
#define ATL_SYNCHRONY_PORT 8091

/*
 * A list with nothing in it, which all share: most lines leave most of theirs empty.
 */
extern apr_array_header_t atl_none;

/*
 * The list to add to: *list, made first if it is atl_none. size: of an element. From p.
 */
apr_array_header_t *atl_list_of(apr_pool_t *p, apr_array_header_t **list, int size);

/*
 * Reads the words of one line.
 * words: array of const char *, the product first. On success returns NULL and sets *app,
 * which lives in p. Otherwise returns what is wrong and what to write instead (one sentence
 * without the directive's name, from p) and leaves *app alone.
 */
const char *atl_app_parse(apr_pool_t *p, const apr_array_header_t *words, atl_app **app);

/*
 * Names an app for a message that speaks of another: confluence at /wiki (wiki.conf:12).
 * From p.
 */
const char *atl_app_name(apr_pool_t *p, const atl_app *app);

#endif
