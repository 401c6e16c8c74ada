# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# What this module cannot carry works all the same: mod_proxy's own tunnel takes it, said once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tunnel;

sub write_all { my ($s, $data) = @_; print {$s} $data or die "write: $!\n"; $s->flush }

sub echoes
{
    my ($s, $text) = @_;

    return eval { write_all($s, frame($text)); (read_frame($s))[1] eq $text };
}

sub try_some
{
    my ($n) = @_;
    my $good = 0;

    for (1 .. $n) {
        my $s = $_ % 2 ? plain_client() : tls_client();
        upgrade($s, '/echo');
        $good++ if echoes($s, "number $_");
        $s->close;
    }
    return $good;
}

start_rogue();

# --- the module after mod_proxy and mod_ssl, and before: both are taken
for my $last (0, 1) {
    my $before = log_count(qr/WebSocket ended/);
    start_httpd(module_last => $last);
    is(try_some(6), 6, $last ? 'loaded last' : 'loaded first');
    wait_log(qr/WebSocket ended/, $before + 6);
    stop_httpd();
    is(log_count(qr/WebSocket ended/) - $before, 6, 'all outside httpd');
}

# --- without mod_ssl, mod_http2 (nothing of libssl in the process)
{
    # --- a connection filter that must see the bytes
    my $before = log_count(qr/WebSocket ended/);
    start_httpd(load => ['dumpio'], global => "DumpIOInput On\nLogLevel dumpio:trace7\n");
    is(try_some(6), 6, 'with mod_dumpio: mod_proxy carries them');
    is(log_count(qr/ATLP0303: .*a connection filter must see its bytes: dumpio_in/), 1, 'one line for all');
    stop_httpd();
    is(log_count(qr/WebSocket ended/) - $before, 0, 'none taken');
}

# --- HTTP/2: extended CONNECT is mod_http2's and mod_proxy's
{
    my $before = log_count(qr/WebSocket ended/);
    start_httpd(global => "H2WebSockets on\n");
    my $line = qx(timeout 300 node @{[root()]}/peer/h2.js https://127.0.0.1:@{[port('tls')]}/echo);
    is($line, "200 hello over h2\n", 'RFC 8441: echo over a stream of HTTP/2');
    is(log_count(qr/ATLP0303: .*it came over HTTP/), 1, 'one line');
    stop_httpd();
    is(log_count(qr/WebSocket ended/) - $before, 0, 'not taken');
}

# --- prefork
{
    local $ENV{ATL_MPM} = 'prefork';
    my $before = log_count(qr/WebSocket ended/);
    start_httpd(mpm => "StartServers 4\nMaxRequestWorkers 20\n");
    is(try_some(6), 6, 'prefork: mod_proxy carries them');
    my $s = plain_client();
    print {$s} request_head('/wrong-accept');
    $s->flush;
    is((read_head($s))[0], 502, 'prefork: a false 101 is refused here too');
    stop_httpd();
    is(log_count(qr/ATLP0306: .*the prefork MPM has no threads/), 1, 'one line, at the start');
    is(log_count(qr/WebSocket ended/) - $before, 0, 'none taken');
}

# --- the cap, from the descriptor limit
{
    my $before = log_count(qr/WebSocket ended/);
    # (300 - 64 - 25 * 6) / 2 = 43 tunnels
    start_httpd(descriptors => 300, mpm => "StartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\n");
    my (@open, @refused);
    for (1 .. 60) {
        my $s = plain_client();
        print {$s} request_head('/echo');
        $s->flush;
        push @{(read_head($s))[0] == 101 ? \@open : \@refused}, $s;
    }
    is(scalar @open, 43, '43 tunnels under a limit of 300 descriptors');
    is(log_count(qr/ATLP0308: each child may have 300 files open, room for 43 WebSockets;/), 1, 'said at the start');
    is(scalar @refused, 17, 'the others get a 503');
    is(log_count(qr/ATLP0304/), 1, 'and one line');
    is(scalar(grep { echoes($_, 'held') } @open), 43, 'those held live');
    $_->close for splice @open, 0, 10;
    wait_log(qr/WebSocket ended/, $before + 10);
    my $s = plain_client();
    upgrade($s, '/echo');
    ok(echoes($s, 'room again'), 'when some have ended there is room again');
    stop_httpd();
}

is(log_count(qr/exit signal/), 0, 'no crash');
is(join("\n", unused_log_lines(qr/ATLP030[34678]/, qr/dumpio:trace/, qr/AH03490|AH10034|AH10159/, qr/ATLP0305|AH01106|AH10404|AH00898/)), '', 'nothing else in the log');
done_testing();
