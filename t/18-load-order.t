# Where the module stands in the list of modules does not matter; what one server is told stays with it; reloads lose
# no request.
use Atl::Test;

use Atl::Backends ();
use Atl::Server;

my $jira = backend_port('jira-http');
my $confluence = backend_port('confluence-http');
my $docs = "$ENV{ATL_STAGED}/t/htdocs";
my $grant = "DocumentRoot $docs\n<Directory $docs>\nRequire all granted\n</Directory>\n";

sub app {
    my ($product, @more) = @_;
    my ($port, $context) = $product eq 'jira' ? ($jira, '/jira') : ($confluence, '/wiki');
    return join(' ', 'AtlassianApp', $product, "http://127.0.0.1:$port$context", @more) . "\n";
}

my $dump;
for my $order (qw(first middle last)) {
    subtest "loaded $order" => sub {
        my $lines = app('jira', 'compression=on') . app('confluence', 'trusted-proxy=192.0.2.1') . "AtlassianApp bamboo https://10.0.0.5/bamboo\n";
        my $text = "<VirtualHost *:80>\nServerName a.example.test\n$lines</VirtualHost>\n";
        my ($exit, $out, $err) = configtest({ order => $order }, $text);
        is("$exit $err", "0 Syntax OK\n", 'configtest');
        ($exit, $out, $err) = configtest({ order => $order }, $text, '-D', 'DUMP_ATLASSIAN_APPS');
        $out =~ s{\S+/own-[\d-]+\.conf}{FILE}g;
        $dump //= $out;
        like($out, qr/<Proxy .*ProxyPass /s, 'dump');
        is($out, $dump, 'the same dump');

        my $server = Atl::Server->start(order => $order, text => sub { "Listen 127.0.0.1:$_[0]\n" . app('jira', 'compression=on') . app('confluence') });
        my $seen = get($server->port, '/jira//a;x/../b')->echo;
        is($seen->{requestURI}, '/jira/b');
        is($seen->{header}{host}[0], '127.0.0.1:' . $server->port, 'the Host of the browser');
        is(get($server->port, '/wiki/..;/jira/a')->{status}, 400);
        is(get($server->port, '/wiki/a', headers => ['X-Forwarded-For: 6.6.6.6'])->echo->{header}{'x-forwarded-for'}[0], '127.0.0.1');
        is(get($server->port, '/jira/gzip', headers => ['Accept-Encoding: gzip'])->header('Content-Encoding'), 'gzip');
        is(get($server->port, "/jira/redirect?location=http://127.0.0.1:$jira/jira/x")->header('Location'),
            'http://127.0.0.1:' . $server->port . '/jira/x');
        my @log = $server->stop;
        like($log[0], qr/ATLP1003: AtlassianApp jira /, 'that redirect is reported');
        is(scalar @log, 1, 'and nothing else') or diag join "\n", @log;
    };
}

subtest 'modules that are missing' => sub {
    my @basic = qw(unixd authz_core log_config);
    for my $row (
        ['jira', [], 'proxy proxy_http'],
        ['jira', ['proxy'], 'proxy_http'],
        ['jira https://n/jira', [qw(proxy proxy_http)], 'ssl'],
        ['jira trusted-proxy=10.0.0.1', [qw(proxy proxy_http)], 'remoteip'],
        ['jira compression=on', [qw(proxy proxy_http)], 'deflate filter'],
        ['jira https://n/jira compression=on trusted-proxy=10.0.0.1', [], 'proxy proxy_http ssl remoteip deflate filter'],
    ) {
        my ($line, $loaded, $missing) = @$row;
        my ($exit, $out, $err, $file) = configtest({ modules => [@basic, @$loaded] }, "\nAtlassianApp $line\n");
        isnt($exit, 0, "$line with @$loaded");
        my $load = join '; ', map { "LoadModule ${_}_module modules/mod_$_.so" } split / /, $missing;
        like($err, qr/line 2 of \Q$file\E:\nAtlassianApp: needs httpd modules that are not loaded; on Debian or Ubuntu: a2enmod \Q$missing; elsewhere: $load\E$/m);
    }
    my ($exit, $out, $err) = configtest({ modules => [@basic, qw(proxy proxy_http)] }, "AtlassianApp jira\n");
    is("$exit $err", "0 Syntax OK\n", 'mod_proxy and mod_proxy_http are enough');
    ($exit, $out, $err) = configtest({ modules => \@basic }, "ServerSignature Off\n");
    is("$exit $err", "0 Syntax OK\n", 'and without a line none is needed');
};

subtest 'what one server is told stays with it' => sub {
    my $server = Atl::Server->start(ports => 5, text => sub {
        my ($main, $app, $none, $own, $rule) = @_;
        return join '', (map { "Listen 127.0.0.1:$_\n" } @_), $grant, app('jira', 'compression=off timeout=77'),
            "<VirtualHost *:$app>\n", app('confluence', 'trusted-proxy=127.0.0.1'), "</VirtualHost>\n",
            "<VirtualHost *:$none>\n</VirtualHost>\n",
            "<VirtualHost *:$own>\nProxyPass /jira http://127.0.0.1:$jira/jira\nProxyPass /wiki http://127.0.0.1:$confluence/wiki\n</VirtualHost>\n",
            # Not a word of mod_proxy's: httpd lets it share the main server's record.
            "<VirtualHost *:$rule>\nRewriteEngine on\nRewriteRule ^/jira(/.*) http://127.0.0.1:$jira/jira\$1 [P]\n</VirtualHost>\n";
    });
    my @told = (headers => ['Accept-Encoding: gzip', 'X-Forwarded-For: 192.0.2.9', 'X-Forwarded-Proto: https'], host => 'people.example.test');
    my ($main, $app, $none, $own, $rule) = map { $server->port($_) } 0 .. 4;
    is(join(' ', map { get($_, '/jira/echo')->{status} } $main, $app, $none, $own), '200 404 404 200', '/jira: the main server, and the own ProxyPass');
    is(join(' ', map { get($_, '/wiki/echo')->{status} } $main, $app, $none, $own), '404 200 404 200', '/wiki: the virtual host, and the own ProxyPass');
    is(get($_, '/local/file.txt')->{body}, "served by httpd\n", 'others serve their files') for $main, $app, $none;
    is(get($app, '/wiki/echo', @told)->echo->{header}{'x-forwarded-for'}[0], '192.0.2.9', 'the load balancer is believed where it is named');
    is(get($main, '/jira/echo', @told)->echo->{header}{'x-forwarded-for'}[0], '127.0.0.1', 'and not in another server');
    for my $where ([$own, '/jira/echo'], [$own, '/wiki/echo'], [$rule, '/jira/echo']) {
        my ($port, $target) = @$where;
        my $header = get($port, $target, @told)->echo->{header};
        like($header->{host}[0], qr/^127\.0\.0\.1:(?:$jira|$confluence)$/, "$target by the administrator's own " . ($port == $own ? 'ProxyPass' : 'RewriteRule') . ': stock Host');
        is($header->{'accept-encoding'}[0], 'gzip');
        is($header->{'x-forwarded-for'}[0], '192.0.2.9, 127.0.0.1', 'stock X-Forwarded-For');
        ok($header->{'x-forwarded-server'}, 'stock X-Forwarded-Server');
    }
    is_deeply([$server->stop], [], 'the error log is clean');
};

subtest 'one backend, a timeout for each virtual host' => sub {
    my $server = Atl::Server->start(ports => 3, text => sub {
        my ($long, $short, $main) = @_;
        return join '', (map { "Listen 127.0.0.1:$_\n" } @_), app('jira', 'timeout=300'),
            "<VirtualHost *:$long>\n", app('jira', 'timeout=301'), "</VirtualHost>\n<VirtualHost *:$short>\n", app('jira', 'timeout=1'), "</VirtualHost>\n";
    });
    my ($long, $short, $main) = map { $server->port($_) } 0 .. 2;
    my %id = map { $_ => unique('timeout') } $long, $short, $main;
    my %c = map { $_ => raw($_) } $long, $main;
    $c{$_}->send("GET /jira/slow?before=1&id=$id{$_} HTTP/1.1\r\nHost: x\r\n\r\n") for $long, $main;
    ok(wait_until(sub { get($main, "/jira/slow/waiting?id=$id{$_}")->json->{waiting} }), 'waiting') for $long, $main;
    $c{$short} = raw($short)->send("GET /jira/slow?before=1&id=$id{$short} HTTP/1.1\r\nHost: x\r\n\r\n");
    is($c{$short}->response->{status}, 503, 'the short timeout is over');
    ok(!IO::Select->new($c{$_}->socket)->can_read(0), 'the long ones are not') for $long, $main;
    get($main, "/jira/slow/release?id=$_") for values %id;
    is($c{$_}->response->{status}, 200) for $long, $main;
    my @log = $server->stop;
    ok(@log > 0);
    is_deeply([grep { !/AH01102: error reading status line|AH00898: Error reading from remote server|ATLP1017: AtlassianApp jira .* within 1 seconds/ } @log], [], 'nothing else');
};

# reload(SERVER, TEXT, TARGET, STATUS): the configuration of an even or odd round, and until it is in force.
sub reload {
    my ($server, $text, $target, $status) = @_;
    Atl::Backends::spew($server->file, $text);
    $server->signal('USR1');
    return wait_until(sub { get($server->port, $target)->{status} == $status });
}

subtest 'ten reloads under running requests' => sub {
    my $text = sub {
        my ($port, $round) = @_;
        return "Listen 127.0.0.1:$port\n<VirtualHost *:$port>\n" . app('jira', 'timeout=' . (100 + $round), 'max=' . (5 + $round))
            . ($round % 2 ? app('confluence') : '') . "</VirtualHost>\n";
    };
    my $server = Atl::Server->start(text => sub { $text->($_[0], 0) });
    my $port = $server->port;
    my $start = sub {
        my $id = unique('reload');
        my $c = raw($port);
        $c->send("GET /jira/slow?id=$id HTTP/1.1\r\nHost: x\r\n\r\n");
        return [$id, $c] if $c->head->{status} == 200 && $c->read_exactly(11);
    };
    my $upload = unique('reloadup');
    my $up = raw($port);
    $up->send("POST /jira/upload?id=$upload HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" . 'x' x 1_000_000);
    my @running = $start->();
    for my $round (1 .. 10) {
        ok(reload($server, $text->($port, $round), '/wiki/echo', $round % 2 ? 200 : 404), "reload $round is in force");
        push @running, $start->() if $round == 1 || $round == 9;
    }
    my $told = $up->send('y' x 1_000_000)->response;
    is($told->json->{bytes}, 2_000_000, 'the upload of the first configuration ends well');
    for my $request (@running) {
        my ($id, $c) = @$request;
        get($port, "/jira/slow/release?id=$id");
        is($c->read_until("0\r\n\r\n"), "7\r\nsecond\n\r\n0\r\n\r\n", 'and so does each request');
    }
    # An error in a line stops the reload, not the server.
    Atl::Backends::spew($server->file, $text->($port, 1) . "AtlassianApp jria\n");
    my ($exit, $out, $err) = Atl::Server::run_captured("$ENV{ATL_LOGS}/reload", Atl::Httpd::httpd(), '-t', '-f', $server->file =~ s/\.conf$/.main.conf/r);
    isnt($exit, 0, 'configtest stops a mistake');
    like($err, qr/AtlassianApp: unknown product "jria" \(did you mean "jira"\?\)/);
    is(get($port, '/jira/echo')->{status}, 200, 'and the server goes on');
    is_deeply([$server->stop], [], 'the error log is clean');
};

done_testing;
