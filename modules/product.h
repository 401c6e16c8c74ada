/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * What is known of each Atlassian product: one const row each (pure: no httpd here).
 * Adding a product is adding one row here and one row to t/unit/test_product.c.
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

/* How a file of the application's own is written. */
typedef enum {
    ATL_CONFIG_TOMCAT,   /* server.xml */
    ATL_CONFIG_FECRU,    /* config.xml of Fisheye and Crucible */
    ATL_CONFIG_BITBUCKET /* bitbucket.properties */
} atl_config_format;

/* A file that holds the application's half. */
typedef struct atl_config_file {
    const char *dir;  /* where the vendor's installer puts the product, or its data */
    const char *path; /* the file below it */
    atl_config_format format;
    const char
        *contexts; /* the directory of Tomcat's context files below it, if the product has any */
} atl_config_file;

/* What is read out of an answer to a check. */
typedef enum {
    ATL_PROBE_STATE,    /* JSON with "state" (or "status"): compared with ready and passing */
    ATL_PROBE_BASE_URL, /* JSON "baseUrl" or XML <url>: compared with the public address */
    ATL_PROBE_OK        /* the bare word OK */
} atl_probe_kind;

typedef struct atl_probe {
    const char *path; /* below the context; the whole path for ATL_PROBE_OK (Synchrony) */
    atl_probe_kind kind;
} atl_probe;

/* Single settings that cure a finding; file is NULL where the product has none. */
typedef struct atl_cures {
    atl_setting address;     /* the public scheme, host and port */
    atl_setting context;     /* the context path */
    atl_setting header_size; /* how large a request's headers may be */
    atl_setting url_chars;   /* characters in URLs that RFC 3986 does not allow */
    atl_setting compression; /* compressed answers, switched off */
    atl_setting upload;      /* uploads that are refused are read to their end */
    atl_setting base_url;
} atl_cures;

typedef struct atl_product {
    const char *name;           /* as written in AtlassianApp */
    const char *label;          /* as people call it */
    const char *const *aliases; /* other names people type, NULL-terminated; or NULL */
    unsigned short port;        /* the installer's HTTP port */
    const char *context;        /* the installer's context path, "" for the root */
    int timeout;                /* seconds without a byte from the application */
    const char *status;         /* status page below the context, or NULL */
    const char *ready;          /* states in which it takes traffic, separated by blanks */
    const char *session_cookie; /* the application's own */
    int starting; /* status that, without a page of its own, says: still starting; or 0 */
    unsigned has_synchrony : 1;   /* collaborative editing beside it (WebSockets) */
    unsigned one_node_only : 1;   /* cannot run as a cluster */
    unsigned one_active_node : 1; /* a cluster's other nodes stand by */
    /* Cookies get the Secure attribute where the address setting says https. */
    unsigned secure_cookies : 1;
    const atl_setting *settings;         /* ends with a row whose file is NULL */
    const atl_config_file *config_files; /* ends with a row whose path is NULL */
    const atl_cures *cures;
    const char *const *api; /* paths of machines, below the context, NULL-terminated */
    /* What passes during maintenance, whole segments below the context: status checks, application
     * links, agents; NULL-terminated. */
    const char *const *open;
    const char *const *git;   /* marks in paths of git and other tools that show plain text */
    const atl_probe *probes;  /* what a check asks; ends with a row whose path is NULL */
    const char *const *doors; /* what admin= restricts, see door.h; NULL-terminated */
    /* What forwarded paths (below) begin with that are files for everybody, whole segments; NULL-terminated. */
    const char *const *files;
} atl_product;

/* The applications forward /s/ANYTHING/_/PATH to /PATH, and say of whatever comes of it that everybody may
 * keep it (Atlassian Plugins, WebResourceManagerImpl: "^/s/(.*)/_/(.*)", and ResourceDownloadUtils,
 * addPublicCachingHeaders). */
#define ATL_FORWARDED_START "/s/"
#define ATL_FORWARDED_MARK "/_/"

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
