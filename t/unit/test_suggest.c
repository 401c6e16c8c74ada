/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* modules/suggest*.c: hand-written virtual hosts, and the lines they would be. */
#include "unit.h"

#include "old_lines.h"
#include "rules.h"
#include "suggest_mistake.h"
#include "suggest_product.h"

#include <apr_strings.h>
#include <string.h>

static const atl_suggestion *suggest(const char *scheme, const char *name, const char *text,
                                     const char *inherited)
{
    atl_public *public = apr_pcalloc(pool, sizeof(*public));
    atl_old_host host = {.public = public, .lines = old_lines_of(pool, text), .inherited = old_lines_of(pool, inherited)};

    public->scheme = scheme;
    public->host = name;
    return atl_suggest(pool, &host);
}

/* The lines ("?": with a question, "=": there already), then numbers of lines. */
static const char *describe(const atl_suggestion *found)
{
    const char *text = found->server_name ? apr_pstrcat(pool, found->server_name, "\n", NULL) : "";

    for (int i = 0; i < found->apps->nelts; i++) {
        const atl_old_app *app = APR_ARRAY_IDX(found->apps, i, const atl_old_app *);
        text = apr_pstrcat(pool, text, app->question ? "?" : app->already ? "=" : "", app->words, "\n", NULL);
    }
    text = apr_pstrcat(pool, text, "delete", NULL);
    for (int i = 0; i < found->removals->nelts; i++) {
        text = apr_psprintf(pool, "%s %u", text, APR_ARRAY_IDX(found->removals, i, const atl_old_line *)->line);
    }
    text = apr_pstrcat(pool, text, "\nlost", NULL);
    for (int i = 0; i < found->lost->nelts; i++) {
        text = apr_psprintf(pool, "%s %u", text, APR_ARRAY_IDX(found->lost, i, atl_old_remark).line->line);
    }
    text = apr_pstrcat(pool, text, "\nwrong", NULL);
    for (int i = 0; i < found->mistakes->nelts; i++) {
        const atl_old_mistake *mistake = &APR_ARRAY_IDX(found->mistakes, i, atl_old_mistake);
        text = apr_psprintf(pool, "%s %u:%u", text, atl_old_mistake_rows[mistake->id].number,
                            mistake->line->line);
    }
    return text;
}

#define HOST "ProxyPreserveHost On\n"

/* ------------------------------------------------------------------ products */

static void products(void **state)
{
    static const struct {
        unsigned port;
        const char *context, *names, *text;
        int synchrony;
        const char *product, *doubt; /* doubt: NULL for none, else part of the question */
    } rows[] = {
        {8090, "", "10.0.0.5", "", 0, "confluence", NULL},
        {7990, "", "10.0.0.5", "", 0, "bitbucket", NULL},
        {8085, "", "10.0.0.5", "", 0, "bamboo", NULL},
        {8095, "/crowd", "10.0.0.5", "", 0, "crowd", NULL},
        {8080, "", "10.0.0.5", "", 0, "jira", "is this Jira? Only port 8080"},
        {8080, "", "jira.example.com 10.0.0.5", "", 0, "jira", NULL},
        {8080, "/jira", "10.0.0.5", "", 0, "jira", NULL},
        {8080, "/wiki", "10.0.0.5", "", 0, "confluence", NULL},
        {8080, "", "wiki.example.com 10.0.0.5", "", 0, "confluence", "is this Confluence or Jira?"},
        {8080, "", "10.0.0.5", "", 1, "confluence", NULL},
        {9000, "/jira", "10.0.0.5", "", 0, "jira", NULL},
        {9000, "", "jira-node1.example.com", "", 0, "jira", "Only a name says so"},
        {9000, "/jirafoo", "10.0.0.5", "", 0, NULL, NULL},
        {9000, "", "10.0.0.5", "", 0, NULL, NULL},
        {8090, "/jira", "10.0.0.5", "", 0, "jira", "is this Confluence or Jira?"},
        {8060, "", "10.0.0.5", "", 0, "crucible", "is this Crucible or Fisheye?"},
        {8060, "/fisheye", "10.0.0.5", "", 0, "fisheye", NULL},
        {8060, "/fecru", "10.0.0.5", "", 0, "crucible", "is this Crucible or Fisheye?"},
        {8060, "", "crucible.example.com 10.0.0.5", "", 0, "crucible", NULL},
        {9000, "", "10.0.0.5", "Set-Cookie ^BITBUCKETSESSIONID=", 0, "bitbucket", NULL},
        {9000, "/stash", "10.0.0.5", "", 0, "bitbucket", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *doubt, *row = apr_psprintf(pool, "%u%s %s", rows[i].port, rows[i].context, rows[i].names);
        atl_hints hints = {.port = rows[i].port, .context = rows[i].context, .names = words_of(rows[i].names),
                           .text = rows[i].text, .has_synchrony = rows[i].synchrony != 0};
        const atl_product *product = atl_suggest_product(pool, &hints, &doubt);

        expect_str(row, "product", product ? product->name : NULL, rows[i].product);
        if (rows[i].doubt) {
            expect_part(row, "doubt", doubt ? doubt : "(none)", rows[i].doubt);
        }
        else {
            expect_str(row, "doubt", doubt, NULL);
        }
    }
}

/* ------------------------------------------------------------------ virtual hosts */

static void lines(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        {"nothing of Atlassian's", "ProxyPass / http://10.0.0.5:3000/", "delete\nlost\nwrong"},
        {"the simplest", HOST "ProxyPass / http://10.0.0.5:8090/\nProxyPassReverse / http://10.0.0.5:8090/",
         "confluence http://10.0.0.5:8090 synchrony=internal\ndelete 1 2 3\nlost\nwrong"},
        {"a context, quoted", HOST "ProxyPass \"/wiki\" 'http://10.0.0.5:8090/wiki'\nProxyPassReverse /wiki http://10.0.0.5:8090/wiki",
         "confluence http://10.0.0.5:8090/wiki synchrony=internal\ndelete 1 2 3\nlost\nwrong"},
        {"Synchrony beside it", HOST "ProxyPass /synchrony http://10.0.0.5:8091/synchrony upgrade=websocket timeout=3600\nProxyPass / http://10.0.0.5:8090/\nProxyPassReverse / http://10.0.0.5:8090/",
         "confluence http://10.0.0.5:8090\ndelete 1 2 3 4\nlost\nwrong"},
        {"Synchrony elsewhere", HOST "ProxyPass /synchrony http://10.0.0.6:8091/synchrony\nProxyPass /wiki http://10.0.0.5:8090/wiki\nProxyPassReverse /wiki http://10.0.0.5:8090/wiki",
         "confluence http://10.0.0.5:8090/wiki synchrony=http://10.0.0.6:8091\ndelete 1 2 3 4\nlost\nwrong"},
        {"in <Location>", HOST "<Location /jira>\nProxyPass http://10.0.0.5:8080/jira timeout=120\nProxyPassReverse http://10.0.0.5:8080/jira\nRequire all granted\n</Location>",
         "jira http://10.0.0.5:8080/jira timeout=120\ndelete 1 2\nlost\nwrong"},
        {"<Location> with a rule of its own", HOST "<Location /jira>\nProxyPass http://10.0.0.5:8080/jira\nProxyPassReverse http://10.0.0.5:8080/jira\nRequire ip 10.0.0.0/8\n</Location>",
         "jira http://10.0.0.5:8080/jira\ndelete 1 3 4\nlost\nwrong"},
        {"parameters", HOST "ProxyPass /jira http://10.0.0.5:8080/jira nocanon keepalive=On retry=0 timeout=300 flushpackets=on interpolate\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira keepalive=On retry=0 flushpackets=on\ndelete 1 2 3\nlost 2\nwrong"},
        {"exceptions, aliases, redirects", HOST "Redirect /old /new\nAlias /jira/s /srv/s\nProxyPass /jira/s !\nProxyPass /other !\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira except=/jira/s\ndelete 1 4 6 7\nlost\nwrong"},
        {"another application stays", HOST "ProxyPass /tool http://10.0.0.9:3000/\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira\ndelete 3 4\nlost 2\nwrong"},
        {"unsure: nothing is deleted", HOST "ProxyPass / http://10.0.0.5:8060/\nProxyPassReverse / http://10.0.0.5:8060/",
         "?crucible http://10.0.0.5:8060\ndelete\nlost\nwrong"},
        {"patterns", HOST "ProxyPassMatch ^/jira(/.*)?$ http://10.0.0.5:8080/jira$1\nProxyPassReverse /jira http://10.0.0.5:8080/jira\nProxyPassMatch ^(/bamboo/.*)$ http://10.0.0.5:8085$1\nProxyPassReverse /bamboo http://10.0.0.5:8085/bamboo",
         "jira http://10.0.0.5:8080/jira\nbamboo http://10.0.0.5:8085/bamboo\ndelete 1 2 3 4 5\nlost\nwrong"},
        {"rules", HOST "RewriteEngine on\nRewriteRule ^/jira(/.*)?$ http://10.0.0.5:8080/jira$1 [P,L]\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira\ndelete 1 2 3 4\nlost\nwrong"},
        {"a rule of another kind keeps the engine", HOST "RewriteEngine on\nRewriteRule ^/$ /jira/ [R]\nRewriteRule ^/jira(/.*)?$ http://10.0.0.5:8080/jira$1 [P,L]\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira\ndelete 1 4 5\nlost\nwrong"},
        {"a pattern that says more", HOST "ProxyPassMatch ^/jira/(secure|browse)/.* http://10.0.0.5:8080\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira\ndelete 3 4\nlost 2\nwrong"},
        {"a load balancer in front", HOST "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 10.1.0.0/16 10.2.0.1\nRemoteIPTrustedProxy lb.example.com\nProxyPass / http://10.0.0.5:7990/\nProxyPassReverse / http://10.0.0.5:7990/",
         "bitbucket http://10.0.0.5:7990 trusted-proxy=10.1.0.0/16,10.2.0.1\ndelete 1 2 3 4 5 6\nlost 4\nwrong"},
        {"TLS to the application, checked", HOST "SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyCACertificateFile /etc/ca.pem\nProxyPass /jira https://jira.internal:8443/jira\nProxyPassReverse /jira https://jira.internal:8443/jira",
         "jira https://jira.internal:8443/jira ca=/etc/ca.pem\ndelete 1 2 3 4 5 6\nlost\nwrong"},
        {"AJP", HOST "ProxyPass /jira ajp://10.0.0.5:8009/jira\nProxyPassReverse /jira ajp://10.0.0.5:8009/jira",
         "?jira ajp://10.0.0.5:8009/jira\ndelete\nlost\nwrong"},
        {"compression by httpd alone", HOST "AddOutputFilterByType DEFLATE text/html\nRequestHeader unset Accept-Encoding\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira compression=on\ndelete 1 2 3 4 5\nlost\nwrong"},
        {"compression by nobody", HOST "RequestHeader unset Accept-Encoding\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira compression=off\ndelete 1 2 3 4\nlost\nwrong"},
        {"other units of time", HOST "ProxyPass /jira http://10.0.0.5:8080/jira timeout=10min\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira timeout=600\ndelete 1 2 3\nlost\nwrong"},
        {"an alias that was hidden, and one that was not", HOST "Alias /jira/a /srv/a\nAlias /jira/b /srv/b\nProxyPass /jira/b !\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira except=/jira/b\ndelete 1 4 5 6\nlost 2\nwrong"},
        {"a line that is there already", HOST "AtlassianApp jira http://10.0.0.5:8080/jira\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "=jira http://10.0.0.5:8080/jira\ndelete 1 3 4\nlost\nwrong"},
        {"https that ServerName does not know of", "ServerName host.example.com\n" HOST "RequestHeader set X-Forwarded-Proto https\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "https://host.example.com\njira http://10.0.0.5:8080/jira\ndelete 1 2 3 4 5\nlost\nwrong 1113:3"},
        {"a login of httpd's own", HOST "AuthType Basic\nRequestHeader unset Authorization\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira\ndelete 1 4 5\nlost\nwrong 1105:3"},
        {"a cluster", HOST "<Proxy balancer://jira>\nBalancerMember http://a:8080 route=a\nBalancerMember http://b:8080 route=b loadfactor=2\nProxySet lbmethod=bybusyness stickysession=ROUTEID timeout=200\n</Proxy>\nProxyPass /jira balancer://jira/jira\nProxyPassReverse /jira balancer://jira/jira",
         "jira http://a:8080/jira;route=a http://b:8080/jira;route=b;loadfactor=2 lbmethod=bybusyness\ndelete 1 2 7 8\nlost\nwrong"},
        {"a cluster with members that name the path, and no stickiness", HOST "BalancerMember balancer://c http://a:8090/wiki\nBalancerMember balancer://c http://b:8090/wiki\nProxyPass /wiki balancer://c\nProxyPassReverse /wiki balancer://c",
         "confluence http://a:8090/wiki http://b:8090/wiki synchrony=internal\ndelete 1 2 3 4 5\nlost\nwrong 1118:4"},
        {"a node's timeout", HOST "<Proxy balancer://c>\nBalancerMember http://a:8085 timeout=120\n</Proxy>\nProxyPass / balancer://c/ timeout=5\nProxyPassReverse / balancer://c/",
         "bamboo http://a:8085 timeout=120\ndelete 1 2 5 6\nlost\nwrong"},
        {"a balancer of one", HOST "<Proxy balancer://c>\nBalancerMember http://a:8085 retry=5\n</Proxy>\nProxyPass / balancer://c/\nProxyPassReverse / balancer://c/",
         "bamboo http://a:8085 retry=5\ndelete 1 2 5 6\nlost\nwrong"},
        {"Synchrony's own nodes", HOST "<Proxy balancer://c>\nBalancerMember http://a:8090\nBalancerMember http://b:8090\nProxySet stickysession=X\n</Proxy>\n<Proxy balancer://s>\nBalancerMember http://x:8091\nBalancerMember http://y:8091\n</Proxy>\nProxyPass /synchrony balancer://s/synchrony\nProxyPass / balancer://c/\nProxyPassReverse / balancer://c/",
         "confluence http://a:8090 http://b:8090 synchrony=http://x:8091,http://y:8091\ndelete 1 2 7 11 12 13\nlost\nwrong"},
        {"two addresses for one path", HOST "ProxyPass /jira http://a:8080/jira\nProxyPassReverse /jira http://a:8080/jira\nProxyPass /jira http://b:8080/jira",
         "jira http://a:8080/jira\n?jira http://b:8080/jira\ndelete 2 3\nlost\nwrong 1114:4"},
        {"two targets for one path", HOST "ProxyPass /crowd http://a:8095/other\nProxyPassReverse /crowd http://a:8095/other\nProxyPass /crowd http://a:8095/crowd",
         "?crowd http://a:8095/other\n?crowd http://a:8095/crowd\ndelete\nlost\nwrong 1107:2"},
        {"Fisheye has no cluster", HOST "<Proxy balancer://c>\nBalancerMember http://a:8060\nBalancerMember http://b:8060\nProxySet stickysession=X\n</Proxy>\nProxyPass /fisheye balancer://c/fisheye\nProxyPassReverse /fisheye balancer://c/fisheye",
         "?fisheye http://a:8060/fisheye http://b:8060/fisheye\ndelete\nlost\nwrong"},
        {"for some requests only", HOST "<If \"%{HTTP_HOST} == 'a'\">\nProxyPass /jira http://10.0.0.9:8080/jira\n</If>\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira",
         "jira http://10.0.0.5:8080/jira\ndelete 5 6\nlost 3\nwrong"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_str(rows[i].name, "suggestion", describe(suggest("http", "host.example.com", rows[i].text, "")),
                   rows[i].want);
        expect_str(rows[i].name, "rule", suggest_rule_broken(pool, rows[i].text), NULL);
    }
}

/* ------------------------------------------------------------------ mistakes */

#define JIRA "ProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira\n"

/* Each mistake by the lines that make it, and right lines that are near it. */
static void mistakes(void **state)
{
    static const struct {
        const char *text, *wrong;
    } rows[] = {
        {HOST JIRA, ""},
        {HOST JIRA "RemoteIPHeader X-Forwarded-For", " 1101:4"},
        {HOST JIRA "RemoteIPHeader X-Real-IP\nRemoteIPTrustedProxy 10.0.0.1", ""},
        {HOST JIRA "RequestHeader set X-Forwarded-For \"expr=%{HTTP:X-Forwarded-For}\"", " 1101:4"},
        {HOST JIRA "RequestHeader set X-Forwarded-For \"expr=%{REMOTE_ADDR}\"", ""},
        {HOST JIRA "RewriteCond %{HTTP:Upgrade} =websocket [NC]\nRewriteCond %{HTTP:Connection} Upgrade$ [NC]\nRewriteRule ^/jira/(.*) ws://10.0.0.5:8080/jira/$1 [P]\nTimeout 3600", " 1102:5"},
        {HOST JIRA "RewriteCond %{HTTP:Upgrade} websocket\nRewriteRule ^/jira/(.*) ws://10.0.0.5:8080/jira/$1 [P]\nTimeout 3600", " 1102:4"},
        {HOST JIRA "RewriteCond %{HTTP:Upgrade} websocket [NC]\nRewriteCond %{HTTP:Connection} upgrade [NC]\nRewriteRule ^/jira/(.*) ws://10.0.0.5:8080/jira/$1 [P]\nTimeout 3600", ""},
        {HOST "ProxyPass /jira http://10.0.0.5:8080/jira/\nProxyPassReverse /jira http://10.0.0.5:8080/jira", " 1103:2"},
        {HOST "ProxyPass / http://10.0.0.5:8090\nProxyPassReverse / http://10.0.0.5:8090", " 1103:2"},
        {HOST "ProxyPass /jira/ http://10.0.0.5:8080/jira/\nProxyPassReverse /jira/ http://10.0.0.5:8080/jira/", ""},
        {HOST "ProxyPassMatch ^/jira(.*)$ http://10.0.0.5:8080/jira$1\nProxyPassReverse /jira http://10.0.0.5:8080/jira", " 1104:2"},
        {HOST "ProxyPassMatch ^/jira http://10.0.0.5:8080\nProxyPassReverse /jira http://10.0.0.5:8080/jira", " 1104:2"},
        {HOST "<LocationMatch ^/jira>\nProxyPass http://10.0.0.5:8080/jira\n</LocationMatch>\nProxyPassReverse /jira http://10.0.0.5:8080/jira", " 1104:3"},
        {HOST JIRA "RequestHeader unset Authorization", " 1105:4"},
        {HOST JIRA "RequestHeader unset X-Other", ""},
        {HOST "ProxyPass /synchrony ws://10.0.0.5:8091/synchrony timeout=3600\nProxyPass /wiki http://10.0.0.5:8090/wiki\nProxyPassReverse /wiki http://10.0.0.5:8090/wiki", ""},
        {HOST "ProxyWebsocketFallbackToProxyHttp Off\nProxyPass /synchrony ws://10.0.0.5:8091/synchrony timeout=3600\nProxyPass /wiki http://10.0.0.5:8090/wiki\nProxyPassReverse /wiki http://10.0.0.5:8090/wiki", " 1106:3"},
        {HOST "Timeout 3600\nRewriteCond %{HTTP:Upgrade} websocket [NC]\nRewriteRule ^/synchrony/(.*) ws://10.0.0.5:8091/synchrony/$1 [P]\nProxyPass /wiki http://10.0.0.5:8090/wiki\nProxyPassReverse /wiki http://10.0.0.5:8090/wiki", " 1106:4"},
        {HOST "ProxyPass /jira http://10.0.0.5:8080/\nProxyPassReverse /jira http://10.0.0.5:8080/", " 1103:2 1107:2"},
        {HOST "ProxyPass / http://10.0.0.5:8080/jira/\nProxyPassReverse / http://10.0.0.5:8080/jira/", " 1107:2"},
        {HOST "ProxyPass / http://10.0.0.5:8090/\nProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse / http://10.0.0.5:8090/\nProxyPassReverse /jira http://10.0.0.5:8080/jira", " 1108:3"},
        {HOST JIRA "ProxyPass /jira/s !", " 1108:4"},
        {HOST "ProxyPass /jira/s !\n" JIRA, ""},
        {HOST "ProxyPass /synchrony http://10.0.0.5:8091/synchrony upgrade=websocket\nProxyPass /wiki http://10.0.0.5:8090/wiki\nProxyPassReverse /wiki http://10.0.0.5:8090/wiki", " 1109:2"},
        {HOST JIRA "SetOutputFilter DEFLATE", " 1110:4"},
        {HOST JIRA "ProxyRequests On", " 1111:4"},
        {HOST JIRA "ProxyRequests Off", ""},
        {JIRA, " 1112:1"},
        {HOST JIRA "RequestHeader set X-Forwarded-Proto \"https\"", " 1113:4"},
        {HOST "ProxyPass /jira http://10.0.0.5:8080/jira", " 1114:2"},
        {HOST "ProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8081/jira", " 1114:2"},
        {HOST JIRA "SetEnv proxy-sendcl 1", " 1115:4"},
        {HOST "ProxyPass /jira https://10.0.0.5:8443/jira\nProxyPassReverse /jira https://10.0.0.5:8443/jira", " 1116:2"},
        {HOST JIRA "AllowEncodedSlashes On", " 1117:4"},
        {HOST JIRA "AllowEncodedSlashes NoDecode", ""},
        {HOST JIRA "ProxyErrorOverride On", " 1120:4"},
        {HOST JIRA "ProxyErrorOverride On 502 503", ""},
        {HOST JIRA "ProxyErrorOverride Off", ""},
        {HOST JIRA "ProxyTimeout 30", " 1119:4"},
        {HOST JIRA "ProxyTimeout 120", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = describe(suggest("http", "host.example.com", rows[i].text, ""));

        expect_str(rows[i].text, "wrong", strstr(text, "\nwrong") + strlen("\nwrong"), rows[i].wrong);
    }
}

/* What the main server says counts where the virtual host says nothing. */
static void inherited(void **state)
{
    (void)state;
    expect_str("ProxyPreserveHost", "suggestion", describe(suggest("http", "a", JIRA, "ProxyPreserveHost On")),
               "jira http://10.0.0.5:8080/jira\ndelete 1 2\nlost\nwrong");
    expect_str("RemoteIPHeader", "suggestion",
               describe(suggest("http", "a", HOST JIRA, "Listen 80\nRemoteIPHeader X-Forwarded-For")),
               "jira http://10.0.0.5:8080/jira\ndelete 1 2 3\nlost\nwrong 1101:2");
}

/* ------------------------------------------------------------------ any text */

static void nonsense(void **state)
{
    static const char *const rows[] = {
        "ProxyPass", "ProxyPass /", "ProxyPass / http://", "ProxyPass / http://h:0/", "ProxyPass / http://h:99999/",
        "ProxyPass \"/ http://h:8090/", "ProxyPassMatch ( http://h:8090/", "ProxyPassMatch ^ http://h:8090",
        "RewriteRule", "RewriteRule a b", "RewriteRule a b [P]", "RewriteRule a b \"\"", "RewriteRule .* http://h:8090 [P]",
        "RewriteRule ^/(.*) unix:/s|http://h/ [P]", "ProxyPass / balancer://none/", "<Proxy balancer://>\nBalancerMember http://a\n</Proxy>",
        "<Location \"\">\nProxyPass http://h:8090/\n</Location>", "<Location ~ >\nProxyPass http://h:8090/\n</Location>",
        "BalancerMember", "ProxySet", "ProxyPass ! !", "ProxyPass /a !", "Header", "RequestHeader", "ProxyPass / http://[::1]:8090/",
        "ProxyPass / http://user:pass@h:8090/",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = apr_pstrcat(pool, rows[i], "\n", HOST "ProxyPass /jira http://10.0.0.5:8080/jira\nProxyPassReverse /jira http://10.0.0.5:8080/jira", NULL);

        suggest("http", NULL, rows[i], "");
        expect_str(rows[i], "rule", suggest_rule_broken(pool, rows[i]), NULL);
        expect_part(rows[i], "the rest is seen", describe(suggest("http", NULL, text, "")), "jira http://10.0.0.5:8080/jira");
    }
}

/* Every mistake has its number and its words. */
static void complete(void **state)
{
    (void)state;
    for (unsigned id = 0; id < ATL_OLD_MISTAKES; id++) {
        const atl_old_mistake_row *row = &atl_old_mistake_rows[id];

        expect_int(row->name, "number", row->number, 1101 + id);
        expect(row->name, "has words", *row->said && *row->cure);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(products), UNIT_TEST(lines), UNIT_TEST(mistakes),
                                       UNIT_TEST(inherited), UNIT_TEST(nonsense), UNIT_TEST(complete)};

    return cmocka_run_group_tests(tests, unit_group_setup, unit_group_teardown);
}
