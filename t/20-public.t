# Who is asking, and under which public address: what a real Tomcat makes of it, and httpd itself, whoever ends TLS.
use Atl::Test;

use Atl::Backends ();
use Atl::Certificates;
use Atl::Clients 'ask', 'exchange';
use Atl::Haproxy;
use Atl::Server;

my $CLIENT = '127.0.0.9';
my $STRANGER = '127.0.0.8';

# The way to each Tomcat: the recipe's Connector, one that announces nothing, one with a RemoteIpValve.
my %TOMCAT = (recipe => 'jira', plain => 'jira-plain', none => 'jira-http', valve => 'jira-valve');

my $pem = Atl::Certificates->authority('Test')->certificate('public', names => ['*.test', map { "*.$_.test" } qw(http https behind proxied six alias)]);
my $access_log = "$ENV{ATL_LOGS}/public-access-$$";

# site(PORT, NAME, TOMCAT, KEYS, LINES...): NAME is the ServerName; '' for none.
sub site {
    my ($port, $name, $tomcat, $keys, @lines) = @_;
    return join "\n", "<VirtualHost *:$port>", ($name ? "ServerName $name" : ()),
        'AtlassianApp jira http://127.0.0.1:' . backend_port($TOMCAT{$tomcat}) . "/jira $keys", @lines,
        '<Location "/jira/own">', "Require ip $CLIENT 2001:db8::9", '</Location>',
        'Redirect "/old" "/new"',
        'Header always set X-Own "expr=%{REQUEST_SCHEME} %{REMOTE_ADDR} %{SERVER_NAME} %{SERVER_PORT}"',
        'RewriteEngine on', 'RewriteRule ^/jira/proto$ - [R=404,L,E=proto:%{HTTP:X-Forwarded-Proto}]',
        'Header always set X-Rule "%{proto}e" env=proto',
        "CustomLog $access_log combined_own", '</VirtualHost>', '';
}

my @TLS = ('SSLEngine on', "SSLCertificateFile $pem");
my $BEHIND = 'trusted-proxy=127.0.0.2,127.0.0.3';

my $server = Atl::Server->start(ports => 9, text => sub {
    # A page of httpd's own for requests it cannot read, and what expressions see there.
    my @page = ('ErrorDocument 400 /page', 'Header always set X-Seen "expr=<%{HTTP:X-Real-IP}%{HTTP:X-Forwarded-For}%{HTTP:X-Forwarded-Proto}>"');
    my ($http, $https, $behind, $proxied, $six, $nameless, $canonical, $restricted, $remoteip) = @_;
    return join "\n", (map { "Listen 127.0.0.1:$_\nListen [::1]:$_" } @_),
        'LogFormat "%a %h %H \"%{Host}i\" %U" combined_own',
        (map { site($http, "$_.http.test", $_, '', 'ServerAlias *.alias.test') } qw(none plain valve)),
        (map { site($https, "$_.https.test", $_, '', 'ServerAlias *.alias.test', @TLS) } qw(none recipe valve)),
        (map { site($behind, "https://$_.behind.test", $_, $BEHIND, 'ServerAlias *.alias.test') } qw(none recipe valve)),
        (map { site($proxied, "https://$_.proxied.test", $_, '', 'RemoteIPProxyProtocol On') } qw(none recipe valve)),
        (map { site($six, "https://$_.six.test", $_, 'trusted-proxy=::1') } qw(none valve)),
        site($nameless, '', 'valve', ''),
        site($canonical, 'canonical.test', 'valve', '', 'UseCanonicalName On', 'ServerAlias other.test'),
        site($restricted, 'https://valve.proxied.test', 'valve', 'trusted-proxy=127.0.0.2', 'RemoteIPProxyProtocol On'),
        site($remoteip, 'alone.test', 'valve', '', 'RemoteIPHeader X-Elsewhere', @page),
        site($remoteip, 'replaced.test', 'valve', 'trusted-proxy=127.0.0.2', 'RemoteIPHeader X-Elsewhere', @page);
});
my ($HTTP, $HTTPS, $BEHIND_PORT, $PROXIED, $SIX, $NAMELESS, $CANONICAL, $RESTRICTED, $REMOTEIP) = map { $server->port($_) } 0 .. 8;

# TLS ends here. The client's side is one port each, so that its number is the public one.
my $haproxy = Atl::Haproxy->start(ports => 8, text => sub {
    my @port = @_;
    my $vouch = "    option forwardfor\n    http-request set-header X-Forwarded-Proto https\n"
        . "    http-request set-header X-Forwarded-Port %[dst_port]\n    http-request set-header X-Forwarded-Host %[req.hdr(host)]\n";
    return "listen forwarded\n    bind 127.0.0.1:$port[0] ssl crt $pem\n$vouch    server s 127.0.0.1:$BEHIND_PORT source 127.0.0.2\n"
        . "listen forwarded-plain\n    bind 127.0.0.1:$port[1]\n    option forwardfor\n    http-request set-header X-Forwarded-Proto http\n"
        . "    server s 127.0.0.1:$BEHIND_PORT source 127.0.0.2\n"
        . "listen proxy-v1\n    bind 127.0.0.1:$port[2] ssl crt $pem\n    server s 127.0.0.1:$PROXIED send-proxy source 127.0.0.2\n"
        . "listen proxy-v2\n    mode tcp\n    bind 127.0.0.1:$port[3] ssl crt $pem\n    server s 127.0.0.1:$PROXIED send-proxy-v2 source 127.0.0.2\n"
        . "listen outer\n    bind 127.0.0.1:$port[4] ssl crt $pem\n$vouch    server s 127.0.0.1:$port[5] source 127.0.0.3\n"
        . "listen inner\n    bind 127.0.0.1:$port[5]\n    option forwardfor\n    server s 127.0.0.1:$BEHIND_PORT source 127.0.0.2\n"
        . "listen six\n    bind [::1]:$port[6] ssl crt $pem\n    bind 127.0.0.1:$port[6] ssl crt $pem\n$vouch    server s [::1]:$SIX source [::1]\n"
        . "listen restricted\n    mode tcp\n    bind 127.0.0.1:$port[7] ssl crt $pem\n    server s 127.0.0.1:$RESTRICTED send-proxy-v2 source 127.0.0.2\n";
});
my ($FORWARDED, $FORWARDED_PLAIN, $V1, $V2, $OUTER, $INNER, $SIX_FRONT, $RESTRICTED_FRONT) = map { $haproxy->port($_) } 0 .. 7;

# What a client sends to have itself taken for another.
my @LIES = ('X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: gopher', 'X-Forwarded-Host: evil.test', 'X-Forwarded-Port: 6666',
    'X-Forwarded-Ssl: off', 'X-Forwarded-Server: evil.test', 'X-Forwarded-Prefix: /evil', 'Forwarded: for=6.6.6.6;proto=gopher;host=evil.test',
    'X-Real-IP: 6.6.6.6', 'X-Original-URL: /evil', 'X-Rewrite-URL: /evil', 'X-Forwarded-Whatever: evil');

# check(NAME, port =>, vhost =>, scheme =>, tomcat =>, public => [host, port]; from, client, tls, host, lies).
sub check {
    my ($name, %o) = @_;
    my $scheme = $o{scheme};
    my $client = $o{client} // $o{from} // $CLIENT;
    my $public = $o{public_port} // $o{port};
    my $authority = $o{host} // "$o{name}:$o{port}";
    (my $bare = $authority) =~ s/:\d+$//;
    my %with = (from => $o{from} // $CLIENT, tls => $o{tls}, host => $authority);
    my @expected =
          $o{tomcat} eq 'recipe' ? ('127.0.0.1', 'https', 'jira.example.test', 443, 1, 'https://jira.example.test')
        : $o{tomcat} eq 'plain'  ? ('127.0.0.1', 'http', 'jira.example.test', 80, 0, 'http://jira.example.test')
        : $o{tomcat} eq 'none'   ? ('127.0.0.1', 'http', $bare, $authority =~ /:(\d+)$/ ? $1 : 80, 0, "$scheme://$authority")
        :                          ($client, $scheme, $bare, $public, $scheme eq 'https' ? 1 : 0, "$scheme://$authority");
    for my $lies ([], \@LIES) {
        subtest $name . (@$lies ? ', a client that lies' : '') => sub {
            my $r = ask($o{port}, '/jira/echo', %with, headers => $lies);
            is($r->{status}, 200, 'status') or diag $r->{body};
            my $seen = $r->echo;
            is($seen->{remoteAddr}, $expected[0], 'getRemoteAddr');
            is($seen->{scheme}, $expected[1], 'getScheme');
            is($seen->{serverName}, $expected[2], 'getServerName');
            is($seen->{serverPort}, $expected[3], 'getServerPort');
            is($seen->{secure} ? 1 : 0, $expected[4], 'isSecure');
            is_deeply($seen->{header}{host}, [$authority], 'Host as the browser sent it');
            # The valve takes out of X-Forwarded-For what it has used.
            my %said = map { $_ => $seen->{header}{$_} } grep { /forward|real|origin|rewrite/ } keys %{ $seen->{header} };
            my %true = ('x-forwarded-proto' => [$scheme], 'x-forwarded-host' => [$authority], 'x-forwarded-port' => [$public],
                $o{tomcat} eq 'valve' ? () : ('x-forwarded-for' => [$client]));
            delete @said{ $o{tomcat} eq 'valve' ? qw(x-forwarded-for x-forwarded-by) : () };
            is_deeply(\%said, \%true, 'each header once, and no other');
            is($r->header('X-Own'), "$scheme $client $bare $public", 'expressions of httpd agree');
            is(ask($o{port}, '/jira/redirect?to=/next', %with, headers => $lies)->header('Location'),
                "$expected[5]/jira/next", 'a redirect of the application');
            is(ask($o{port}, '/old', %with, headers => $lies)->header('Location'), "$scheme://$authority/new", "one of httpd's own");
            is(ask($o{port}, '/jira/own', %with, headers => $lies)->{status}, $client eq $CLIENT || $client eq '2001:db8::9' ? 200 : 403, 'Require ip');
            my $mark = unique('logged');
            ask($o{port}, "/jira/$mark", %with, headers => $lies);
            ok(wait_until(sub { Atl::Backends::slurp($access_log) =~ m{^\Q$client $client\E HTTP/1.1 "\Q$authority\E" /jira/$mark$}m }),
                "httpd's own log");
        };
    }
    return;
}

# TLS here, or nowhere.
for my $tomcat (qw(none plain valve)) {
    check("http, $tomcat", port => $HTTP, tomcat => $tomcat, scheme => 'http', name => "$tomcat.http.test");
}
for my $tomcat (qw(none recipe valve)) {
    check("https, $tomcat", port => $HTTPS, tomcat => $tomcat, scheme => 'https', tls => 1, name => "$tomcat.https.test");
}
check('http, another client', port => $HTTP, tomcat => 'valve', scheme => 'http', name => 'valve.http.test', from => $STRANGER);
check('http, IPv6', port => $HTTP, tomcat => 'valve', scheme => 'http', name => 'valve.http.test', from => '::1');
check('https, IPv6', port => $HTTPS, tomcat => 'valve', scheme => 'https', tls => 1, name => 'valve.https.test', from => '::1');
check('http, ServerAlias', port => $HTTP, tomcat => 'none', scheme => 'http', name => 'a.alias.test');
check('https, ServerAlias', port => $HTTPS, tomcat => 'none', scheme => 'https', tls => 1, name => 'a.alias.test');

# TLS in front: X-Forwarded-*.
for my $tomcat (qw(none recipe valve)) {
    check("behind HAProxy, $tomcat", port => $FORWARDED, tomcat => $tomcat, scheme => 'https', tls => 1, name => "$tomcat.behind.test");
}
check('behind HAProxy, ServerAlias', port => $FORWARDED, tomcat => 'none', scheme => 'https', tls => 1, name => 'b.alias.test');
check('behind HAProxy, another client', port => $FORWARDED, tomcat => 'valve', scheme => 'https', tls => 1, name => 'valve.behind.test', from => $STRANGER);
check('behind two HAProxies', port => $OUTER, tomcat => 'valve', scheme => 'https', tls => 1, name => 'valve.behind.test');
check('behind HAProxy over IPv6', port => $SIX_FRONT, tomcat => 'valve', scheme => 'https', tls => 1, name => 'valve.six.test');
check('past the balancer to a site that declares https', port => $BEHIND_PORT, tomcat => 'valve', scheme => 'https',
    name => 'valve.behind.test', host => 'valve.behind.test', public_port => 443);
check('the address alone is no trust over IPv6', port => $BEHIND_PORT, tomcat => 'valve', scheme => 'https',
    name => 'valve.behind.test', host => 'valve.behind.test', public_port => 443, from => '::1');

# TLS in front: PROXY protocol, both versions; in TCP mode the client's bytes come as they are.
for my $tomcat (qw(none recipe valve)) {
    check("PROXY protocol, $tomcat", port => $V1, tomcat => $tomcat, scheme => 'https', tls => 1, name => "$tomcat.proxied.test");
    check("PROXY protocol version 2, $tomcat", port => $V2, tomcat => $tomcat, scheme => 'https', tls => 1, name => "$tomcat.proxied.test");
}
check('PROXY protocol, from a trusted address', port => $RESTRICTED_FRONT, tomcat => 'valve', scheme => 'https', tls => 1, name => 'valve.proxied.test');

subtest 'a PROXY line from elsewhere names nobody' => sub {
    my $r = exchange("PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\nGET /jira/echo HTTP/1.1\r\nHost: valve.proxied.test\r\nX-Forwarded-For: 7.7.7.7\r\nConnection: close\r\n\r\n",
        port => $RESTRICTED, from => $STRANGER);
    is($r->echo->{remoteAddr}, $STRANGER, 'getRemoteAddr');
    is($r->header('X-Own'), "https $STRANGER valve.proxied.test 443", 'httpd');
};

subtest 'http in front' => sub {
    my %with = (from => $CLIENT, host => "valve.behind.test:$FORWARDED_PLAIN", headers => ['X-Forwarded-Proto: https']);
    my $seen = ask($FORWARDED_PLAIN, '/jira/echo', %with)->echo;
    is("$seen->{scheme} $seen->{remoteAddr}", "http $CLIENT", 'the balancer knows better than ServerName');
    is(ask($FORWARDED_PLAIN, '/jira/proto', %with)->header('X-Rule'), 'http', "an administrator's rule sees what was believed");
    is(ask($FORWARDED_PLAIN, '/jira/proto', %with, port => $BEHIND_PORT)->header('X-Rule'), 'http');
    is(ask($BEHIND_PORT, '/jira/proto', %with)->header('X-Rule'), '', "and never what a client said");
};

subtest 'what a balancer only hands on' => sub {
    my %from = (from => '127.0.0.2', host => 'valve.behind.test');
    my $said = sub { my $e = ask($BEHIND_PORT, '/jira/echo', %from, headers => [@_])->echo; "$e->{remoteAddr} $e->{scheme} $e->{serverName} $e->{serverPort}" };
    is($said->(), '127.0.0.2 https valve.behind.test 443', 'silent: the ServerName counts');
    is($said->("X-Forwarded-For: 6.6.6.6, $CLIENT"), "$CLIENT https valve.behind.test 443", 'the last address not trusted');
    is($said->("X-Forwarded-For: 6.6.6.6, $CLIENT, 127.0.0.3"), "$CLIENT https valve.behind.test 443", 'past another trusted one');
    is($said->('X-Forwarded-For: 2001:db8::9'), '2001:db8::9 https valve.behind.test 443', 'IPv6');
    is($said->('X-Forwarded-Proto: https, http'), '127.0.0.2 http valve.behind.test 80', 'the last scheme');
    is($said->('X-Forwarded-Proto: wss'), '127.0.0.2 https valve.behind.test 443', 'of a WebSocket');
    is($said->('X-Forwarded-Host: b.alias.test'), '127.0.0.2 https b.alias.test 443', 'a name of this site');
    is($said->('X-Forwarded-Host: b.alias.test:8443'), '127.0.0.2 https b.alias.test 8443', 'with a port');
    is($said->('X-Forwarded-Host: evil.test'), '127.0.0.2 https valve.behind.test 443', 'a foreign one');
    is($said->('X-Forwarded-Host: [::1]:3'), '127.0.0.2 https valve.behind.test 443', 'a foreign address');
    is($said->('X-Forwarded-Port: 8443'), '127.0.0.2 https valve.behind.test 8443', 'a port');
    is($said->('X-Forwarded-Port: 99999'), '127.0.0.2 https valve.behind.test 443', 'no port');
    is(ask($BEHIND_PORT, '/jira/echo', %from, headers => ['X-Forwarded-User: fred'])->echo->{header}{'x-forwarded-user'}[0], 'fred',
        'whom an authenticating proxy in front names');
};

subtest "an administrator's own RemoteIPHeader" => sub {
    my %from = (from => '127.0.0.2', headers => ['X-Elsewhere: 10.9.9.9', 'X-Forwarded-For: 10.8.8.8']);
    my $alone = ask($REMOTEIP, '/jira/echo', %from, host => 'alone.test');
    is($alone->header('X-Own'), "http 127.0.0.2 alone.test 80", 'alone it believes nobody any more');
    is($alone->echo->{header}{'x-elsewhere'}, undef, 'and the application cannot either');
    is(ask($REMOTEIP, '/jira/echo', %from, host => 'replaced.test')->echo->{remoteAddr}, '10.8.8.8', 'trusted-proxy= reads X-Forwarded-For');
    my ($exit, undef, $message) = configtest("<VirtualHost *:80>\nServerName a.test\nRemoteIPHeader X-Elsewhere\n"
        . "AtlassianApp jira http://n/ trusted-proxy=127.0.0.2\n</VirtualHost>\n");
    like("$exit $message", qr/^0 .*ATLP0103: .*RemoteIPHeader X-Elsewhere has no effect.*read from X-Forwarded-For/s, 'which is said');
};

subtest 'what a line trusts, no other virtual host does' => sub {
    my $jira = backend_port('jira-http');
    my $say = 'Header always set X-Own "expr=%{REMOTE_ADDR}"';
    my $own = Atl::Server->start(text => sub { return <<"END" });
Listen 127.0.0.1:$_[0]
RemoteIPInternalProxy 127.0.0.4
$say
<VirtualHost *:$_[0]>
    ServerName stock.test
    RemoteIPHeader X-Forwarded-For
    ProxyPass /jira http://127.0.0.1:$jira/jira
</VirtualHost>
<VirtualHost *:$_[0]>
    ServerName line.test
    AtlassianApp jira http://127.0.0.1:$jira/jira trusted-proxy=127.0.0.2
</VirtualHost>
END
    my $believed = sub {
        my ($server, $site) = @_;
        my %with = (host => "$site.test", headers => ['X-Forwarded-For: 10.8.8.8']);
        return join ' ', grep { ask($server->port, '/jira/echo', %with, from => "127.0.0.$_")->header('X-Own') eq '10.8.8.8' } 2 .. 5;
    };
    is($believed->($own, 'stock'), '4', 'those of the main server');
    is($believed->($own, 'line'), '2', 'those of the line');
    # AH10633: a newer mod_remoteip adds the main server's, and says so.
    is_deeply([grep { !/AH10633/ } $own->stop], [], 'nothing in its log');

    my $both = Atl::Server->start(text => sub { return <<"END" });
Listen 127.0.0.1:$_[0]
$say
<VirtualHost *:$_[0]>
    ServerName both.test
    RemoteIPInternalProxy 127.0.0.3
    AtlassianApp jira http://127.0.0.1:$jira/jira trusted-proxy=127.0.0.2
</VirtualHost>
END
    is($believed->($both, 'both'), '2', 'those of the line');
    is(ask($both->port, '/jira/echo', from => '127.0.0.2', host => 'both.test', headers => ['X-Forwarded-For: 10.8.8.8, 127.0.0.3'])->header('X-Own'),
        '10.8.8.8', "which may name those of the virtual host's own");
    is_deeply([$both->stop], [], 'nothing in its log');
};

subtest 'a line of the main server leaves the PROXY protocol of virtual hosts alone' => sub {
    my $jira = backend_port('jira-http');
    my $own = Atl::Server->start(ports => 2, text => sub { return <<"END" });
Listen 127.0.0.1:$_[0]
Listen 127.0.0.1:$_[1]
Header always set X-Own "expr=%{REMOTE_ADDR}"
AtlassianApp jira http://127.0.0.1:$jira/jira trusted-proxy=127.0.0.2
<VirtualHost 127.0.0.1:$_[1]>
    RemoteIPProxyProtocol On
    RemoteIPHeader X-Forwarded-For
    DocumentRoot $ENV{ATL_STAGED}/t/htdocs
</VirtualHost>
END
    my %forwarded = (host => 'x.test', headers => ['X-Forwarded-For: 10.8.8.8']);
    is(ask($own->port(0), '/jira/echo', %forwarded, from => '127.0.0.2')->echo->{header}{'x-forwarded-for'}[0], '10.8.8.8', 'its load balancer is believed');
    is(ask($own->port(0), '/jira/echo', %forwarded, from => '127.0.0.3')->echo->{header}{'x-forwarded-for'}[0], '127.0.0.3', 'and nobody else');
    my $r = exchange("PROXY TCP4 10.7.7.7 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n", port => $own->port(1));
    is($r->header('X-Own'), '10.7.7.7', 'a PROXY line is read');
    is_deeply([$own->stop], [], 'nothing in its log');
};

subtest 'the error page of a request that was not read to its end' => sub {
    for my $host ('alone.test', 'replaced.test') {
        my $r = exchange("GET /jira/x HTTP/1.1\r\nHost: $host\r\n" . join('', map { "$_\r\n" } @LIES) . "Not a header\r\n\r\n",
            port => $REMOTEIP, from => '127.0.0.2');
        is($r->{status} . ' ' . $r->header('X-Seen'), '400 <>', "$host: is not deceived either");
    }
};

subtest 'without a ServerName the request\'s Host is all there is' => sub {
    for my $host ('any.test', 'any.test:8123', '[2001:db8::1]:8443', '[::1]', '10.0.0.9:81') {
        my ($name, $port) = $host =~ /^(.*?)(?::(\d+))?$/;
        my $r = ask($NAMELESS, '/jira/echo', host => $host);
        my $seen = $r->echo;
        is("$seen->{serverName} $seen->{serverPort}", "$name " . ($port // 80), $host);
        is($seen->{header}{'x-forwarded-host'}[0], $host);
        is($seen->{header}{'x-forwarded-port'}[0], $port // 80);
        is(ask($NAMELESS, '/jira/redirect?to=/next', host => $host)->header('Location'), "http://$host/jira/next", 'redirect');
    }
    my $old = exchange("GET /jira/echo HTTP/1.0\r\n\r\n", port => $NAMELESS);
    is($old->{status}, 200, 'HTTP/1.0 without a Host');
};

subtest 'UseCanonicalName On' => sub {
    my $seen = ask($CANONICAL, '/jira/echo', host => "other.test:$CANONICAL")->echo;
    is_deeply([map { $seen->{header}{$_}[0] } qw(host x-forwarded-host x-forwarded-port)],
        ["other.test:$CANONICAL", "canonical.test:$CANONICAL", $CANONICAL], 'the canonical name is told');
    is("$seen->{serverName} $seen->{serverPort}", "canonical.test $CANONICAL", 'a Tomcat that listens believes it');
    is(ask($CANONICAL, "/jira/redirect?location=http://127.0.0.1:@{[backend_port('jira-valve')]}/jira/x", host => "other.test:$CANONICAL")
        ->header('Location'), "http://canonical.test:$CANONICAL/jira/x", 'in redirects too');
    my $old = exchange("GET /jira/echo HTTP/1.0\r\n\r\n", port => $CANONICAL)->echo;
    is($old->{header}{host}[0], "canonical.test:$CANONICAL", 'for a client that names none');
};

# The address as the dump has it, and what is contradictory.
sub dump_of {
    my ($listen, @lines) = @_;
    my ($exit, $out, $err) = configtest("<VirtualHost $listen>\n" . join("\n", @lines, 'AtlassianApp jira http://n/jira') . "\n</VirtualHost>\n",
        '-D', 'DUMP_ATLASSIAN_APPS');
    is($exit, 0) or diag $err;
    return ($out, $err);
}
for my $row (
    ['*:80', ['ServerName a.test'], 'http://a.test', 80, 'http', 'false'],
    ['*:8080', ['ServerName a.test'], 'http://a.test:8080', 8080, 'http', 'false'],
    ['*:443', ['ServerName a.test', @TLS], 'https://a.test', 443, 'https', 'true'],
    ['*:8443', ['ServerName a.test', @TLS], 'https://a.test:8443', 8443, 'https', 'true'],
    ['*:8080', ['ServerName https://a.test'], 'https://a.test', 443, 'https', 'true'],
    ['*:8080', ['ServerName https://a.test:8443'], 'https://a.test:8443', 8443, 'https', 'true'],
    ['*:8443', ['ServerName https://a.test:443', @TLS], 'https://a.test', 443, 'https', 'true'],
    ['*:80 *:8080', ['ServerName a.test:8080'], 'http://a.test:8080', 8080, 'http', 'false'],
    ['[::1]:8080', ['ServerName a.test'], 'http://a.test:8080', 8080, 'http', 'false'],
    ['*:80', ['<IfModule proxy_module>', 'ServerName a.test', '</IfModule>'], 'http://a.test', 80, 'http', 'false'],
) {
    my ($listen, $lines, $url, $port, $scheme, $secure) = @$row;
    subtest "<VirtualHost $listen> @$lines[0]: $url" => sub {
        my ($out, $err) = dump_of($listen, @$lines);
        is($err, "Syntax OK\n", 'nothing to warn of');
        like($out, qr/which people reach as \Q$url\E$/m);
        like($out, qr/proxyName="a\.test" proxyPort="$port"\n.*scheme="$scheme" secure="$secure"/, "the application's half");
    };
}
my ($out, $err) = dump_of('*:8080');
like($out, qr/which people reach as http:\/\/<host>:8080$/m, 'no ServerName');
like($out, qr/^# \(it has no ServerName: <host> stands for.*; write ServerName <host>, or\n# ServerName https:\/\/<host> if TLS ends in front/m,
    'and what to write');

($out, $err) = dump_of('*:80 *:8080', 'ServerName a.test:81');
like($err, qr/ATLP0105: .*ServerName a\.test:81 names port 81, but this virtual host listens on 80/, 'another port');
($out, $err) = dump_of('*:8443', 'ServerName http://a.test', @TLS);
like($err, qr/ATLP0105: .*says http, but this virtual host speaks TLS; write ServerName a\.test/, 'another scheme');
($out, $err) = dump_of('*:80', 'ServerName gopher://a.test');
like($err, qr/ATLP0105: .*a public address begins with http/, 'a scheme that is none');
($out, $err) = configtest("SSLEngine on\nSSLCertificateFile $pem\n<VirtualHost *:8443>\nServerName a.test\nAtlassianApp jira http://n/\n</VirtualHost>\n",
    '-D', 'DUMP_ATLASSIAN_APPS') and ($out, $err) = ($err, $out);
like($out, qr/which people reach as https:\/\/a\.test:8443$/m, 'SSLEngine is inherited from the main server');

subtest 'names are no load balancers' => sub {
    my ($exit, undef, $message) = configtest("AtlassianApp jira http://n/ trusted-proxy=lb.test\n");
    isnt($exit, 0);
    like($message, qr/"lb\.test" is a name; only addresses and networks can be trusted/);
};

$haproxy->stop;
is_deeply([grep { !/AH01630|ATLP0103|ATLP100[1-3]/ } $server->stop], [], 'httpd had nothing else to say');
done_testing;
