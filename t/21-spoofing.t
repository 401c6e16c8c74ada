# What clients send to be taken for somebody else, or the site for another one: the application never sees it.
# The Host is the browser's word and reaches the application; which names are served, virtual hosts decide.
use Atl::Test;

use Atl::Clients 'exchange';
use Atl::Http2;
use Atl::Memory;
use Atl::Server;

my $SITE   = 'site.test';
my $CLIENT = '127.0.0.9';
my $LB     = '127.0.0.2';

my $server = Atl::Server->start(ports => 3, text => sub {
    my ($edge, $behind, $h2) = @_;
    my $line = 'AtlassianApp jira http://127.0.0.1:' . backend_port('jira-http') . '/jira';
    # Trailers do not become headers of their own in stock httpd; the worst an administrator can ask for is that.
    my $rest = "MergeTrailers On\nHeader always set X-Own \"expr=%{REQUEST_SCHEME} %{REMOTE_ADDR} %{SERVER_NAME} %{SERVER_PORT}\"";
    return "LimitRequestFieldSize 8190\n" . join "\n", (map { "Listen 127.0.0.1:$_" } @_),
        # Other names land elsewhere.
        (map { "<VirtualHost *:$_>\nServerName other.test\nRedirect 403 /\n</VirtualHost>" } @_),
        "<VirtualHost *:$edge>\nServerName $SITE\nServerAlias alias.$SITE\n$line\n$rest\n</VirtualHost>",
        "<VirtualHost *:$behind>\nServerName https://$SITE\nServerAlias alias.$SITE\n$line trusted-proxy=$LB,127.0.0.3\n$rest\n</VirtualHost>",
        ($h2 && mpm() ne 'prefork' ? "<VirtualHost *:$h2>\nServerName $SITE\n$line\n$rest\n</VirtualHost>\nProtocols h2c http/1.1" : ()), '';
});
my ($EDGE, $BEHIND, $H2) = map { $server->port($_) } 0 .. 2;

# Each row: name, header lines a client adds, options. What comes of it is what came of a request without them, unless
# status says with what httpd refuses it, or either that versions of httpd differ: it is refused, or nothing comes of it.
# host: the Host lines; target; method; rest: bytes after the head; kept: headers that do come through.
my $long = join ', ', ('6.6.6.6') x 800;
my @ROWS = (
    # by name
    (map { ["$_", ["$_: 6.6.6.6"]] } qw(X-Forwarded-For X-Real-IP X-Client-IP X-Cluster-Client-IP True-Client-IP
        X-Originating-IP X-Remote-IP X-Remote-Addr X-Original-For X-Original-Forwarded-For X-Forwarded)),
    (map { ["$_", ["$_: evil.test"]] } qw(X-Forwarded-Host X-Forwarded-Server X-Original-Host X-Host X-Forwarded-By)),
    (map { ["$_", ["$_: gopher"]] } qw(X-Forwarded-Proto X-Forwarded-Scheme X-Forwarded-Protocol X-Url-Scheme X-Original-Proto)),
    (map { ["$_", ["$_: evil"]] } qw(X-Forwarded-Ssl Front-End-Https X-Proxied-Https)),
    (map { ["$_", ["$_: /evil"]] } qw(X-Forwarded-Prefix X-Forwarded-Path X-Forwarded-Uri X-Forwarded-Context X-Original-URL
        X-Original-URI X-Rewrite-URL X-Rewrite-Anything X-Forwarded-Anything)),
    ['X-Forwarded-Port', ['X-Forwarded-Port: 6666']],
    ['Forwarded', ['Forwarded: for=6.6.6.6;proto=gopher;host=evil.test;by=6.6.6.6']],
    ['Forwarded, quoted IPv6', ['Forwarded: for="[2001:db8::6666]:6666"']],
    # spelling
    ['small letters', ['x-forwarded-for: 6.6.6.6', 'x-forwarded-host: evil.test']],
    ['capital letters', ['X-FORWARDED-FOR: 6.6.6.6', 'FORWARDED: for=6.6.6.6']],
    ['mixed letters', ['x-FoRwArDeD-pRoTo: gopher']],
    ['underscores', ['X_Forwarded_For: 6.6.6.6', 'X_FORWARDED_HOST: evil.test', 'x_real_ip: 6.6.6.6']],
    ['one underscore', ['X-Forwarded_For: 6.6.6.6', 'X_Forwarded-Proto: gopher']],
    ['underscores in a family', ['X_Forwarded_Anything: evil']],
    ['no space', ['X-Forwarded-For:6.6.6.6']],
    ['blanks around', ["X-Forwarded-For: \t 6.6.6.6 \t "]],
    ['empty value', ['X-Forwarded-For:', 'X-Forwarded-Host:', 'X-Forwarded-Proto:', 'X-Forwarded-Port:']],
    ['space before the colon', ['X-Forwarded-For : 6.6.6.6'], { status => 400 }],
    ['tab before the colon', ["X-Forwarded-For\t: 6.6.6.6"], { status => 400 }],
    ['space before the name', [' X-Forwarded-For: 6.6.6.6'], { status => 400 }],
    ['NUL in the name', ["X-Forwarded-For\0: 6.6.6.6"], { status => 400 }],
    ['carriage return in a value', ["X-A: a\rX-Forwarded-For: 6.6.6.6"], { status => 400 }],
    ['line feed alone', ["X-Forwarded-Proto: gopher\nX-Forwarded-For: 6.6.6.6"], { either => 1 }],
    ['NUL in a value', ["X-Forwarded-For: 6.6.6.6\0"], { status => 400 }],
    # repeated
    ['doubled', [('X-Forwarded-For: 6.6.6.6') x 2]],
    ['doubled, apart', ['X-Forwarded-For: 6.6.6.6', 'X-Real-IP: 6.6.6.6', 'x-forwarded-for: 6.6.6.7', 'X-Forwarded-Host: evil.test']],
    ['doubled in two spellings', ['X_Forwarded_For: 6.6.6.6', 'X-Forwarded-For: 6.6.6.6', 'X-FORWARDED_FOR: 6.6.6.6']],
    ['doubled host, scheme and port', [map { ($_) x 2 } 'X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: gopher', 'X-Forwarded-Port: 6666']],
    ['eighty of them', [('X-Forwarded-For: 6.6.6.6') x 80]],
    ['too many', [('X-Forwarded-For: 6.6.6.6') x 120], { status => 400 }],
    ['a long list', ["X-Forwarded-For: $long"]],
    ['too long a list', ["X-Forwarded-For: $long, $long"], { status => 400 }],
    # folded lines (RFC 9112, section 5.2)
    ['folded', ["X-Forwarded-For:\r\n 6.6.6.6"], { either => 1 }],
    ['folded twice', ["X-Forwarded-For: 6.6.6.6,\r\n\t6.6.6.6,\r\n 6.6.6.6"], { either => 1 }],
    ['folded in front of a scheme', ["X-Forwarded-Proto: gopher\r\n https"], { either => 1 }],
    # lists
    ['a list', ['X-Forwarded-For: 6.6.6.6, 6.6.6.7']],
    ['a list that ends open', ['X-Forwarded-For: 6.6.6.6,']],
    ['a list that begins open', ['X-Forwarded-For: ,6.6.6.6']],
    ['commas', ['X-Forwarded-For: ,,,', 'X-Forwarded-Host: ,,', 'X-Forwarded-Proto: ,']],
    ['a list with a trusted address', ["X-Forwarded-For: 6.6.6.6, $LB"]],
    ['trusted addresses only', ["X-Forwarded-For: $LB, 127.0.0.3"]],
    ['lists of schemes and hosts', ['X-Forwarded-Proto: gopher,gopher', 'X-Forwarded-Host: evil.test,evil.test', 'X-Forwarded-Port: 6666,6666']],
    # what could be true
    ['another scheme', ['X-Forwarded-Proto: http']],
    ['TLS', ['X-Forwarded-Proto: https', 'X-Forwarded-Ssl: on', 'Front-End-Https: on', 'X-Url-Scheme: https']],
    ['of a WebSocket', ['X-Forwarded-Proto: ws']],
    ['another port', ['X-Forwarded-Port: 8443']],
    ['another name of the site', ["X-Forwarded-Host: alias.$SITE"]],
    # addresses
    ['with a port', ['X-Forwarded-For: 6.6.6.6:6666']],
    ['in brackets', ['X-Forwarded-For: [2001:db8::6666]', 'X-Real-IP: [2001:db8::6666]:6666']],
    ['IPv6', ['X-Forwarded-For: 2001:db8::6666']],
    ['IPv4 in IPv6', ['X-Forwarded-For: ::ffff:6.6.6.6']],
    ['with a zone', ['X-Forwarded-For: fe80::6666%lo']],
    ['quoted', ['X-Forwarded-For: "6.6.6.6"']],
    ['short, octal and whole-number forms', ['X-Forwarded-For: 6.6', 'X-Forwarded-For: 06.06.06.06', 'X-Forwarded-For: 101058054']],
    ['a name', ['X-Forwarded-For: localhost']],
    ['unknown', ['X-Forwarded-For: unknown, _hidden']],
    ['loopback', ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: ::1']],
    ['not an address', ['X-Forwarded-For: <script>evil</script>']],
    # have the true ones removed
    ['Connection names one', ['Connection: X-Forwarded-For']],
    ['Connection names all', ['Connection: close, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Port']],
    ['Connection in small letters', ['connection: x-forwarded-for,x-forwarded-proto']],
    ['Connection twice', ['Connection: X-Forwarded-For', 'Connection: X-Forwarded-Host']],
    ['Connection names Host', ['Connection: Host']],
    ['Connection names a family', ['Connection: X_Forwarded_For, X-Forwarded-Anything', 'X-Forwarded-Anything: evil']],
    ['Proxy-Connection', ['Proxy-Connection: X-Forwarded-For, X-Forwarded-Proto']],
    ['Keep-Alive and TE', ['TE: trailers', 'Keep-Alive: X-Forwarded-For', 'Connection: TE, Keep-Alive, X-Forwarded-Proto']],
    # the name of the site
    ['two Hosts', [], { host => ["Host: $SITE", 'Host: evil.test'], status => 400 }],
    ['two Hosts, the other order', [], { host => ['Host: evil.test', "Host: $SITE"], status => 400 }],
    ['the same Host twice', [], { host => ["Host: $SITE", "Host: $SITE"], status => 400 }],
    ['a list of Hosts', [], { host => ["Host: $SITE, evil.test"], status => 400 }],
    ['Host with a user', [], { host => ["Host: evil\@$SITE"], status => 400 }],
    ['Host with a path', [], { host => ["Host: $SITE/evil"], status => 400 }],
    ['Host with a blank', [], { host => ["Host: $SITE evil"], status => 400 }],
    ['Host with a port that is none', [], { host => ["Host: $SITE:6666evil"], status => 400 }],
    ['Host with two ports', [], { host => ["Host: $SITE:80:6666"], status => 400 }],
    ['no Host', [], { host => [], status => 400 }],
    ['another Host', [], { host => ['Host: evil.test'], status => 403 }],
    ['absolute target beats Host', [], { target => "http://$SITE/jira/echo", host => ['Host: evil.test'] }],
    ['absolute target of another site', [], { target => 'http://evil.test/jira/echo', status => 403 }],
    ['absolute target with another scheme', [], { target => "https://$SITE/jira/echo", host => ['Host: evil.test'], either => 1 }],
    ['absolute target with a strange scheme', [], { target => "gopher://$SITE/jira/echo", host => ['Host: evil.test'], either => 1 }],
    ['absolute target with a user', [], { target => "http://evil\@$SITE/jira/echo", host => ['Host: evil.test'], either => 1 }],
    ['absolute target and headers', ['X-Forwarded-Host: evil.test', 'X-Forwarded-Proto: gopher'], { target => "http://$SITE/jira/echo" }],
    # trailers
    ['trailers', ['Transfer-Encoding: chunked', 'Trailer: X-Forwarded-For'],
        { method => 'POST', rest => "1\r\na\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n\r\n" }],
    # and with a real one's neighbours
    ['beside headers to keep', ['X-Forwarded-For: 6.6.6.6', 'X-Request-Id: kept', 'X-Real-IP: 6.6.6.6'], { kept => { 'x-request-id' => ['kept'] } }],
);

# Where it is tried: port, from, what the balancer adds after it, what must be said of the client.
my %PLACE = (
    'at the edge' => [$EDGE, $CLIENT, [], 'http', 80],
    'past the balancer' => [$BEHIND, $CLIENT, [], 'https', 443],
    'through the balancer' => [$BEHIND, $LB, ["X-Forwarded-For: $CLIENT", 'X-Forwarded-Proto: https', "X-Forwarded-Host: $SITE", 'X-Forwarded-Port: 443'], 'https', 443],
);

sub attempt {
    my ($place, $lines, $o) = @_;
    my ($port, $from, $added) = @{ $PLACE{$place} };
    my $bytes = join "\r\n", ($o->{method} // 'GET') . ' ' . ($o->{target} // '/jira/echo') . ' HTTP/1.1',
        @{ $o->{host} // ["Host: $SITE"] }, @$lines, @$added, 'Connection: close', '', '';
    return exchange($bytes . ($o->{rest} // ''), port => $port, from => $from);
}

cmp_ok(scalar @ROWS, '>=', 60, @ROWS . ' attempts');
for my $place (sort keys %PLACE) {
    my (undef, undef, undef, $scheme, $port) = @{ $PLACE{$place} };
    my $plain = attempt($place, [], {});
    my $base = $plain->echo->{header};
    is_deeply({ map { $_ => $base->{$_} } grep { /^x-|^host|^forwarded/ } keys %$base }, {
        host => [$SITE], 'x-forwarded-for' => [$CLIENT], 'x-forwarded-host' => [$SITE],
        'x-forwarded-proto' => [$scheme], 'x-forwarded-port' => [$port],
    }, "$place: a client that does not try");
    is($plain->header('X-Own'), "$scheme $CLIENT $SITE $port", "$place: httpd thinks the same");
    for my $row (@ROWS) {
        my ($name, $lines, $o) = @$row;
        subtest "$place: $name" => sub {
            my $r = attempt($place, $lines, $o // {});
            return is($r->{status}, $o->{status}, 'refused') if $o->{status};
            return like($r->{status}, qr/^40[03]$/, 'refused') if $o->{either} && $r->{status} != 200;
            is($r->{status}, 200, 'status') or return diag $r->{body};
            my $seen = $r->echo;
            my %headers = %{ $seen->{header} };
            delete @headers{qw(transfer-encoding content-length content-type)} if $o->{method};
            is_deeply(\%headers, { %$base, %{ $o->{kept} // {} } }, 'all headers the container saw');
            is_deeply($seen->{trailers}, {}, 'and no trailers');
            is($r->header('X-Own'), $plain->header('X-Own'), 'and httpd was not taken in');
        };
    }
}

# HTTP/2: the same, and what its pseudo-headers allow.
my @authority = ([':method', 'GET'], [':scheme', 'http'], [':authority', $SITE]);
my @path = ([':path', '/jira/echo']);
my @H2 = (
    ['a header', [@authority, @path, ['x-forwarded-for', '6.6.6.6'], ['forwarded', 'for=6.6.6.6']]],
    ['a header twice', [@authority, @path, ['x-forwarded-for', '6.6.6.6'], ['x-forwarded-for', '6.6.6.7']]],
    ['underscores', [@authority, @path, ['x_forwarded_host', 'evil.test']]],
    ['host agrees', [@authority, @path, ['host', $SITE]]],
    ['host beside :authority', [@authority, @path, ['host', 'evil.test']], 'any'],
    [':authority beside host', [[':method', 'GET'], [':scheme', 'http'], [':authority', 'evil.test'], @path, ['host', $SITE]], 'any'],
    ['no :authority', [[':method', 'GET'], [':scheme', 'http'], @path, ['host', $SITE]]],
    ['two hosts', [[':method', 'GET'], [':scheme', 'http'], @path, ['host', $SITE], ['host', 'evil.test']], 'any'],
    ['two :authority', [@authority, [':authority', 'evil.test'], @path], 'any'],
    ['another :scheme', [[':method', 'GET'], [':scheme', 'https'], [':authority', $SITE], @path], 'any'],
    ['a strange :scheme', [[':method', 'GET'], [':scheme', 'gopher'], [':authority', $SITE], @path], 'any'],
    [':authority with a user', [[':method', 'GET'], [':scheme', 'http'], [':authority', "evil\@$SITE"], @path], 'any'],
    [':authority with a path', [[':method', 'GET'], [':scheme', 'http'], [':authority', "$SITE/evil"], @path], 'any'],
    [':path with an authority', [@authority, [':path', 'http://evil.test/jira/echo']], 'any'],
    ['an unknown pseudo-header', [@authority, @path, [':x-forwarded-for', '6.6.6.6']], 'any'],
    ['a pseudo-header after headers', [@authority, @path, ['x-a', 'b'], [':authority', 'evil.test']], 'any'],
    ['capital letters', [@authority, @path, ['X-Forwarded-For', '6.6.6.6']], 'any'],
    ['connection', [@authority, @path, ['connection', 'x-forwarded-for']], 'any'],
    ['line end in a value', [@authority, @path, ['x-a', "b\r\nX-Forwarded-For: 6.6.6.6"]], 'any'],
    ['line end in :path', [@authority, [':path', "/jira/echo HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"]], 'any'],
);
if (mpm() ne 'prefork') {
    my $plain = Atl::Http2::request($H2, @authority, @path);
    is($plain->{status}, 200, 'HTTP/2: a client that does not try');
    my $base = $plain->echo->{header};
    is_deeply([map { $base->{$_}[0] } qw(host x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port)],
        [$SITE, '127.0.0.1', $SITE, 'http', 80], 'HTTP/2: what is said of it');
    for my $row (@H2) {
        my ($name, $fields, $status) = @$row;
        subtest "HTTP/2: $name" => sub {
            my $r = Atl::Http2::request($H2, @$fields);
            return ok(defined $r->{refused} || $r->{status} >= 400, 'refused') if $status && ($r->{status} // 0) != 200;
            is($r->{status}, 200, 'status') or return;
            my %headers = %{ $r->echo->{header} };
            is_deeply(\%headers, $base, 'all headers the container saw');
        };
    }
}

subtest 'a Connection header of as many names as fit' => sub {
    my $memory = Atl::Memory->watch($server->pid);
    for my $names (['a'], ['a', 'X-Forwarded-For']) {
        my $list = join ',', ($names->[0]) x 4000, @$names;
        my $r = exchange("GET /jira/echo HTTP/1.1\r\nHost: $SITE\r\nConnection: $list,close\r\n\r\n", port => $EDGE, from => $CLIENT);
        is($r->echo->{header}{'x-forwarded-for'}[0], $CLIENT, 'the true address');
    }
    cmp_ok($memory->grown, '<', 8 << 20, 'costs no more memory than it is long');
};

is_deeply([$server->stop], [], 'and httpd has nothing to complain of');
done_testing;
