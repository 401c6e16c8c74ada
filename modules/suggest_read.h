/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * Reads hand-written proxying out of httpd's directives: which path goes to which address (pure).
 */
#ifndef ATL_SUGGEST_READ_H
#define ATL_SUGGEST_READ_H

#include <apr_pools.h>
#include <apr_tables.h>

/* One directive, where it stands. */
typedef struct atl_old_line atl_old_line;
struct atl_old_line {
    const char *name; /* as written; "<Location" for a section */
    const char *args; /* a section's without its ">" */
    const char *file;
    unsigned line;
    const atl_old_line *section; /* what it stands in within its virtual host; NULL: nothing */
};

/* A node of a balancer. */
typedef struct atl_old_member {
    const atl_old_line *line;
    const char *scheme, *host, *path; /* path without its slash at the end */
    unsigned port;
    apr_table_t *params; /* its key=value words, keys in lower case */
} atl_old_member;

typedef struct atl_old_balancer {
    const char *name;            /* lower case, without balancer:// */
    const atl_old_line *section; /* its <Proxy>; NULL if it has none */
    apr_array_header_t *members; /* of atl_old_member */
    apr_table_t *params;         /* of ProxySet */
} atl_old_balancer;

/* What a ProxyPass, ProxyPassMatch or RewriteRule [P] says. */
typedef struct atl_mapping {
    const atl_old_line *line;
    const char *path;    /* the public one, without its slash at the end; "" is everything */
    const char *unclear; /* why path and target are not known; NULL: they are */
    const char *scheme;  /* http, https or ajp; of a WebSocket's, too */
    const char *host;    /* NULL for a balancer */
    unsigned port;
    const atl_old_balancer *balancer;
    const char *target; /* the path there, without its slash at the end */
    apr_table_t *params;
    apr_array_header_t *conditions;            /* RewriteCond: of const atl_old_line * */
    unsigned is_pattern : 1;                   /* a regular expression chose the path */
    unsigned is_rule : 1;                      /* RewriteRule */
    unsigned is_exception : 1;                 /* "!": httpd serves the path itself */
    unsigned is_loose : 1;                     /* also catches longer words: /jirafoo */
    unsigned is_websocket : 1;                 /* ws: or wss:, nothing else passes */
    unsigned path_slash : 1, target_slash : 1; /* written with a slash at the end */
} atl_mapping;

/*
 * Names the balancers of a virtual host. lines, inherited: arrays of const atl_old_line *. Returns
 * an array of atl_old_balancer *, from p.
 */
apr_array_header_t *atl_old_balancers(apr_pool_t *p, const apr_array_header_t *lines,
                                      const apr_array_header_t *inherited);

/*
 * Reads what a virtual host proxies, in the order of its lines. Returns an array of atl_mapping *,
 * from p.
 */
apr_array_header_t *atl_old_mappings(apr_pool_t *p, const apr_array_header_t *lines,
                                     const apr_array_header_t *balancers);

/*
 * The words of a line. From p.
 */
apr_array_header_t *atl_old_words(apr_pool_t *p, const atl_old_line *line);

/*
 * Word n of a line, "" if it has fewer. From p.
 */
const char *atl_old_word(apr_pool_t *p, const atl_old_line *line, int n);

/*
 * Whether a line is the directive name.
 */
int atl_old_is(const atl_old_line *line, const char *name);

/*
 * The <Location> or <LocationMatch> a line stands in, or NULL.
 */
const atl_old_line *atl_old_location(const atl_old_line *line);

/*
 * Splits scheme://host[:port][/path]: scheme in lower case, 0 for the scheme's own port, path as
 * written. Returns 0 if it is none.
 */
int atl_old_url(apr_pool_t *p, const char *url, const char **scheme, const char **host,
                unsigned *port, const char **path);

/*
 * The timeout= a mapping has for answers, or NULL. A balancer's own is about waiting for a free
 * node.
 */
const char *atl_old_timeout(const atl_mapping *m);

/*
 * A timeout as mod_proxy takes it (30, 30s, 5min, 500ms), in whole seconds.
 */
int atl_old_seconds(const char *timeout);

/*
 * Whether a mapping, or one of its balancer's nodes, leads to host; NULL is none.
 */
int atl_old_is_on_host(const atl_mapping *m, const char *host);

#endif
