# The backends, through stock mod_proxy and directly: they answer, and play each product as its vendor describes it.
use Atl::Test;

use Atl::Pattern;

# One row a product: path, product, context, scheme and host that its container announces.
my @products = (
    ['/jira',      'jira'],
    ['/wiki',      'confluence'],
    ['/bitbucket', 'bitbucket'],
    ['/bamboo',    'bamboo'],
    ['/crowd',     'crowd'],
    ['/fisheye',   'fisheye'],
);
for my $row (@products) {
    my ($context, $product) = @$row;
    subtest "$product answers at $context" => sub {
        my $r = get(stockproxy => "$context/echo/x?a=b%20c", headers => ['X-Two: 1', 'X-Two: 2']);
        is($r->{status}, 200);
        my $seen = $r->echo;
        is($seen->{product}, $product);
        is($seen->{contextPath}, $context);
        is($seen->{requestURI}, "$context/echo/x");
        is($seen->{queryString}, 'a=b%20c');
        is("$seen->{scheme} $seen->{serverName} $seen->{serverPort}", "https $product.example.test 443");
        ok($seen->{secure});
        is_deeply($seen->{header}{'x-two'}, ['1, 2'], 'httpd joins what it got twice');
        is($seen->{header}{'x-forwarded-for'}[0], '127.0.0.1', 'it came through mod_proxy');

        my $bare = get(backend_port("$product-http"), "$context/echo", host => 'intern:1234')->echo;
        is("$bare->{scheme} $bare->{serverName} $bare->{serverPort}", 'http intern 1234', 'nothing announced');
        my $plain = get(backend_port("$product-plain"), "$context/echo", host => 'intern:1234')->echo;
        is("$plain->{scheme} $plain->{serverName} $plain->{serverPort}", "http $product.example.test 80");
        is(get(stockproxy => "$context/redirect?to=/next")->header('Location'),
            "https://$product.example.test$context/next");
    };
}

# State => code of the status resource, by product. Fisheye has none.
my %codes = (
    jira       => { STARTING => 200, FIRST_RUN => 200, RUNNING => 200, MAINTENANCE => 503, ERROR => 500 },
    bitbucket  => { STARTING => 503, FIRST_RUN => 200, RUNNING => 200, MAINTENANCE => 200, ERROR => 500 },
    bamboo     => { RUNNING => 200, PAUSED => 200 },
    crowd      => { RUNNING => 200 },
    confluence => { RUNNING => 200 },
);
for my $row (@products) {
    my ($context, $product) = @$row;
    my $path = $context . ($product eq 'bamboo' ? '/rest/api/latest/status' : '/status');
    for my $state (sort keys %{ $codes{$product} // {} }) {
        is(get(stockproxy => "$context/control?state=$state")->{status}, 200);
        my $r = get(stockproxy => $path);
        is("$r->{status} " . $r->json->{state}, "$codes{$product}{$state} $state", "$product $state");
    }
    get(stockproxy => "$context/control?reset=1");
}
is(get(stockproxy => '/fisheye/status')->{status}, 404, 'Fisheye has no status');
is(get(stockproxy => '/bamboo/status')->{status}, 404, 'Bamboo has none there');
is(get(stockproxy => '/jira/rest/api/2/serverInfo')->json->{baseUrl}, 'https://jira.example.test/jira');
like(get(stockproxy => '/wiki/rest/applinks/1.0/manifest')->{body},
    qr{<typeId>confluence</typeId>.*<url>https://confluence\.example\.test/wiki</url>});

subtest 'context path "" and a container that announces nothing' => sub {
    my $seen = get(stockroot => '/a//b;p=1/c')->echo;
    is($seen->{contextPath}, '');
    is($seen->{scheme}, 'http');
    is($seen->{serverName}, '127.0.0.1');
};

subtest 'Synchrony and its fallbacks' => sub {
    is(get(stockproxy => '/synchrony/heartbeat')->{body}, 'OK');
    is(get(stockproxy => '/wiki/synchrony-proxy/healthcheck')->{body}, 'OK');
    like(request(stockproxy => POST => '/synchrony/v1/bayeux-sync1', body => 'poll')->{body},
        qr{^xhr synchrony POST /synchrony/v1/bayeux-sync1 upgrade=null\npoll$});
    for my $path ('/synchrony/v1/bayeux-sync1', '/wiki/synchrony-proxy/v1/bayeux-sync1') {
        my $c = raw('stockproxy');
        $c->send("GET $path HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            . "Sec-WebSocket-Protocol: nonsense, bayeux\r\n\r\n");
        my $r = $c->response;
        is("$r->{status} " . ($r->header('Sec-WebSocket-Accept') // ''), '101 s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', $path);
        is($r->header('Sec-WebSocket-Protocol'), 'bayeux');
        # "hello" masked with a key of zeros, and the echo of it; then a close frame both ways.
        $c->send("\x81\x85\0\0\0\0hello");
        is($c->read_exactly(7), "\x81\x05hello");
        $c->send("\x82\x83\0\0\0\0abc");
        is($c->read_exactly(5), "\x82\x03abc", 'binary');
        $c->send("\x81\x8c\0\0\0\0/push 2 tick");
        is($c->read_exactly(16), "\x81\x061 tick\x81\x062 tick", 'messages of the server');
        $c->send("\x81\x91\0\0\0\0/close 4001 enough");
        $c->send("\x88\x80\0\0\0\0");
        like($c->read_to_end, qr/^\x88.\x0f\xa1enoug/s, 'closed by the server');
    }
};

subtest 'bodies, both ways' => sub {
    my $sent = Atl::Pattern::bytes(0, 300_000);
    my $c = raw('stockproxy');
    $c->send("POST /jira/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n", length $sent) . $sent . "\r\n0\r\n\r\n");
    my $r = $c->response;
    is($r->json->{bytes}, 300_000);
    require Digest::SHA;
    is($r->json->{sha256}, Digest::SHA::sha256_hex($sent));
    for my $query ('bytes=300000', 'bytes=300000&chunked=1') {
        $c->send("GET /jira/download?$query HTTP/1.1\r\nHost: x\r\n\r\n");
        ok($c->response->{body} eq $sent, $query);
    }
    $c->send("GET /jira/download?bytes=300000 HTTP/1.1\r\nHost: x\r\nRange: bytes=65500-131071\r\n\r\n");
    my $part = $c->response;
    is("$part->{status} " . $part->header('Content-Range'), '206 bytes 65500-131071/300000');
    ok($part->{body} eq Atl::Pattern::bytes(65500, 65572), 'the piece asked for');
    $c->send("GET /jira/download?bytes=9 HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"bytes-9\"\r\n\r\n");
    is($c->response->{status}, 304);
    $c->send("HEAD /jira/download?bytes=5000000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    is($c->response(method => 'HEAD')->header('Content-Length'), 5_000_000_000);
};

subtest 'trailers and 100-continue, at the containers themselves' => sub {
    my $c = raw(backend_port('jira'));
    $c->send("POST /jira/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n"
        . "3\r\nabc\r\n0\r\nX-Trailer: late\r\n\r\n");
    # Tomcat 9 before 9.0.44 or so hands their names out in lower case.
    my $trailers = $c->response->echo->{trailers};
    is($trailers->{'X-Trailer'} // $trailers->{'x-trailer'}, 'late');
    $c->send("GET /jira/download?bytes=5&chunked=1&trailer=end HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n\r\n");
    is_deeply($c->response->{trailers}, [['X-Trailer', 'end']]);

    for my $backend (['jira', '/jira'], ['fisheye', '/fisheye']) {
        my ($name, $context) = @$backend;
        my $gate = unique('continue');
        my $held = raw(backend_port($name));
        my $post = "POST $context/upload?gate=$gate HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n";
        $held->send("${post}Expect: 100-continue\r\n\r\n");
        ok(wait_until(sub { get(backend_port($name), "$context/slow/waiting?id=$gate")->json->{waiting} }));
        ok(!IO::Select->new($held->socket)->can_read(0), "$name says nothing before it reads");
        get(backend_port($name), "$context/slow/release?id=$gate");
        is($held->head->{status}, 100);
        is($held->send('abc')->response->json->{bytes}, 3);
        my $refused = raw(backend_port($name));
        $refused->send("POST $context/expect?refuse=413 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
            . "Expect: 100-continue\r\n\r\n");
        my $r = $refused->response;
        is("$r->{status} " . @{ $r->{interim} }, '413 0', "$name refuses unread");
    }
};

subtest 'an answer that waits for an event' => sub {
    my $id = unique('slow');
    my $c = raw('stockproxy');
    $c->send("GET /jira/slow?id=$id HTTP/1.1\r\nHost: x\r\n\r\n");
    is($c->head->{status}, 200);
    is($c->read_exactly(11), "6\r\nfirst\n\r\n");
    ok(wait_until(sub { get(stockproxy => "/jira/slow/waiting?id=$id")->json->{waiting} }));
    get(stockproxy => "/jira/slow/release?id=$id");
    is($c->read_until("0\r\n\r\n"), "7\r\nsecond\n\r\n0\r\n\r\n");
};

subtest 'git through the proxy' => sub {
    local @ENV{qw(GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT)} = ('/dev/null', 1, 0);
    my $copy = "$ENV{ATL_LOGS}/clone";
    my $url = 'http://127.0.0.1:' . vhost_port('stockproxy') . '/bitbucket/scm/proj/repo.git';
    is(system('git', 'clone', '-q', $url, $copy), 0, 'clone');
    my $branch = unique('harness');
    is(system('git', '-C', $copy, 'push', '-q', 'origin', "HEAD:$branch"), 0, 'push');
    like(scalar qx{git ls-remote $url}, qr{refs/heads/$branch}, 'it is there');
};

done_testing;
