# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# How tunnels end: closes, half-closes, resets, silence; and what is written about it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Socket qw(IPPROTO_TCP);
use Test::More;
use Time::HiRes qw(time);
use Tunnel;

start_rogue();
start_httpd();

use constant TCP_CORK => 3; # Linux: hold back what is not a full segment

sub write_all { my ($s, $data) = @_; print {$s} $data or die "write: $!\n"; $s->flush }

my $ended = 0;

sub last_line
{
    wait_log(qr/WebSocket ended/, ++$ended);
    my @lines = log_text() =~ /(WebSocket ended.*)/g;
    return $lines[-1];
}

for my $kind ('plain', 'TLS') {
    my $client = $kind eq 'TLS' ? \&tls_client : \&plain_client;
    my $s;

    # The closing handshake of RFC 6455.
    $s = $client->();
    upgrade($s, '/echo');
    write_all($s, frame("\x03\xe8", first => 0x88));
    is((read_frame($s))[0], 0x88, "$kind: Close is answered");
    is_deeply([read_to_end($s)], ['', 'eof'], "$kind: then the end");
    $s->close;
    like(last_line(), qr{127\.0\.0\.1 /echo, \d+ s, 8 bytes from the client, 4 from the backend, closed by backend: closed},
        "$kind: the last line");

    # The client goes.
    $s = $client->();
    upgrade($s, '/echo');
    $s->close;
    like(last_line(), qr/closed by client: closed/, "$kind: the client closes");

    # The client resets.
    $s = $client->();
    upgrade($s, '/echo');
    reset_socket($s);
    like(last_line(), qr/closed by client: (TLS )?connection broken/, "$kind: the client resets");

    # The backend resets.
    $s = $client->();
    upgrade($s, '/reset');
    write_all($s, frame('now'));
    is((read_to_end($s))[0], '', "$kind: the backend resets: the client's end");
    $s->close;
    like(last_line(), qr/closed by backend: connection broken/, "$kind: and the line says who");

    # Last words: the backend sends a Close and is gone.
    $s = $client->();
    upgrade($s, '/last-words');
    is_deeply([read_frame($s)], [0x88, "\x03\xe8bye"], "$kind: last words arrive");
    is_deeply([read_to_end($s)], ['', 'eof'], "$kind: then the end");
    $s->close;
    like(last_line(), qr/closed by backend: closed/, "$kind: and the line");

    # A reset on one side ends a tunnel whose other side is stalled.
    $s = $client->();
    upgrade($s, '/deaf');
    $s->blocking(0);
    for (1 .. 50) { syswrite $s, 'd' x 16000 or last }
    reset_socket($s);
    like(last_line(), qr/closed by client/, "$kind: reset beside a deaf backend");
}

# Half-close: the client has said all it will, and still hears everything.
{
    my $s = plain_client();
    upgrade($s, '/half-close');
    write_all($s, 'x' x 5000);
    shutdown $s, 1;
    my $all = read_to_end($s);
    is($all, frame('got 5000', mask => '') x 20, 'half-closed client gets all the backend says later');
    $s->close;
    like(last_line(), qr/closed by client: closed/, 'the line');
}

# close_notify in the moment of the 101, or in the segment of the request, where httpd reads it before
# the hand-over: the end must not be forgotten on the way.
for my $case (['TLSv1_2', 1], ['TLSv1_3', 1], ['TLSv1_2', 0], ['TLSv1_3', 0]) {
    my ($version, $wait) = @$case;
    my $bad = 0;
    for (1 .. 20) {
        my $s = tls_client(version => $version);
        if ($wait) {
            upgrade($s, '/echo');
        }
        else {
            setsockopt $s, IPPROTO_TCP, TCP_CORK, 1;
            print {$s} request_head('/echo');
            $s->flush;
        }
        $s->stop_SSL(SSL_fast_shutdown => 1);
        setsockopt $s, IPPROTO_TCP, TCP_CORK, 0;
        my $end = eval { (read_to_end($s))[1] } // 'hang';
        $bad++ if $end eq 'hang';
        CORE::close($s);
        last_line();
    }
    is($bad, 0, "$version: close_notify " . ($wait ? 'right after the 101' : 'with the request')
            . ' ends the tunnel, 20 times');
}

# Silence.
stop_httpd();
start_httpd(ws => 'idle:6,grace:20');
{
    my $begun = time;
    my $s = plain_client();
    upgrade($s, '/echo');
    is_deeply([read_frame($s)], [0x88, pack('n', 1001) . 'idle timeout'], 'idle: Close 1001');
    cmp_ok(time - $begun, '>=', 5, 'not before its time');
    write_all($s, frame(pack('n', 1001), first => 0x88));
    is_deeply([read_to_end($s)], ['', 'eof'], 'the answer passes, then the end');
    like(last_line(), qr/closed by this server: idle timeout/, 'the line');

    # Movement puts it off, for longer than one beside it is let be that does not move.
    $s = plain_client();
    my $still = plain_client();
    upgrade($_, '/echo') for $s, $still;
    my ($moves, $echoes) = (0, 0);
    until (IO::Select->new($still)->can_read(0.2)) {
        write_all($s, frame('still here ' . ++$moves));
        $echoes++ if (read_frame($s))[1] eq "still here $moves";
    }
    is_deeply([read_frame($still)], [0x88, pack('n', 1001) . 'idle timeout'], 'idle beside one that moves');
    write_all($s, frame('and still'));
    is((read_frame($s))[1], 'and still', 'which lives on');
    is($echoes, $moves, "and had each of its $moves echoes");
    $still->close;
    last_line();
    $s->close;
    last_line();

    # In the middle of a frame there is no place for a Close.
    $s = plain_client();
    upgrade($s, '/stuck-frame');
    is(read_exactly($s, 7), "\x82\x0aabcde", 'half a frame');
    is_deeply([read_to_end($s)], ['', 'eof'], 'idle in the middle of a frame: no Close, an end');
    like(last_line(), qr/closed by this server: idle timeout/, 'the line');
}

# Descriptors: as many as before.
sub descriptors { my $n = 0; $n += () = glob "/proc/$_/fd/*" for @_; $n }
{
    my @children = children();
    my $before = descriptors(@children);
    for (1 .. 300) {
        my $s = $_ % 3 ? plain_client() : tls_client();
        upgrade($s, '/echo');
        $_ % 2 ? $s->close : reset_socket($s);
    }
    $ended += 299;
    last_line();
    wait_for('descriptors to be closed', sub { descriptors(@children) <= $before + 3 });
    pass('300 tunnels leave no descriptor behind');
}

stop_httpd();
is(log_count(qr/ATLP0303/), 0, 'none was left to mod_proxy');
is(join("\n", unused_log_lines(qr/ATLP0307/)), '', 'nothing else in the log');
is(log_count(qr/ 101 X$/m, 'access.log'), 0, 'no 101 is logged as aborted');
done_testing();
