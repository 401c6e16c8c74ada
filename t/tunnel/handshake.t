# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# Who may open a WebSocket, and whose answer is believed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tunnel;

start_rogue();
start_httpd();

sub read_line
{
    my ($s) = @_;
    my $line = '';

    $line .= read_exactly($s, 1) while $line !~ /\r\n\z/;
    return substr $line, 0, -2;
}

sub read_chunks
{
    my ($s) = @_;
    my $all = '';

    while (my $len = hex read_line($s)) {
        $all .= read_exactly($s, $len);
        read_line($s);
    }
    return $all;
}

# One request on a connection of its own: (status, head, body).
sub ask
{
    my ($head) = @_;
    my $s = plain_client();

    print {$s} $head;
    $s->flush;
    my ($status, $answer) = read_head($s);
    my ($len) = $answer =~ /^Content-Length: (\d+)/mi;
    my $body = $answer =~ /^Transfer-Encoding: chunked/mi ? read_chunks($s)
        : $len                                            ? read_exactly($s, $len)
        :                                                   '';
    return ($status, $answer, $body);
}

# --- requests that are handshakes, however they are written
for my $case (
    ['as browsers write it', {}],
    ['Connection: keep-alive, Upgrade', {Connection => 'keep-alive, Upgrade'}],
    ['two Connection headers', {Connection => ['keep-alive', 'UPGRADE']}],
    ['Upgrade: WebSocket', {Upgrade => 'WebSocket'}],
    ['several protocols offered', {Upgrade => ['h2c', 'websocket']}],
) {
    my ($name, $with) = @$case;
    my $s = plain_client();

    upgrade($s, '/echo', %$with);
    print {$s} frame("hello from $name");
    $s->flush;
    is((read_frame($s))[1], "hello from $name", "handshake: $name");
}

# --- requests that are none
for my $case (
    ['POST', {METHOD => 'POST', 'Content-Length' => 0}],
    ['HTTP/1.0', {VERSION => 'HTTP/1.0'}],
    ['Upgrade not named by Connection', {Connection => 'keep-alive'}],
    ['Upgrade to something else', {Upgrade => 'h2c'}],
) {
    my ($name, $with) = @$case;
    my ($status, undef, $body) = ask(request_head('/plain', %$with));

    is("$status $body", '200 no upgrade', "plain HTTP, Upgrade dropped: $name");
}
{
    my ($status, $head) = ask(request_head('/echo', 'Sec-WebSocket-Version' => 12));
    is($status, 426, 'version 12: 426');
    like($head, qr/^Sec-WebSocket-Version: 13\r$/m, 'and says which it wants');
    is((ask(request_head('/echo', 'Sec-WebSocket-Version' => undef)))[0], 426, 'no version: 426');
    is((ask(request_head('/echo', 'Sec-WebSocket-Key' => 'short')))[0], 400, 'bad key: 400');
    is((ask(request_head('/echo', 'Sec-WebSocket-Key' => undef)))[0], 400, 'no key: 400');
    is((ask(request_head('/echo', 'Content-Length' => 3) . 'abc'))[0], 400, 'a body: 400');
}

# --- what the backend is told and answers
{
    my $s = plain_client();
    my $head = upgrade($s, '/protocol', 'Sec-WebSocket-Protocol' => 'sync, other',
        'Sec-WebSocket-Extensions' => 'permessage-deflate; client_max_window_bits',
        Origin => 'https://wiki.example.com', Upgrade => 'WEBSOCKET, foo');

    like($head, qr/^Sec-WebSocket-Protocol: sync\r$/m, 'the chosen protocol comes back');
    like($head, qr/^Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r$/m,
        'the extensions come back');
    is((read_frame($s))[1], 'sync, other|permessage-deflate; client_max_window_bits|'
        . 'https://wiki.example.com|websocket|Upgrade', 'the backend got protocol, extensions and Origin unchanged');
}

# --- a 101 that is not the answer
for my $case ('wrong-accept', 'line-and-wrong-accept', 'no-accept', 'no-connection') {
    is((ask(request_head("/$case")))[0], 502, "101 with $case: 502");
}
is((ask(request_head('/other-upgrade')))[0], 502, '101 with another Upgrade: 502');
is(log_count(qr/ATLP0305: the backend's 101/), 5, 'a log line for each');

# --- any other answer is passed on whole
{
    my ($status, $head, $body) = ask(request_head('/forbidden'));
    is($status, 403, '403 stays 403');
    like($head, qr/^X-Rogue: yes\r$/m, 'with its headers');
    like($head, qr{^Content-Type: text/x-rogue\r$}m, 'its type');
    like($head, qr/^Set-Cookie: a=b\r$/m, 'its cookie');
    is($body, "not for you\n", 'and its body');
    ($status, $head, $body) = ask(request_head('/chunked'));
    is($status, 404, '404 stays 404');
    is(length $body, 100_000, 'with its chunked body');
    is((ask(request_head('/silent-end')))[0], 502, 'a backend that hangs up: 502');
}

# --- an interim answer before the 101
{
    my $s = plain_client();
    print {$s} request_head('/interim');
    $s->flush;
    is((read_head($s))[0], 103, '103 is passed on');
    is((read_head($s))[0], 101, 'then the 101');
    print {$s} frame('after interim');
    $s->flush;
    is((read_frame($s))[1], 'after interim', 'and frames pass');
}

# --- mod_proxy forgives an empty line in front of an answer
{
    my $s = plain_client();
    upgrade($s, '/line');
    print {$s} frame('after a line');
    $s->flush;
    is((read_frame($s))[1], 'after a line', 'an empty line before the 101');
}

# --- where the policy says no, nothing here interferes (mod_proxy_http's own ways)
{
    my $s = plain_client();
    upgrade($s, '/not-here/echo');
    $s->close;
}

# --- keep-alive: refused handshakes leave the connections of client and backend usable
{
    my $s = plain_client();
    for (1 .. 20) {
        print {$s} request_head('/forbidden');
        $s->flush;
        my ($status) = read_head($s);
        read_exactly($s, 12);
        is($status, 403, "refusal $_ on one connection") if $_ == 1 || $_ == 20;
    }
    upgrade($s, '/echo');
    print {$s} frame('late');
    $s->flush;
    is((read_frame($s))[1], 'late', 'and then a WebSocket on it');
}

# --- balancer, TLS to the backend
for my $path ('/pool/echo', '/tls/echo') {
    my $s = plain_client();
    upgrade($s, $path);
    print {$s} frame('x' x 70000);
    $s->flush;
    is(length((read_frame($s))[1]), 70000, "through $path");
}

stop_httpd();
is(log_count(qr/WebSocket ended/), 11, 'eleven tunnels were held outside httpd');
is(log_count(qr/ATLP0303/), 0, 'none was left to mod_proxy');
is(join("\n", unused_log_lines(qr/ATLP0305/, qr/AH01102/, qr/AH10404/, qr/AH01106/, qr/AH00898/, qr/ATLP0307/)), '', 'nothing else in the log');
done_testing();
