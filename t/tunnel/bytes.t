# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# Not a byte is lost, altered or held back; nobody waits for somebody else's slow peer.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep);
use Tunnel;

start_rogue();
start_httpd();

sub write_all { my ($s, $data) = @_; print {$s} $data or die "write: $!\n"; $s->flush }

sub digest { require Digest::SHA; Digest::SHA::sha1_hex($_[0]) }

for my $kind ('plain', 'TLS') {
    my $client = $kind eq 'TLS' ? \&tls_client : \&plain_client;

    for my $backend ('', '/tls') {
        my $to = "$kind client, " . ($backend ? 'TLS' : 'plain') . ' backend';

        {   # the first frame glued to the backend's 101
            my $s = $client->();
            upgrade($s, "$backend/glued");
            is((read_frame($s))[1], 'glued', "$to: frame in the segment of the 101");
            $s = $client->();
            upgrade($s, "$backend/glued-much");
            is(length((read_frame($s))[1]), 300_000, "$to: 300 kB right behind the 101");
        }
        {   # the client does not wait for the 101
            for my $size (10, 6000, 20_000, 60_000) {
                my $s = $client->();
                write_all($s, request_head("$backend/echo") . frame('p' x $size));
                is((read_head($s))[0], 101, "$to: 101 for a client that is ahead");
                is(length((read_frame($s))[1]), $size, "$to: and its $size bytes");
            }
        }
        {   # every byte in a segment of its own
            my $s = $client->();
            for my $byte (split //, request_head("$backend/bytewise") . frame('single')) {
                write_all($s, $byte);
                sleep 0.0005;
            }
            is((read_head($s))[0], 101, "$to: byte by byte: 101");
            is((read_frame($s))[1], 'bytewise', "$to: the backend's bytes");
            is((read_frame($s))[1], 'single', "$to: the client's");
        }
        {   # violations are the endpoints' business: bytes pass as they are
            my $s = $client->();
            upgrade($s, "$backend/mirror");
            my $odd = frame('unmasked', mask => '') . frame('reserved', first => 0xf3)
                . frame('long ping' x 30, first => 0x89) . "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00" x 50;
            write_all($s, $odd);
            is(read_exactly($s, length $odd), $odd, "$to: violations pass unchanged");
        }
        {   # 16 MiB of noise each way
            my $s = $client->();
            upgrade($s, "$backend/mirror");
            open my $urandom, '<:raw', '/dev/urandom' or die $!;
            read $urandom, my $noise, 16 << 20;
            my $pid = fork();
            if (!$pid) {
                write_all($s, $noise);
                POSIX::_exit(0);
            }
            # TLS state cannot be shared by two processes: there the parent reads only.
            my $back = read_exactly($s, length $noise);
            waitpid $pid, 0;
            is(digest($back), digest($noise), "$to: 16 MiB come back the same");
            $kind eq 'TLS' ? $s->close(SSL_no_shutdown => 1) : $s->close;
        }
    }

    {   # a peer that does not read holds up nobody, and gets everything in the end
        my @slow = map { my $s = $client->(); upgrade($s, '/flood'); $s } 1 .. 4;
        my $s = $client->();
        upgrade($s, '/echo');
        for (1 .. 100) {
            write_all($s, frame("beside $_"));
            my (undef, $payload) = read_frame($s);
            die "wrong echo\n" if $payload ne "beside $_";
        }
        pass("$kind: 100 echoes beside four stalled readers");
        for my $n (0 .. 3) {
            my $good = 0;
            for my $i (0 .. 99) {
                my (undef, $payload) = read_frame($slow[$n]);
                $good++ if $payload eq chr(65 + $i % 26) x 1_000_000;
            }
            is($good, 100, "$kind: stalled reader $n got its 100 MB");
        }
    }
    {   # back-pressure the other way: what a deaf backend leaves unread stays at the client
        my $s = $client->();
        upgrade($s, '/slow');
        my $sent = frame('s' x 8_000_000);
        my $pid = fork();
        if (!$pid) {
            write_all($s, $sent);
            POSIX::_exit(0);
        }
        is(digest(read_exactly($s, length $sent)), digest($sent),
            "$kind: 8 MB through a backend that sleeps first");
        waitpid $pid, 0;
        $kind eq 'TLS' ? $s->close(SSL_no_shutdown => 1) : $s->close;
    }
}

# Buffers are bounded: what is on the way through a child is a few sockets' worth.
sub rss { my $sum = 0; for my $pid (@_) { open my $f, '<', "/proc/$pid/status" or next; /^VmRSS:\s+(\d+)/ and $sum += $1 while <$f> } $sum }
{
    my @children = children();
    my $before = rss(@children);
    my @deaf;
    for (1 .. 20) {
        my $s = plain_client();
        upgrade($s, '/deaf');
        $s->blocking(0);
        my $wrote = 1;
        while ($wrote) { # until kernel and tunnel take no more
            $wrote = 0;
            for (1 .. 5) {
                my $n = syswrite $s, 'd' x 1_000_000;
                $wrote += $n if $n;
                sleep 0.02 if !$n;
            }
        }
        push @deaf, $s;
    }
    cmp_ok(rss(@children) - $before, '<', 20 * 256, '20 stalled writers: less than 256 KiB each');
}

stop_httpd();
is(log_count(qr/ATLP0303/), 0, 'none was left to mod_proxy');
is(join("\n", unused_log_lines(qr/ATLP0307/)), '', 'nothing else in the log');
done_testing();
