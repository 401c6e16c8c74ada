# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Requests;

# Requests and what must come of them, wherever the apps of t/conf/vhosts/10-apps.conf.in are served: by this module
# (t/12-requests.t) or by stock httpd with the configuration that the module printed (t/17-expansion.t).

use strict;
use warnings;

use Test::More;

# Each row: name, target, expectation. "uri" is the request URI the container saw, "product" which one it was.
# module => 1: what stock httpd cannot express, with the reason.
our @ROWS = (
    # one line a product
    ['jira',       '/jira/a',       { product => 'jira', uri => '/jira/a' }],
    ['confluence', '/wiki/a',       { product => 'confluence', uri => '/wiki/a' }],
    ['bitbucket',  '/bitbucket/a',  { product => 'bitbucket', uri => '/bitbucket/a' }],
    ['bamboo',     '/bamboo/a',     { product => 'bamboo', uri => '/bamboo/a' }],
    ['crowd',      '/crowd/a',      { product => 'crowd', uri => '/crowd/a' }],
    ['fisheye',    '/fisheye/a',    { product => 'fisheye', uri => '/fisheye/a' }],
    # whole segments
    ['context alone',             '/wiki',          { status => 302 }],
    ['context with slash',        '/wiki/',         { product => 'confluence', uri => '/wiki/' }],
    ['longer word',               '/wikifoo',       { status => 404 }],
    ['longer word below root',    '/jira-x/y',      { status => 404 }],
    ['Synchrony is not its proxy', '/synchrony-proxyx', { status => 404 }],
    ['case matters',              '/WIKI/a',        { status => 404 }],
    # escapes arrive as sent
    ['%2F',                '/jira/a%2Fb',             { uri => '/jira/a%2Fb' }, { backend => 'no-2f' }],
    ['%25',                '/bitbucket/a%2520b%23c',  { uri => '/bitbucket/a%2520b%23c' }],
    ['brackets',           '/jira/a[1]|b',            { uri => '/jira/a[1]|b' }],
    ['query',              '/jira/q?a[]=1|2&b=%2F%25&c=http://x/..;/', { uri => '/jira/q', query => 'a[]=1|2&b=%2F%25&c=http://x/..;/' }],
    ['empty query',        '/jira/q?',                { uri => '/jira/q' }],
    ['UTF-8',              '/wiki/%C3%A9t%C3%A9',     { uri => '/wiki/%C3%A9t%C3%A9' }],
    ['plus and comma',     '/wiki/a+b,c@d:e',         { uri => '/wiki/a+b,c@d:e' }],
    ['unreserved is equal', '/wiki/%61%2D%7E',        { uri => '/wiki/a-~' }],
    ['session in path',    '/jira/a;jsessionid=1',    { uri => '/jira/a;jsessionid=1' }],
    ['parameters inside',  '/jira/a;x=1/b;y',         { uri => '/jira/a;x=1/b;y' }],
    ['context parameters', '/jira;x=1/b',             { uri => '/jira;x=1/b' }],
    # slashes and dots
    ['double slashes',     '/wiki//a///b',            { uri => '/wiki/a/b' }],
    ['single dots',        '/wiki/./a/./b',           { uri => '/wiki/a/b' }],
    ['double dots',        '/wiki/x/../a',            { uri => '/wiki/a' }],
    ['to another app',     '/wiki/../jira/a',         { product => 'jira', uri => '/jira/a' }],
    ['encoded dots',       '/wiki/%2e%2e/jira/a',     { product => 'jira', uri => '/jira/a' }],
    ['above the root',     '/../wiki/a',              { status => 400 }],
    ['NUL',                '/wiki/a%00b',             { status => 400 }, { module => 'stock mapping=servlet sends %00 on, Tomcat refuses it' }],
    ['bad escape',         '/wiki/a%zz',              { status => 400 }],
    ['dots with parameters, out', '/wiki/..;/jira/a', { status => 400 }, { module => 'stock resolves it' }],
    ['dots with parameters, inside', '/wiki/x/..;y/a', { uri => '/wiki/a' }, { module => 'stock sends it unresolved' }],
    ['encoded slash and dots', '/wiki/..%2fjira/a',   { status => 400 }, { module => 'stock sends it on, Tomcat refuses it' }],
    ['encoded slash in the context', '/wiki%2fa',     { status => 400 }, { module => 'stock answers 404' }],
    ['backslash and dots', '/wiki/..%5cjira/a',       { status => 400 }, { module => 'stock sends it on, Tomcat refuses it' }],
    ['overlong UTF-8',     '/wiki/%c0%ae%c0%ae/a',    { status => 400 }, { module => 'stock sends it on' }],
    # what Location rules see is what the container resolves
    ['denied',             '/wiki/secret',            { status => 403 }],
    ['denied below',       '/wiki/secret/a',          { status => 403 }],
    ['denied, parameters', '/wiki/secret;x/a',        { status => 403 }],
    ['denied, context parameters', '/wiki;x/secret/a', { status => 403 }],
    ['denied, slashes',    '/wiki//secret/a',         { status => 403 }],
    ['denied, dots',       '/wiki/x/../secret/a',     { status => 403 }],
    ['denied, dots and parameters', '/wiki/x/..;/secret/a', { status => 403 }],
    ['denied, escape',     '/wiki/%73ecret',          { status => 403 }],
    ['denied, reserved escape', '/wiki/a%20b/c',      { status => 403 }, { module => 'stock keeps escapes in what Location sees' }],
    ['denied, encoded slash', '/wiki%2fsecret',       { status => 400 }, { module => 'stock answers 404' }],
    ['not denied',         '/wiki/secrets',           { uri => '/wiki/secrets' }],
    # what httpd serves itself
    ['except=',            '/jira/local',             { status => 404 }],
    ['except= and Alias',  '/jira/alias/file.txt',    { local => 1 }],
    ['Alias',              '/wiki/alias/file.txt',    { local => 1 }, { module => 'in stock httpd ProxyPass comes before Alias' }],
    ['SetHandler',         '/wiki/handled',           { status => 404 }, { module => 'in stock httpd ProxyPass wins' }],
    ['SetHandler none',    '/wiki/unhandled/x',       { uri => '/wiki/unhandled/x' }],
    ['own ProxyPass',      '/wiki/own/x',             { product => 'jira', uri => '/jira/from-own/x' }],
    ['own ProxyPass !',    '/wiki/never/x',           { status => 404 }],
    ['own ProxyPassMatch', '/wiki/match/x',           { product => 'jira', uri => '/jira/from-match/x' }],
    ['no-proxy',           '/wiki/noproxy/x',         { status => 404 }],
    ['RewriteRule [PT]',   '/short/x%20y',            { product => 'confluence', uri => '/wiki/pages/x%20y' }, { module => 'in stock httpd mapping=servlet looks at the path before RewriteRule changes it' }],
    ['RewriteRule [P]',    '/wiki/sent/x',            { product => 'jira', uri => '/jira/from-rule/x' }, { module => 'in stock httpd mapping=servlet comes before RewriteRule' }],
    # Synchrony's places
    ['Synchrony',          '/synchrony/heartbeat',    { body => 'OK' }],
    ['Synchrony with parameters', '/synchrony;x/heartbeat', { body => 'OK' }],
    ['through Confluence', '/wiki/synchrony-proxy/healthcheck', { body => 'OK' }],
    ['root proxy is absent', '/synchrony-proxy/v1/bayeux-sync1', { status => 404 }],
);

# Checks every row; ask: code that takes a target and returns an Atl::Raw::Response. stock: true when the module
# is not there.
sub check {
    my ($ask, $stock) = @_;
    my $checked = 0;
    for my $row (@ROWS) {
        my ($name, $target, $expect, $note) = @$row;
        next if $stock && $note && $note->{module};
        $checked++;
        subtest "$name: $target" => sub { check_row($ask->($target), $expect, $note) };
    }
    return $checked;
}

sub check_row {
    my ($r, $expect, $note) = @_;
    if ($expect->{status}) {
        is($r->{status}, $expect->{status}, 'status') or diag($r->{body});
        return;
    }
    if (($note->{backend} // '') eq 'no-2f' && $r->{status} == 400) {
        # Tomcat's default refuses %2F by itself: its own page says which URI it got.
        like($r->{body}, qr/Tomcat|Invalid URI|encodedSolidus/, 'it reached the container as sent');
        return;
    }
    is($r->{status}, 200, 'status') or diag($r->{body});
    if ($expect->{local}) {
        is($r->{body}, "served by httpd\n", 'served by httpd');
    }
    elsif (defined $expect->{body}) {
        is($r->{body}, $expect->{body}, 'body');
    }
    else {
        my $seen = eval { $r->echo } || {};
        is($seen->{requestURI}, $expect->{uri}, 'the container saw');
        is($seen->{product}, $expect->{product}, 'product') if $expect->{product};
        is($seen->{queryString}, $expect->{query}, 'query') if defined $expect->{query};
    }
    return;
}

1;
