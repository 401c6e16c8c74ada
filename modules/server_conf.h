/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The AtlassianApp directive and what httpd keeps of it: one record per virtual host, one per
 * request.
 */
#ifndef ATL_SERVER_CONF_H
#define ATL_SERVER_CONF_H

#include "httpd.h"
#include "http_config.h"

#include "judge.h"
#include "path.h"
#include "site.h"

extern module AP_MODULE_DECLARE_DATA atlassian_proxy_module;

typedef struct atl_server_conf {
    atl_site site;
    /* ProxyPassMatch patterns of mod_proxy's own configuration: array of ap_regex_t *. */
    apr_array_header_t *local_patterns;
    /* Networks whose X-Forwarded-* headers are believed: array of apr_ipsubnet_t *. */
    apr_array_header_t *trusted;
    const module *remoteip;      /* mod_remoteip; NULL if it is not loaded */
    ap_conf_vector_t *cache;     /* what mod_cache is told of a file it may keep; NULL: nothing */
    const char *cache_authority; /* the Host header of requests that may be answered from there */
    const char *remoteip_header; /* what an administrator's RemoteIPHeader names, or NULL */
} atl_server_conf;

/* What a trusted load balancer said of the public address; NULL and 0 where it said nothing. */
typedef struct atl_forwarded {
    const char *scheme; /* "http" or "https" */
    const char *host;   /* with its port, if it named one */
    unsigned port;
} atl_forwarded;

/* How the request fared so far; see observe.c. */
typedef struct atl_observed {
    apr_time_t handed;           /* to the application; 0: not yet */
    apr_interval_time_t latency; /* until its answer began; -1: it did not */
    atl_failure failure;         /* why not */
    apr_status_t failure_status;
    unsigned tunnelled : 1; /* set by the tunnel, which counts its WebSockets itself */
    unsigned answered : 1;  /* by the application */
    unsigned ended : 1;     /* mod_proxy is done with it */
    unsigned own_page : 1;  /* what is sent is this module's, not the application's */
} atl_observed;

typedef struct atl_request {
    const atl_claim *claim; /* NULL while no app owns the request */
    atl_path path;
    const char *refusal;    /* why this module refused it, with the message's number; or NULL */
    unsigned proxied : 1;   /* translated: nobody else took the request in between */
    unsigned cacheable : 1; /* mod_cache may answer it */
    const char *filename;   /* what it was translated to */
    const char *host;       /* the Host header, or what stands for it */
    const atl_forwarded *forwarded;
    void *handshake;         /* tunnel.c's, of a WebSocket */
    const atl_backend *node; /* of a cluster, the one asked last; else NULL */
    unsigned asking : 1;     /* failover.c is at work */
    unsigned attempting : 1; /* and may ask again */
    unsigned refused : 1;    /* its answer was "not now", and did not go on to the client */
    int keepalives;          /* requests before this one on the client's connection, put aside */
    atl_observed observed;
} atl_request;

/*
 * Who is, or was last, asked for an answer.
 */
const atl_backend *atl_request_backend(const atl_request *request);

extern const command_rec atl_directives[];

/*
 * Configuration records of a server or virtual host. Lines are not inherited: merging keeps
 * the virtual host's own. From p.
 */
void *atl_server_conf_create(apr_pool_t *p, server_rec *s);
void *atl_server_conf_merge(apr_pool_t *p, void *base, void *own);

/*
 * The record of a server; never NULL.
 */
atl_server_conf *atl_server_conf_of(const server_rec *s);

/*
 * The record of a request, made on first use; its pool owns it.
 */
atl_request *atl_request_make(request_rec *r);

/*
 * The record of a request that an app's backend is to answer, or NULL.
 */
atl_request *atl_request_of(const request_rec *r);

#endif
