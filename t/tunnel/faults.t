# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# With sockets that refuse, take one byte, and descriptors that run out: slower, never wrong.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tunnel;

sub write_all { my ($s, $data) = @_; print {$s} $data or die "write: $!\n"; $s->flush }

start_rogue();

sub run_with
{
    my ($faults, @option) = @_;

    $ENV{ATL_FAULTS} = $faults;
    start_httpd(global => 'PassEnv ATL_FAULTS', @option);
}

sub good_ones
{
    my ($path, $n) = @_;
    my $good = 0;

    for my $i (1 .. $n) {
        my $s = $i % 2 ? plain_client() : tls_client();
        $good++ if eval {
            upgrade($s, $path);
            for my $size (0, 10, 1000, 70_000) {
                write_all($s, frame(chr(64 + $i) x $size));
                my (undef, $payload) = read_frame($s);
                die "wrong echo\n" if $payload ne chr(64 + $i) x $size;
            }
            write_all($s, frame("\x03\xe8", first => 0x88));
            (read_frame($s))[0] == 0x88;
        };
        diag $@ if $@;
        $s->close;
    }
    return $good;
}

for my $faults ('EAGAIN=2', 'EAGAIN=3', 'SHORT_WRITE=2', 'SHORT_WRITE=1', 'EAGAIN=5,SHORT_WRITE=3,DELAY=2') {
    my $before = log_count(qr/WebSocket ended/);
    run_with($faults);
    is(good_ones('/echo', 20), 20, "$faults: 20 tunnels, every byte right");
    is(good_ones('/tls/echo', 10), 10, "$faults: the same with TLS behind");
    wait_log(qr/WebSocket ended/, $before + 30);
    stop_httpd();
    is(log_count(qr/WebSocket ended/) - $before, 30, "$faults: all outside httpd");
}
{
    my $before = log_count(qr/WebSocket ended/);
    run_with('DUP=3'); # asked for twice a tunnel: client's, backend's
    is(good_ones('/echo', 20), 20, 'DUP=3: tunnels that cannot be taken are left to mod_proxy');
    stop_httpd();
    my $taken = log_count(qr/WebSocket ended/) - $before;
    cmp_ok($taken, '>', 0, "some were taken ($taken)");
    cmp_ok($taken, '<', 20, 'others not');
    is(log_count(qr/ATLP0303.*could not be taken over/), 1, 'said once');
}
{
    # Each child counts for itself.
    run_with('ACCEPT=2', mpm => "StartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\nMinSpareThreads 1\n");
    my @status = map { my $s = plain_client(); print {$s} request_head('/echo'); $s->flush; (read_head($s))[0] } 1 .. 6;
    is("@status", '101 502 101 502 101 502', 'ACCEPT=2: every second 101 is not believed');
    stop_httpd();
}
is(log_count(qr/exit signal/), 0, 'no crash');
is(join("\n", unused_log_lines(qr/ATLP030[357]/, qr/AH01106|AH10404|AH00898/)), '', 'nothing else in the log');
done_testing();
