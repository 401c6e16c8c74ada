# admin=: who may reach the paths behind which a product is administered, set up or restored, and nobody else by any
# spelling, method, protocol, password or detour; and the same in stock httpd, by the text the module prints.
use Atl::Test;

use Digest::SHA 'sha1_base64';
use MIME::Base64 'encode_base64';

use Atl::Backends ();
use Atl::Clients qw(ask connection exchange);
use Atl::Http2;
use Atl::Log ();
use Atl::Report;
use Atl::Server;

my ($ADMIN, $STRANGER, $LB) = ('127.0.0.1', '127.0.0.9', '127.0.0.2');
my $PRIVATE = 'sesame-5f3a';

my %context = (jira => '/jira', confluence => '/wiki', bitbucket => '/bitbucket', bamboo => '/bamboo', crowd => '/crowd', fisheye => '/fisheye');

sub lines {
    my ($key) = @_;
    return join '', map {
        my $backend = $_ eq 'fisheye' ? 'fisheye' : "$_-http";
        "AtlassianApp $_ http://127.0.0.1:" . backend_port($backend) . "$context{$_} $key"
            . ($_ eq 'confluence' ? ' synchrony=http://127.0.0.1:' . backend_port('synchrony') : '') . "\n"
    } sort keys %context;
}

my $users = "$ENV{ATL_LOGS}/admin-users";
Atl::Backends::spew($users, 'admin:{SHA}' . sha1_base64($PRIVATE) . "=\n");

# What an administrator might add that must not open a door: each in its own virtual host.
my %opening = (
    granted   => "<Location />\nRequire all granted\n</Location>",
    satisfy   => qq{<Location />\nAuthType Basic\nAuthName a\nAuthBasicProvider file\nAuthUserFile $users\nRequire valid-user\nSatisfy Any\nOrder deny,allow\nAllow from all\n</Location>},
    limit     => "<Location />\n<Limit GET POST>\nRequire all granted\n</Limit>\n</Location>",
    detour    => "RewriteEngine on\nRewriteRule ^/go/(.*)\$ /jira/\$1 [PT]\nErrorDocument 404 /jira/secure/admin/x\n"
        . "<Location /jira/turn>\nRewriteEngine on\nRewriteRule .* /jira/secure/admin/x [L]\n</Location>",
    page      => 'ErrorDocument 403 "ours"',
);

my @names = sort keys %opening;
my $server = Atl::Server->start(ports => 4, text => sub {
    my ($port, $behind, $h2, $open) = @_;
    my $keys = "admin=$ADMIN/32,::1,192.0.2.0/24";
    return join "\n", (map { "Listen 127.0.0.1:$_" } @_), "Listen [::1]:$port",
        "<VirtualHost *:$port [::1]:$port>\nServerName site.test\n" . lines($keys) . '</VirtualHost>',
        (map { "<VirtualHost *:$port>\nServerName $_.test\n" . lines($keys) . "$opening{$_}\n</VirtualHost>" } @names),
        "<VirtualHost *:$behind>\nServerName site.test\n" . lines("admin=192.0.2.0/24 trusted-proxy=$LB") . '</VirtualHost>',
        "<VirtualHost *:$h2>\nServerName site.test\n" . lines($keys) . (mpm() eq 'prefork' ? '' : "Protocols h2c http/1.1\n") . '</VirtualHost>',
        "<VirtualHost *:$open>\nServerName site.test\n" . lines('') . '</VirtualHost>', '';
});
my ($port, $behind, $h2, $open) = map { $server->port($_) } 0 .. 3;

# The product table's own rows.
my $source = Atl::Backends::slurp("$ENV{ATL_SRCDIR}/modules/product.c");
my ($shared) = $source =~ /^#define SHARED_DOORS(.*?)\n\n/ms;
my @shared = $shared =~ /"([^"]+)"/g;
my (%doors, %documented);
while ($source =~ /^static const char \*const (\w+)_doors\[\] = \{(.*?)SHARED_DOORS, NULL\};/msg) {
    my ($product, $rows) = ($1, $2);
    $rows =~ s{("[^"]*")|/\*.*?\*/}{$1 // ''}ges;    # "/json/*x" is no comment
    $doors{ $product eq 'fecru' ? 'fisheye' : $product } = [$rows =~ /"([^"]+)"/g];
}
is_deeply([sort keys %doors], [sort keys %context], 'every product has doors');

my $page = Atl::Backends::slurp("$ENV{ATL_SRCDIR}/docs/security.md");
while ($page =~ /^\| ([A-Z][\w, ]*|all of them) \| (`.*`) \|$/mg) {
    my ($who, $cells) = ($1, $2);
    $documented{ $who =~ /^Fisheye/ ? 'fisheye' : lc $who } = [$cells =~ /`([^`]+)`/g];
}
is_deeply(\%documented, { %doors, 'all of them' => \@shared }, 'docs/security.md lists what the table does');

# A path that a row stands for.
sub path_of {
    my ($product, $door) = @_;
    $door =~ s{^\*}{/x};
    $door =~ s/[*?]/x/g;
    return $context{$product} . $door;
}

my $refused = 0;

# as(ADDRESS, TARGET, OPTIONS): the status; every refusal must be in the log.
sub as {
    my ($from, $target, %option) = @_;
    my $r = ask($option{port} // $port, $target, host => 'site.test', from => $from, %option);
    $refused++ if $r->{status} == 403;
    return $r;
}

subtest 'every row, from both sides' => sub {
    for my $product (sort keys %doors) {
        for my $door (@{ $doors{$product} }, @shared) {
            my $path = path_of($product, $door);
            my $good = 1;
            for my $target ($path, "$path/below", uc($path) =~ s{^/\w+}{$context{$product}}r) {
                $good &= is(as($STRANGER, $target)->{status}, 403, "a stranger: $target");
                $good &= isnt(as($ADMIN, $target)->{status}, 403, "an administrator: $target");
                $good &= isnt(as($STRANGER, $target, port => $open)->{status}, 403, "without the key: $target");
            }
            my $expected = '403 for strangers, open for administrators';
            report_row('admin=', "$product: $door", $expected, $good ? $expected : 'something else');
        }
    }
};

subtest 'spellings' => sub {
    for my $target (
        '/jira/secure/admin', '/jira/secure/admin/', '/jira//secure///admin', '/jira/./secure/./admin/x', '/jira/x/../secure/admin/x',
        '/jira;a/secure;b=c/admin;d/x', '/jira/secure/admin;jsessionid=1', '/jira/;/secure/admin', '/jira/x/..;/secure/admin/x',
        '/jira/%73ecure/%61dmin', '/jira/secure%2fadmin', '/jira/secure%5cadmin', '/jira/secure/%2e/admin', '/jira/x/%2e%2e/secure/admin',
        '/jira/Secure/ADMIN/x', '/jira/secure/admin%20', '/jira/secure/admin%09x', '/jira/secure/admin.jspa', '/jira/secure/admin!x.jspa',
        '/jira/s/1/_/secure/admin/x', '/jira/s/1/2/3/_/secure/admin', '/jira/s/1/_/;/secure/admin', '/jira/s/1/_;x/secure/admin',
        '/jira/s/1/_/%2573ecure/admin', '/jira/s/1/_/x/..%3b/secure/admin', '/jira/S/1/_/secure/admin', '/jira/s//1//_//secure//admin',
        '/wiki/../jira/secure/admin', 'http://site.test/jira/secure/admin', '/jira/secure/admin?x=/../y', '/jira/secure/admin%3fx',
        '/jira/secure/SetupMode!default.jspa', '/jira/anything/SetupMode.jspa', '/wiki/json/setup-restore.action',
        '/wiki/json/setup-restore-local.action;x', '/wiki/json/a/setup-restore.action', '/wiki/setup/setupadministrator.action',
        '/wiki/spaces/a/b/removespace.action', '/wiki/admin/x/../../setup/y',
    ) {
        my $status = as($STRANGER, $target)->{status};
        is($status, 403, "refused: $target");
        report_row('admin=', "a stranger asks for $target", '403', $status);
    }
    for my $target ('/jira/secure/administrators', '/jira/browse/SETUP-1', '/jira/s/1/_/download/admin.css', '/wiki/administrators.action',
        '/wiki/display/admin/setup', '/bitbucket/rest/api/1.0/projects/A/repos/b/browse/admin', '/wiki/synchrony-proxy/admin', '/synchrony/admin',
        '/jira/echo?/secure/admin', '/jira/x?a=../secure/admin') {
        isnt(as($STRANGER, $target)->{status}, 403, "not refused: $target");
    }
};

subtest 'methods, and WebSockets' => sub {
    for my $method (qw(GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND UNHEARD)) {
        is(as($STRANGER, '/jira/secure/admin', method => $method)->{status}, 403, $method);
    }
    my @upgrade = ('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
    for my $target ('/wiki/admin/x', '/wiki/synchrony-proxy/../admin/v1/bayeux-sync1') {
        my $r = exchange(join("\r\n", "GET $target HTTP/1.1", 'Host: site.test', @upgrade, '', ''), port => $port, from => $STRANGER);
        $refused++;
        is($r->{status}, 403, "WebSocket: $target");
    }
    my $c = connection(port => $port, from => $STRANGER);
    $c->send(join "\r\n", 'GET /wiki/synchrony-proxy/v1/bayeux-sync1 HTTP/1.1', 'Host: site.test', @upgrade, '', '');
    is($c->head->{status}, 101, 'editing stays open');
    $c->close;
};

subtest 'what an administrator adds does not open a door' => sub {
    my @password = ('Authorization: Basic ' . encode_base64("admin:$PRIVATE", ''));
    for my $name (@names) {
        my $r = as($STRANGER, '/jira/secure/admin', host => "$name.test", headers => \@password);
        is($r->{status}, 403, $name);
        report_row('admin=', "beside it: $name", '403', $r->{status});
        isnt(as($ADMIN, '/jira/secure/admin', host => "$name.test", headers => \@password)->{status}, 403, "$name: an administrator");
    }
    is(as($STRANGER, '/jira/secure/admin', host => 'page.test')->{body}, 'ours', 'its own ErrorDocument');
    is(as($STRANGER, '/go/secure/admin', host => 'detour.test')->{status}, 403, 'RewriteRule [PT]');
    is(as($STRANGER, '/jira/turn/x', host => 'detour.test')->{status}, 403, 'an internal redirect');
    my $r = as($STRANGER, '/nowhere', host => 'detour.test');
    unlike($r->{body}, qr/"requestURI"/, 'an ErrorDocument behind a door');
    $refused++;
};

subtest 'whose address' => sub {
    isnt(as('::1', '/jira/secure/admin')->{status}, 403, 'IPv6, in the list');
    my @claim = ('X-Forwarded-For: 192.0.2.1', 'X-Real-IP: 192.0.2.1', 'Forwarded: for=192.0.2.1', 'Client-IP: 192.0.2.1');
    is(as($STRANGER, '/jira/secure/admin', headers => \@claim)->{status}, 403, 'said by a stranger');
    is(as($STRANGER, '/jira/secure/admin', port => $behind, headers => \@claim)->{status}, 403, 'past the balancer');
    isnt(as($LB, '/jira/secure/admin', port => $behind, headers => ['X-Forwarded-For: 192.0.2.1'])->{status}, 403, 'said by the balancer');
    is(as($LB, '/jira/secure/admin', port => $behind, headers => ['X-Forwarded-For: 192.0.2.1, 198.51.100.1'])->{status}, 403, 'said by a client of the balancer');
    is(as($LB, '/jira/secure/admin', port => $behind)->{status}, 403, 'the balancer itself');
};

if (mpm() ne 'prefork') {
    my $r = Atl::Http2::request($h2, [':method', 'GET'], [':scheme', 'http'], [':authority', 'site.test'], [':path', '/jira/secure/admin']);
    isnt($r->{status}, 403, 'HTTP/2: an administrator');
}

my $bare = as($STRANGER, "/jira/secure/admin/$PRIVATE?$PRIVATE=1", headers => ["Cookie: JSESSIONID=$PRIVATE", "Referer: http://x/$PRIVATE"]);
unlike($bare->{head} . $bare->{body}, qr/$PRIVATE|127\.0\.0\.|jira|admin=/i, 'the answer tells nothing');

# The log: one line for each, with who and where, and no query.
my @log = grep { /ATLP0701/ } split /\n/, Atl::Backends::slurp($server->error_log);
is(scalar @log, $refused, "$refused refusals, as many lines");
like($log[0], qr/:warn\] .* ATLP0701: refused with 403: \/\S+ is for administrators of \w+, and $STRANGER is not in admin= of AtlassianApp \w+ at \/\w+ \(\S+:\d+\)/,
    'which says what it is about');
unlike("@log", qr/$PRIVATE=1|JSESSIONID/, 'and no query, no cookie');

# Stock httpd, with what the dump prints in place of the lines.
subtest 'the same in stock httpd' => sub {
    my $inside = "ServerName stock.test\n" . lines("admin=$ADMIN");
    my ($exit, $out, $err) = configtest("<VirtualHost *:80>\n$inside</VirtualHost>\n", '-D', 'DUMP_ATLASSIAN_APPS');
    is($exit, 0, 'the dump') or diag $err;
    my $stock = Atl::Server->start(module => '', text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\n$out</VirtualHost>\n" });
    for my $product (sort keys %doors) {
        for my $door (@{ $doors{$product} }, @shared) {
            my $path = path_of($product, $door);
            is(ask($stock->port, $path, host => 'stock.test', from => $STRANGER)->{status}, 403, "a stranger: $path");
            isnt(ask($stock->port, $path, host => 'stock.test', from => $ADMIN)->{status}, 403, "an administrator: $path");
        }
    }
    for my $target ('/jira/secure/administrators', '/wiki/administrators.action', '/jira/s/1/_/download/x', '/crowd/rest/x', '/fisheye/cru/CR-1') {
        isnt(ask($stock->port, $target, host => 'stock.test', from => $STRANGER)->{status}, 403, "open: $target");
    }
    for my $target ('/jira/s/1/_/secure/admin', '/jira/x/../secure/admin', '/jira//secure/admin;x', '/jira/SECURE/admin', '/jira/s/1/_/a%2573b') {
        is(ask($stock->port, $target, host => 'stock.test', from => $STRANGER)->{status}, 403, "not open: $target");
    }
    is_deeply([grep { !/AH01630/ } $stock->stop], [], 'nothing else in its log');
};

is_deeply([grep { !/ATLP0701|ATLP10\d\d/ } $server->stop], [], 'nothing else in the log');
done_testing;
