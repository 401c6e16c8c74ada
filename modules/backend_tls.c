/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "backend_tls.h"
#include "backend.h"
#include "libssl.h"
#include "log.h"
#include "server_conf.h"

#include "http_config.h"
#include "http_log.h"
#include "mod_proxy.h"

#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

APLOG_USE_MODULE(atlassian_proxy);

/* As mod_ssl_openssl.h has it, which distributions do not ship. */
typedef int ssl_HOOK_pre_handshake_t(conn_rec *c, SSL *ssl, int is_proxy);

typedef void info_callback(const SSL *ssl, int where, int value);

static struct {
    int (*up_ref)(SSL *ssl);
    void (*free)(SSL *ssl);
    long (*verify_result)(const SSL *ssl);
    X509 *(*peer)(const SSL *ssl);
    SSL_CTX *(*context)(const SSL *ssl);
    void (*set_info)(SSL *ssl, info_callback *callback);
    info_callback *(*context_info)(SSL_CTX *ctx);
    const char *(*alert_text)(int value);
    int found;
} libssl;

/* What went wrong on the connections to applications this thread made for its present request:
 * mod_proxy makes them within the request's handler, and tells nobody which they were. */
static _Thread_local struct {
    unsigned failed : 1;
    unsigned has_cert : 1; /* the handshake went as far as that */
    long verify;           /* X509_V_... */
    int alert;             /* the last fatal one from the application, as libssl has it; or 0 */
    char names[512];       /* of the certificate */
} handshake;

static void look_up(void)
{
    static const struct {
        void *to; /* where a function pointer is */
        const char *name, *older_name;
    } wanted[] = {{&libssl.up_ref, "SSL_up_ref", NULL},
                  {&libssl.free, "SSL_free", NULL},
                  {&libssl.verify_result, "SSL_get_verify_result", NULL},
                  {&libssl.peer, "SSL_get1_peer_certificate", "SSL_get_peer_certificate"},
                  {&libssl.context, "SSL_get_SSL_CTX", NULL},
                  {&libssl.set_info, "SSL_set_info_callback", NULL},
                  {&libssl.context_info, "SSL_CTX_get_info_callback", NULL},
                  {&libssl.alert_text, "SSL_alert_desc_string_long", NULL}};

    libssl.found = 1;
    for (apr_size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        void *found = atl_libssl_find(wanted[i].name);

        if (!found && wanted[i].older_name) {
            found = atl_libssl_find(wanted[i].older_name);
        }
        /* ISO C has no conversion from object to function pointers. */
        memcpy(wanted[i].to, &found, sizeof(found));
        libssl.found &= found != NULL;
    }
}

/* ------------------------------------------------------------------ while a connection is made */

static void add_name(const char *name, int len)
{
    apr_size_t have = strlen(handshake.names);

    if (len > 0 && have + (apr_size_t)len + 3 < sizeof(handshake.names)) {
        apr_snprintf(handshake.names + have, sizeof(handshake.names) - have, "%s%.*s",
                     have ? ", " : "", len, name);
    }
}

/* Those that mod_ssl compares: DNS names, and the subject's common name. */
static void note_names(const X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    char common[256];

    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_DNS) {
            add_name((const char *)ASN1_STRING_get0_data(name->d.dNSName),
                     ASN1_STRING_length(name->d.dNSName));
        }
    }
    GENERAL_NAMES_free(names);
    if (!*handshake.names) {
        add_name(common, X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
                                                   common, sizeof(common)));
    }
}

/* The reason is only in what was exchanged: mod_ssl empties OpenSSL's queue of errors into its own
 * log lines, of level info. */
static void note_alert(const SSL *ssl, int where, int value)
{
    info_callback *others = libssl.context_info(libssl.context(ssl));

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL) {
        handshake.alert = value;
    }
    if (others) {
        others(ssl, where, value);
    }
}

typedef struct connection {
    const conn_rec *c;
    SSL *ssl;
} connection;

/* Runs when mod_proxy closes the connection: on failure before its handler returns. The notes are
 * mod_ssl's way to tell mod_proxy. */
static apr_status_t end_of_connection(void *data)
{
    const connection *conn = data;
    const char *result = apr_table_get(conn->c->notes, "SSL_connect_rv");

    if (result && !strcmp(result, "err")) {
        X509 *cert = libssl.peer(conn->ssl);

        handshake.failed = 1;
        handshake.verify = libssl.verify_result(conn->ssl);
        *handshake.names = '\0';
        handshake.has_cert = cert != NULL;
        if (cert) {
            note_names(cert);
            X509_free(cert);
        }
    }
    libssl.set_info(conn->ssl, NULL);
    libssl.free(conn->ssl);
    return APR_SUCCESS;
}

static int pre_handshake(conn_rec *c, SSL *ssl, int is_proxy)
{
    connection *conn;

    if (!is_proxy || !libssl.found) {
        return DECLINED;
    }
    conn = apr_palloc(c->pool, sizeof(*conn));
    conn->c = c;
    conn->ssl = ssl;
    /* mod_ssl lets go of it as soon as the handshake has failed. */
    libssl.up_ref(ssl);
    libssl.set_info(ssl, note_alert);
    apr_pool_cleanup_register(c->pool, conn, end_of_connection, apr_pool_cleanup_null);
    return DECLINED;
}

/* ------------------------------------------------------------------ when the answer is an error */

#define LAST_RESORT "; as a last resort verify=off connects without any check"

#define ADD_AUTHORITY \
    "copy the certificate of the authority that issued it here as PEM and add ca=FILE"

static const struct {
    long verify;
    const char *cure;
} cures[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "renew it in the application"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "compare the clocks of both machines"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "copy that certificate here as PEM and add ca=FILE"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ADD_AUTHORITY},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ADD_AUTHORITY},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, ADD_AUTHORITY}};

static const char *cure_of(long verify)
{
    for (apr_size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
        if (cures[i].verify == verify) {
            return cures[i].cure;
        }
    }
    return "have it replaced in the application";
}

/* One that libssl has no words for (RFC 8446, section 6.2). */
static const char *alert_text(int alert)
{
    return (alert & 0xff) == 116 ? "certificate required" : libssl.alert_text(alert);
}

/* What is wrong and what to do. */
static const char *explain(apr_pool_t *p, const atl_backend *backend)
{
    if (handshake.failed && handshake.verify != X509_V_OK) {
        return apr_psprintf(p, "its certificate is not accepted: %s; %s" LAST_RESORT,
                            X509_verify_cert_error_string(handshake.verify),
                            cure_of(handshake.verify));
    }
    if (handshake.alert) {
        return apr_psprintf(p,
                            "it refuses: %s; httpd offers TLS 1.2 and newer, and a certificate of "
                            "its own only with SSLProxyMachineCertificateFile",
                            alert_text(handshake.alert));
    }
    if (handshake.failed && handshake.has_cert) {
        return apr_psprintf(p,
                            "its certificate is for %s, not for %s; write a name the certificate "
                            "has in place of %s%s" LAST_RESORT,
                            *handshake.names ? handshake.names : "no name at all", backend->host,
                            backend->host,
                            atl_is_address(backend->host)
                                ? " (an address is never compared with a certificate's addresses)"
                                : "");
    }
    return "it does not answer as TLS does; write http:// if that port is without TLS, or have TLS "
           "1.2 or newer switched on in the application";
}

static void forget(void)
{
    memset(&handshake, 0, sizeof(handshake));
}

/* mod_proxy's own word for it is 500, which is an error of httpd's. */
static int request_status(int *status, request_rec *r)
{
    const atl_request *request = atl_request_of(r);

    if (request && *status >= 400 && (handshake.failed || handshake.alert)) {
        const atl_app *app = request->claim->app;
        const atl_backend *backend = atl_request_backend(request);

        ap_log_rerror(
            APLOG_MARK, APLOG_ERR, 0, r,
            ATL_LOGNO(0401) "AtlassianApp on line %u of %s: no TLS connection to https://%s:%u: %s",
            app->line, app->file, backend->host, backend->port, explain(r->pool, backend));
        *status = HTTP_BAD_GATEWAY;
        /* mod_proxy's sentence for the error page. */
        apr_table_unset(r->notes, "error-notes");
    }
    forget();
    return DECLINED;
}

static int post_config(apr_pool_t *p, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)p;
    (void)plog;
    (void)ptemp;
    (void)s;
    look_up();
    return OK;
}

int atl_backend_tls_can_read(const char *file)
{
    X509_STORE *store = X509_STORE_new();
    int can = store && X509_STORE_load_locations(store, file, NULL) == 1;

    X509_STORE_free(store);
    ERR_clear_error();
    return can;
}

void atl_backend_tls_register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* Optional: mod_ssl and mod_proxy may be loaded after this module, or not at all. */
    APR_OPTIONAL_HOOK(ssl, pre_handshake, pre_handshake, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(proxy, request_status, request_status, NULL, NULL, APR_HOOK_MIDDLE);
}
