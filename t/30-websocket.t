# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# Synchrony's WebSocket in a real servlet container (JSR 356), through AtlassianApp. t/tunnel has the rest:
# rogue peers, ends, reloads, TLS.
use Atl::Test;

use Atl::Log ();
use Atl::Server;
use Atl::StandIn 'request_head';
use Atl::WebSocket qw(frame say text);

my $threads = mpm() ne 'prefork';

sub handshake {
    my ($vhost, @rest) = @_;
    my $c = raw($vhost);
    return ($c, Atl::WebSocket::handshake($c, @rest));
}

my $start = Atl::Log::size();
my %endpoint = ('/synchrony/v1/bayeux-sync1' => 'apps', '/wiki/synchrony-proxy/v1/bayeux-sync1' => 'apps',
    '/synchrony-2/v1/bayeux-sync1' => 'second');

for my $path (sort keys %endpoint) {
    my ($c, $head) = handshake($endpoint{$path}, $path, 'Sec-WebSocket-Protocol: synchrony');
    is($head->{status}, 101, "$path: 101");
    is($head->header('Sec-WebSocket-Protocol'), 'synchrony', 'the protocol that was asked for');
    is(say($c, 'hello'), 'hello', 'echo');
    is(say($c, 'x' x 60000), 'x' x 60000, 'echo of 60,000 bytes');
    like(say($c, '/handshake'), qr{^origin: https://wiki\.example\.com$}mi, 'the Origin arrives');
    $c->send(text('/push 50 from the server'));
    my $pushed = join ' ', map { (frame($c))[1] } 1 .. 50;
    is($pushed, join(' ', map { "$_ from the server" } 1 .. 50), 'fifty messages pushed');
    $c->send(text('/close 1000 done'));
    is_deeply([frame($c)], [0x88, "\x03\xe8done"], "Tomcat's Close");
    $c->send(chr(0x88) . chr(0x82) . "\0\0\0\0\x03\xe8");
    ok($c->closed, 'the end');
}

my $ended = sub { () = Atl::Log::read_from($start) =~ /ATLP0301: WebSocket ended: \S+ \S+bayeux-sync1,/g };
ok(wait_until(sub { $ended->() == ($threads ? 3 : 0) }), $threads ? 'held outside httpd' : 'held by mod_proxy');

# More than worker threads: t/tunnel/fallback.t. The stand-in's heap holds no more than this.
subtest 'some editors, and pages are served' => sub {
    my @open = map { my ($c) = handshake('apps', '/synchrony/v1/bayeux-sync1'); $c } 1 .. ($threads ? 5 : 2);
    is(scalar(grep { say($_, 'here') eq 'here' } @open), scalar @open, 'all answer');
    is(get(apps => '/jira/echo')->{status}, 200, 'a page');
    $_->close for @open;
};

subtest 'what is no handshake' => sub {
    my ($c, $head) = handshake('apps', '/jira/echo');
    is($head->{status}, 200, 'where there is no WebSocket, Upgrade is not heard') if $head;
    my $r = request('apps', GET => '/synchrony/v1/bayeux-sync1',
        headers => ['Upgrade: websocket', 'Sec-WebSocket-Version: 12', "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]);
    ok($r->{status} != 101, 'Connection does not name Upgrade: no 101');
    is(request('apps', POST => '/synchrony/v1/data/x', body => 'a=b')->{status}, 200, 'XHR fallback');
};

# What frames its chunks is more than any head may have.
subtest 'a page in very many pieces, where a 101 was asked for' => sub {
    my $app = Atl::StandIn->listen;
    my $port = $app->port;
    my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    AtlassianApp confluence http://127.0.0.1:$port/wiki synchrony=http://127.0.0.1:$port
</VirtualHost>
END
    my $c = raw($server->port);
    $c->send(join "\r\n", 'GET /synchrony/v1/bayeux-sync1 HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade',
        'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '');
    my $backend = $app->accept;
    request_head($backend);
    $backend->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" . "3\r\nabc\r\n" x 9000 . "0\r\n\r\n");
    my $r = $c->response;
    is($r->{status}, 200, 'the answer');
    is(length $r->{body}, 27_000, '... whole');
    $server->stop;
};

done_testing;
