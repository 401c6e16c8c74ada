# Bodies stream in both directions, whatever their size and framing, and HTTP's finer points survive.
use Atl::Test;

use Compress::Raw::Zlib qw(crc32);
use IO::Select;

use Atl::Backends ();
use Atl::Memory;
use Atl::Pattern;
use Atl::Server;

# 2 GiB and a bit: what counts in 31 or 32 bits shows.
my $HUGE  = (2 << 30) + 12_345_678;
my $BOUND = 48 << 20;
my $PIECE = 1 << 20;

sub ask {
    my ($c, $method, $target, @headers) = @_;
    $c->send(join "\r\n", "$method $target HTTP/1.1", 'Host: x', @headers, '', '');
    return $c;
}

sub ask_json {
    return get(streaming => $_[0])->json;
}

# repeated_crc(CRC, LENGTH, TIMES): of so many equal pieces one after the other.
sub repeated_crc {
    my ($crc, $length, $times) = @_;
    my $sum = crc32('');
    $sum = Compress::Raw::Zlib::crc32_combine($sum, $crc, $length) for 1 .. $times;
    return $sum;
}

subtest 'upload of 2 GiB, chunked' => sub {
    my $memory = Atl::Memory->watch;
    my $piece = Atl::Pattern::bytes(0, $PIECE);
    my $chunk = sprintf("%x;name=\"a;b\"\r\n", $PIECE) . "$piece\r\n";
    my $id = unique('huge');
    my $c = ask(raw('streaming', timeout => 120), POST => "/jira/upload?sha256=0&id=$id", 'Transfer-Encoding: chunked');
    my $whole = int $HUGE / $PIECE;
    my $rest = substr $piece, 0, $HUGE % $PIECE;
    for my $n (1 .. $whole) {
        $c->send($chunk);
        next if $n != 8;
        # All that was sent but for what fits into buffers on the way has arrived, and the end is far.
        ok(wait_until(sub { ask_json("/jira/upload/progress?id=$id")->{bytes} >= 7 * $PIECE }), 'it arrives while it is sent');
        is_deeply([$memory->spool_files], [], 'no file holds it');
    }
    $c->send(sprintf("%x\r\n", length $rest) . "$rest\r\n0\r\n\r\n");
    my $told = $c->response->json;
    is($told->{bytes}, $HUGE, 'all of it');
    is($told->{transferEncoding}, 'chunked', 'in the form it was sent');
    is($told->{contentLength}, -1);
    my $crc = Compress::Raw::Zlib::crc32_combine(repeated_crc(crc32($piece), $PIECE, $whole), crc32($rest), length $rest);
    is($told->{crc32}, sprintf('%08x', $crc), 'unchanged');
    cmp_ok($memory->grown, '<', $BOUND, 'in bounded memory');
    is(ask($c, GET => '/jira/download?bytes=1')->response->{status}, 200, 'the connection goes on');
};

for my $query ("bytes=$HUGE", "bytes=$HUGE&chunked=1") {
    subtest "download of 2 GiB, $query" => sub {
        my $memory = Atl::Memory->watch;
        my $period = length Atl::Pattern::block();
        my $pattern = Atl::Pattern::bytes(0, $period + $PIECE);
        my $c = ask(raw('streaming'), GET => "/jira/download?$query");
        my $head = $c->head;
        my $chunked = $query =~ /chunked/;
        is($head->header($chunked ? 'Transfer-Encoding' : 'Content-Length'), $chunked ? 'chunked' : $HUGE);
        my ($at, $good, $looked) = (0, 1, 0);
        my $left = $chunked ? 0 : $HUGE;
        while ($good) {
            if (!$left && $chunked) {
                $left = hex $c->read_until("\r\n") =~ s/\r\n\z//r;
                last if !$left;
            }
            last if !$left;
            my $n = $left < $PIECE ? $left : $PIECE;
            $good = $c->read_exactly($n) eq substr $pattern, $at % $period, $n;
            $at += $n;
            $left -= $n;
            $c->read_exactly(2) if $chunked && !$left;
            is_deeply([$memory->spool_files], [], 'no file holds it') if $at > 64 * $PIECE && !$looked++;
        }
        ok($good, 'every byte is right') or diag "not so up to $at";
        is($at, $HUGE, 'all of it');
        $c->read_exactly(2) if $chunked;
        cmp_ok($memory->grown, '<', $BOUND, 'in bounded memory');
        is(ask($c, GET => '/jira/download?bytes=1')->response->{status}, 200, 'the connection goes on');
    };
}

expect_log(qr/AH02608: read request body failed/, 'a client broke off its upload');
expect_log(qr/AH01097: pass request body failed/, 'the same');
expect_log(qr/AH01110: error reading response/, 'an application broke off its answer');
for my $app (['streaming', '/jira'], ['streaming', '/fisheye'], ['streamingroot', '']) {
    my ($vhost, $context) = @$app;

    subtest "$vhost$context: an upload with a length arrives while it is sent" => sub {
        my $id = unique('length');
        my $sent = Atl::Pattern::bytes(0, 4 * $PIECE);
        my $c = ask(raw($vhost), POST => "$context/upload?id=$id", 'Content-Length: ' . length $sent);
        $c->send(substr $sent, 0, 3 * $PIECE);
        my $progress = sub { get($vhost => "$context/upload/progress?id=$id")->json };
        ok(wait_until(sub { $progress->()->{bytes} >= 2 * $PIECE }), 'most of it is there');
        ok(!$progress->()->{complete}, 'while the rest is here');
        my $told = $c->send(substr $sent, 3 * $PIECE)->response->json;
        is($told->{bytes}, 4 * $PIECE);
        is($told->{contentLength}, 4 * $PIECE);
        is($told->{transferEncoding}, undef, 'not made chunked');
        require Digest::SHA;
        is($told->{sha256}, Digest::SHA::sha256_hex($sent), 'unchanged');
    };

    subtest "$vhost$context: an answer arrives while it is made" => sub {
        my $id = unique('slow');
        my $c = ask(raw($vhost), GET => "$context/slow?id=$id");
        is($c->head->{status}, 200);
        is($c->read_exactly(11), "6\r\nfirst\n\r\n", 'the first piece');
        ok(wait_until(sub { get($vhost => "$context/slow/waiting?id=$id")->json->{waiting} }), 'and no second one yet');
        get($vhost => "$context/slow/release?id=$id");
        is($c->read_until("0\r\n\r\n"), "7\r\nsecond\n\r\n0\r\n\r\n");
    };

    subtest "$vhost$context: Expect: 100-continue" => sub {
        my $gate = unique('continue');
        my $c = ask(raw($vhost), POST => "$context/upload?gate=$gate", 'Content-Length: 3', 'Expect: 100-continue');
        ok(wait_until(sub { get($vhost => "$context/slow/waiting?id=$gate")->json->{waiting} }), 'the application has the head');
        ok(!IO::Select->new($c->socket)->can_read(0), 'nobody invites the body');
        get($vhost => "$context/slow/release?id=$gate");
        is($c->head->{status}, 100, 'until the application reads');
        my $told = $c->send('abc')->response;
        is($told->json->{bytes}, 3);
        is(scalar @{ $told->{interim} }, 0, 'one 100 only');

        my $refused = ask(raw($vhost), POST => "$context/expect?refuse=413", 'Content-Length: 2147483648', 'Expect: 100-continue')->response;
        is("$refused->{status} " . @{ $refused->{interim} }, '413 0', 'refused before a byte of it was sent');
        is($refused->{body}, "refused unread\n");
    };

    subtest "$vhost$context: the other side goes away" => sub {
        my $id = unique('early');
        my $c = ask(raw($vhost), GET => "$context/download?bytes=100000000000&id=$id");
        is($c->head->header('Content-Length'), 100_000_000_000);
        $c->read_exactly(1000);
        $c->close;
        ok(wait_until(sub { get($vhost => "$context/download/progress?id=$id")->json->{failed} }), 'the application learns that the client left');

        $c = ask(raw($vhost), POST => "$context/upload?id=$id", 'Content-Length: 1000000');
        $c->send('x' x 500_000);
        ok(wait_until(sub { get($vhost => "$context/upload/progress?id=$id")->json->{bytes} > 400_000 }));
        $c->close;
        ok(wait_until(sub { get($vhost => "$context/upload/progress?id=$id")->json->{failed} }), 'in the middle of an upload too');
        ok(!get($vhost => "$context/upload/progress?id=$id")->json->{complete}, 'and never takes it for a whole one');

        for my $framing ('', '&chunked=1') {
            $c = ask(raw($vhost), GET => "$context/download?bytes=200000&stop=100000$framing");
            is($c->head->{status}, 200);
            my $got = $c->read_to_end;
            cmp_ok(length $got, '<', 190_000, 'the application broke off: the connection ends');
            unlike($got, qr/\r\n0\r\n(?:\r\n)?\z/, 'and not as if that were all');
        }
    };
}

subtest 'answers without a body, and parts of one' => sub {
    my $c = raw('streaming');
    my $head = ask($c, HEAD => '/jira/download?bytes=5000000000')->response(method => 'HEAD');
    is("$head->{status} " . $head->header('Content-Length'), '200 5000000000', 'HEAD');
    for my $condition ('If-None-Match: "bytes-9"', 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT') {
        my $r = ask($c, GET => '/jira/download?bytes=9', $condition)->response;
        is("$r->{status} " . $r->header('ETag'), '304 "bytes-9"', $condition);
    }
    is(ask($c, GET => '/jira/download?bytes=9', 'If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT')->response->{status}, 200);
    is(ask($c, GET => '/jira/status-code?code=204')->response->{status}, 204);

    my $size = 3 << 30;
    for my $row (
        ['bytes=65500-131071', 65_500, 65_572],
        ['bytes=-500', $size - 500, 500],
        ["bytes=@{[$size - 7]}-", $size - 7, 7],
    ) {
        my ($range, $from, $length) = @$row;
        my $r = ask($c, GET => "/jira/download?bytes=$size", "Range: $range")->response;
        is("$r->{status} " . $r->header('Content-Range'), "206 bytes $from-@{[$from + $length - 1]}/$size", $range);
        ok($r->{body} eq Atl::Pattern::bytes($from, $length), 'that piece');
    }
    my $none = ask($c, GET => '/jira/download?bytes=10', 'Range: bytes=20-30')->response;
    is("$none->{status} " . $none->header('Content-Range'), '416 bytes */10');
    is(ask($c, GET => '/jira/download?bytes=10', 'Range: bytes=2-3', 'If-Range: "bytes-10"')->response->{status}, 206, 'If-Range, same');
    my $whole = ask($c, GET => '/jira/download?bytes=10', 'Range: bytes=2-3', 'If-Range: "other"')->response;
    is("$whole->{status} " . length $whole->{body}, '200 10', 'If-Range, changed');
};

subtest 'trailers: as with stock mod_proxy they end at httpd, and harm nothing' => sub {
    my $c = ask(raw('streaming'), POST => '/jira/echo', 'Transfer-Encoding: chunked', 'Trailer: X-Trailer');
    $c->send("3;ext\r\nabc\r\n0\r\nX-Trailer: late\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
    my $seen = $c->response->echo;
    is($seen->{bodyLength}, 3, 'the body');
    is_deeply($seen->{header}{'x-trailer'}, undef, 'a trailer is no header');
    is_deeply($seen->{trailers}, {}, 'and not sent on');
    is($seen->{header}{'x-forwarded-for'}[0], '127.0.0.1');
    my $r = ask($c, GET => '/jira/download?bytes=5&chunked=1&trailer=end', 'TE: trailers')->response;
    is("$r->{status} " . length $r->{body}, '200 5', 'the answer');
    is_deeply($r->{trailers}, [], 'its trailer is read and dropped');
    is(ask($c, GET => '/jira/download?bytes=1')->response->{status}, 200, 'nobody lost count');
};

subtest 'HTTP/1.0 clients' => sub {
    my $port = vhost_port('streaming');
    for my $host ('', "Host: people.example.test\r\n") {
        my $c = raw('streaming');
        $c->send("GET /jira/echo/a HTTP/1.0\r\n$host\r\n");
        my $r = $c->response;
        is($r->{status}, 200, $host ? 'with Host' : 'without Host');
        is($r->header('Transfer-Encoding'), undef, 'not chunked');
        is($r->echo->{requestURI}, '/jira/echo/a');
        is($r->echo->{header}{host}[0], $host ? 'people.example.test' : "127.0.0.1:$port", 'the application gets one anyway');
        ok($c->closed, 'and the connection ends');
    }
    my $c = raw('streaming');
    $c->send("GET /jira/download?bytes=200000&chunked=1 HTTP/1.0\r\n\r\n");
    my $r = $c->response;
    is($r->header('Transfer-Encoding'), undef, 'what the application sends in chunks is sent without them');
    ok($r->{body} eq Atl::Pattern::bytes(0, 200_000), 'up to the end of the connection');
    $c = raw('streaming');
    for (1 .. 2) {
        $c->send("GET /jira/download?bytes=10 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        $r = $c->response;
        is(lc $r->header('Connection'), 'keep-alive', 'keep-alive');
        is(length $r->{body}, 10);
    }
    $c->send("POST /jira/upload HTTP/1.0\r\nContent-Length: 4\r\n\r\nabcd");
    is($c->response->json->{bytes}, 4);
};

subtest 'one connection after another request' => sub {
    my $c = raw('streaming');
    $c->send(join '', map { "GET /jira/echo/$_ HTTP/1.1\r\nHost: x\r\n\r\n" } 1 .. 3);
    $c->send("POST /jira/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=\"\\\"\"\r\nde\r\n0\r\n\r\n"
        . "HEAD /jira/echo/5 HTTP/1.1\r\nHost: x\r\n\r\nGET /fisheye/echo/6 HTTP/1.1\r\nHost: x\r\n\r\n");
    is_deeply([map { $c->response->echo->{requestURI} } 1 .. 3], [map { "/jira/echo/$_" } 1 .. 3], 'pipelined requests, in order');
    is($c->response->json->{bytes}, 5, 'a body between them, with chunk extensions');
    is($c->response(method => 'HEAD')->{status}, 200);
    is($c->response->echo->{requestURI}, '/fisheye/echo/6');

    my @ports = map { ask($c, GET => '/jira/echo')->response->echo->{remotePort} } 1 .. 5;
    my %different = map { $_ => 1 } @ports;
    cmp_ok(keys %different, '<', 5, 'connections to the application are used again') or diag "@ports";
};

subtest 'large and many headers' => sub {
    my $c = raw('streaming');
    my $seen = ask($c, GET => '/jira/echo', 'X-Large: ' . 'x' x 7000)->response->echo;
    is(length $seen->{header}{'x-large'}[0], 7000, 'a large one to the application');
    $seen = ask($c, GET => '/jira/echo', map { "X-Many-$_: $_" } 1 .. 90)->response->echo;
    is(scalar(grep { /^x-many-/ } keys %{ $seen->{header} }), 90, 'many');
    my $r = ask($c, GET => '/jira/headers?X-Large=' . 'y' x 7000)->response;
    is(length $r->header('X-Large'), 7000, 'a large one from the application');
    $r = ask($c, GET => '/jira/headers?' . join '&', map { "X-$_=$_" } 1 .. 90)->response;
    is(scalar(grep { $_->[0] =~ /^X-\d+$/ } @{ $r->{headers} }), 90, 'many');
    $r = ask($c, GET => '/jira/headers?' . join '&', map { "Set-Cookie=c$_%3D$_" } 1 .. 40)->response;
    is_deeply([$r->values('Set-Cookie')], [map { "c$_=$_" } 1 .. 40], 'each cookie a line of its own, in order');
    is(ask(raw('streaming'), GET => '/jira/echo', 'X-Large: ' . 'x' x 9000)->response->{status}, 400, "beyond httpd's own limit");
};

# No servlet container of the backends sends 103: here, and only here, a socket plays the application.
subtest 'interim answers' => sub {
    my $port = Atl::Backends::free_port();
    my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 5, ReuseAddr => 1) or die "listen: $!\n";
    my $server = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\nAtlassianApp jira http://127.0.0.1:$port/jira\n" });
    my $c = ask(raw($server->port), GET => '/jira/early');
    IO::Select->new($listener)->can_read(30) or die "nobody came\n";
    my $application = Atl::Raw->connect(scalar $listener->accept);
    like($application->read_until("\r\n\r\n"), qr{^GET /jira/early HTTP/1\.1\r\n});
    $application->send("HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n\r\n");
    my $hint = $c->head;
    is("$hint->{status} " . $hint->header('Link'), '103 </x.css>; rel=preload', 'passes at once');
    $application->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
    my $r = $c->response;
    is("$r->{status} $r->{body}", '200 done', 'and the answer after it');
    is_deeply([$server->stop], [], 'the error log is clean');
};

done_testing;
