# Request headers: what is added and how much, what is left alone. Answers: which cookies are mended, and how.
use Atl::Test;

use Atl::Clients qw(ask connection);
use Atl::Haproxy;
use Atl::Server;

# As the load balancer would: an application that sets cookies for addresses only it knows.
my @SYNCHRONY_COOKIES = ('a=1; Path=/synchrony/v1', 'b=2; Path=/synchrony', 'c=3; Path=/', 'd=4; Path=/synchronyx', 'e=5; Domain=127.0.0.1; Path=/synchrony',
    'f=6; Domain=example.test', 'g=7; path=/synchrony/; HttpOnly; SameSite=None');
my $cookies = Atl::Haproxy->start(text => sub {
    my ($port) = @_;
    return "listen synchrony\n    bind 127.0.0.1:$port\n" . join('', map { "    http-response add-header Set-Cookie \"$_\"\n" } @SYNCHRONY_COOKIES)
        . '    server s 127.0.0.1:' . backend_port('synchrony') . "\n";
});

my $server = Atl::Server->start(ports => 1, text => sub {
    my ($listen) = @_;
    my %site = (
        'http://plain.test' => '',
        'https://secure.test' => '',
        'https://off.test' => 'secure-cookies=off',
        'https://behind.test' => 'trusted-proxy=127.0.0.2',
    );
    my ($jira, $wiki, $synchrony) = map { backend_port($_) } qw(jira-http confluence-http synchrony);
    return "Listen 127.0.0.1:$listen\n" . join('', map {
        "<VirtualHost *:$listen>\nServerName $_\nAtlassianApp jira http://127.0.0.1:$jira/jira $site{$_}\n"
            . "AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$synchrony $site{$_}\n</VirtualHost>\n"
    } sort keys %site)
        . "<VirtualHost *:$listen>\nServerName second.test\n"
        . "AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:@{[$cookies->port]}/synchrony-2\n</VirtualHost>\n";
});
my $port = $server->port;

# --------------------------------------------------------------------------- the budget
# Tomcat refuses more than 8192 bytes of request line and headers; httpd takes about that in each line.
my %ADDED = ('x-forwarded-for' => '127.0.0.1', 'x-forwarded-host' => 'secure.test', 'x-forwarded-proto' => 'https', 'x-forwarded-port' => '443');

sub size_of {
    my ($headers) = @_;
    my $size = 0;
    for my $name (keys %$headers) {
        $size += length($name) + length(": \r\n") + length for @{ $headers->{$name} };
    }
    return $size;
}

subtest 'what is added to a request' => sub {
    # Connection is between two neighbours, whoever proxies.
    my ($direct, $proxied) = map {
        my $header = ask($_, '/jira/echo', host => 'secure.test', headers => ['User-Agent: x', 'Accept: */*', 'Cookie: a=b'])->echo->{header};
        delete $header->{connection};
        $header
    } backend_port('jira-http'), $port;
    is_deeply($proxied, { %$direct, map { $_ => [$ADDED{$_}] } keys %ADDED }, 'four headers, nothing else');
    cmp_ok(size_of($proxied) - size_of($direct), '<=', 100 + length 'secure.test', size_of($proxied) - size_of($direct) . ' bytes');
};

subtest 'the longest header block that an application takes' => sub {
    my $budget = 128;
    my $with = sub { ask($_[0], '/jira/echo', host => 'secure.test', headers => ['Cookie: c=' . 'x' x $_[1]]) };
    my $direct = backend_port('jira-http');
    my ($low, $high) = (7000, 8400);    # the longest cookie the container takes by itself
    while ($high - $low > 1) {
        my $middle = int(($low + $high) / 2);
        ($with->($direct, $middle)->{status} == 200 ? $low : $high) = $middle;
    }
    cmp_ok($low, '>', 8000, "the container's limit is where it is said to be ($low)");
    is($with->($port, $low - $budget)->{status}, 200, "$budget bytes less are enough through httpd");
    is($with->($port, $low)->{status}, 400, 'and none less are not');
};

# --------------------------------------------------------------------------- what is left alone
subtest 'authentication and cross-site checks reach the application as sent' => sub {
    my @sent = (['Authorization', 'Basic YWRtaW46c2VzYW1l'], ['Authorization', 'Bearer NjA4=='], ['Authorization', 'Negotiate YIIC'],
        ['Authorization', 'OAuth realm="", oauth_token="x%2Fy"'], ['Cookie', 'JSESSIONID=1; seraph.rememberme.cookie=10001%3Aab; a="q;r"; atl.xsrf.token=B|lin'],
        ['Cookie', 'crowd.token_key=abc/def==; BITBUCKETSESSIONID=2; $Version=1; odd'], ['X-Atlassian-Token', 'no-check'], ['X-Atlassian-Token', 'nocheck'],
        ['Origin', 'https://secure.test'], ['Origin', 'null'], ['Referer', 'https://secure.test/jira/a?b=c#d'], ['Referer', 'http://evil.test/'],
        ['X-Requested-With', 'XMLHttpRequest'], ['X-AUSERNAME', 'x'], ['X-ExperimentalApi', 'opt-in'], ['Accept-Language', 'de, en;q=0.5'],
        ['If-None-Match', '"a"'], ['User-Agent', 'git/2.39'], ['X-Request-Id', '1'], ['Via', '1.1 elsewhere'], ['Remote-User', 'x'], ['DNT', '1']);
    for my $site ('secure.test', 'plain.test', 'behind.test') {
        for my $header (@sent) {
            my ($name, $value) = @$header;
            is_deeply(ask($port, '/jira/echo', host => $site, from => $site eq 'behind.test' ? '127.0.0.2' : '127.0.0.1',
                headers => ["$name: $value"])->echo->{header}{ lc $name }, [$value], "$site: $name: $value");
        }
    }
};

# --------------------------------------------------------------------------- WebSockets
# handshake(HOST, PATH, from =>, headers =>): what the endpoint saw of it, { name in small letters => value }.
sub handshake {
    my ($host, $path, %option) = @_;
    my $c = connection(port => $port, %option);
    $c->send(join "\r\n", "GET $path HTTP/1.1", "Host: $host", 'Connection: keep-alive, Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', "Origin: https://$host", @{ $option{headers} || [] }, '', '');
    my $r = $c->response;
    is($r->{status}, 101, "$host$path") or return {};
    my $order = '/handshake';
    $c->send("\x81" . chr(0x80 | length $order) . "\0" x 4 . $order);
    my ($type, $length) = unpack 'CC', $c->read_exactly(2);
    $length = unpack 'n', $c->read_exactly(2) if $length == 126;
    my (undef, @lines) = split /\n/, $c->read_exactly($length);
    $c->send("\x88\x80\0\0\0\0");
    $c->read_to_end;
    return { map { /^([^:]+): (.*)$/ ? (lc $1 => $2) : () } @lines };
}

subtest 'the scheme of a WebSocket is https or http, never wss' => sub {
    for my $path ('/synchrony/v1/bayeux-sync1', '/wiki/synchrony-proxy/v1/bayeux-sync1') {
        for my $row (['secure.test', 'https', 443], ['plain.test', 'http', 80],
            ['behind.test', 'https', 443, from => '127.0.0.2', headers => ['X-Forwarded-Proto: wss', 'X-Forwarded-For: 10.9.9.9']],
            ['behind.test', 'http', 80, from => '127.0.0.2', headers => ['X-Forwarded-Proto: ws', 'X-Forwarded-For: 10.9.9.9']],
            ['behind.test', 'https', 443, headers => ['X-Forwarded-Proto: ws', 'X-Forwarded-For: 10.9.9.9']],
            ['secure.test', 'https', 443, headers => ['X-Forwarded-Proto: ws', 'X-Real-IP: 6.6.6.6']]) {
            my ($host, $scheme, $number, %option) = @$row;
            my $seen = handshake($host, $path, %option);
            is_deeply({ map { $_ => $seen->{$_} } grep { /^x-|^host$|^origin$/ } keys %$seen }, {
                host => $host, origin => "https://$host", 'x-forwarded-host' => $host, 'x-forwarded-proto' => $scheme,
                'x-forwarded-port' => $number, 'x-forwarded-for' => $option{from} ? '10.9.9.9' : '127.0.0.1',
            }, "$host: $scheme");
        }
    }
};

# --------------------------------------------------------------------------- cookies
# cookies(HOST, [VALUES], OPTIONS): what arrives of the Set-Cookie lines an application sends.
sub cookies {
    my ($host, $values, @option) = @_;
    my $query = join '&', map { my $v = $_; $v =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge; "Set-Cookie=$v" } @$values;
    return [ask($port, "/jira/headers?$query", host => $host, @option)->values('Set-Cookie')];
}

subtest 'Secure' => sub {
    my @forgot = ('a=b', 'a=b; Path=/jira', 'a=b; Path=/secure; HttpOnly', 'secure=secure', 'a=b; SameSite=None', 'a=b; Path=/;HttpOnly',
        'a=b; Domain=secure.test', 'a="secure"; Max-Age=0', 'a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'a=b; x-secure', 'a=b; secured');
    my @did = ('a=b; Secure', 'a=b;secure', 'a=b; SECURE; HttpOnly', 'a=b; Path=/; Secure; SameSite=Lax', "a=b; Secure ", 'a=b;  secure;Path=/');
    is_deeply(cookies('secure.test', [$_]), ["$_; Secure"], "added: $_") for @forgot;
    for my $cookie (@did) {
        (my $same = $cookie) =~ s/ $//;
        is_deeply(cookies('secure.test', [$cookie]), [$same], "not twice: $cookie");
    }
    is_deeply(cookies('secure.test', ['a=b', 'c=d; Secure', 'e=f']), ['a=b; Secure', 'c=d; Secure', 'e=f; Secure'], 'each by itself, in order');
    is_deeply(cookies('plain.test', [$_]), [$_], "http: $_") for @forgot;
    is_deeply(cookies('off.test', [$_]), [$_], "secure-cookies=off: $_") for @forgot;
    is_deeply(cookies('behind.test', ['a=b']), ['a=b; Secure'], 'https declared');
    is_deeply(cookies('behind.test', ['a=b'], from => '127.0.0.2', headers => ['X-Forwarded-Proto: http']), ['a=b'], 'a load balancer says http');
    is_deeply(cookies('behind.test', ['a=b'], headers => ['X-Forwarded-Proto: http']), ['a=b; Secure'], 'a client says so');
    like(ask($port, '/jira/session', host => 'secure.test')->header('Set-Cookie'), qr/^JSESSIONID=\w+; Path=\/jira; HttpOnly; Secure$/, "the container's own session");
};

subtest 'paths and domains that would not work' => sub {
    is_deeply(cookies('plain.test', ['a=b; Path=/jira', 'a=b; Path=/', 'a=b; Path=/other']), ['a=b; Path=/jira', 'a=b; Path=/', 'a=b; Path=/other'],
        'equal paths need no mapping');
    is_deeply(cookies('plain.test', ['a=b; Domain=127.0.0.1', 'a=b; domain=.127.0.0.1; Path=/', 'a=b; Domain=plain.test', 'a=b; Domain=127.0.0.12']),
        ['a=b', 'a=b; Path=/', 'a=b; Domain=plain.test', 'a=b; Domain=127.0.0.12'], "the backend's own domain is dropped, others are not");
    my $r = ask($port, '/synchrony-2/heartbeat', host => 'second.test');
    is($r->{body}, 'OK');
    is_deeply([$r->values('Set-Cookie')], ['a=1; Path=/synchrony-2/v1', 'b=2; Path=/synchrony-2', 'c=3; Path=/', 'd=4; Path=/synchronyx',
        'e=5; Path=/synchrony-2', 'f=6; Domain=example.test', 'g=7; Path=/synchrony-2/; HttpOnly; SameSite=None'], 'the one path that differs');
};

$cookies->stop;
# Larger headers than the application takes, and a cookie without Secure, are told of.
is_deeply([grep { !/ATLP10(?:09|24)/ } $server->stop], [], 'nothing in the log');
done_testing;
