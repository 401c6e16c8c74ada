# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# Reloads and stops: tunnels outlive their child's notice by the grace, then hear a Close 1001.
use strict;
use warnings;
use FindBin;
use IO::Select;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);
use Tunnel;

my $ended = 0;

sub write_all { my ($s, $data) = @_; print {$s} $data or die "write: $!\n"; $s->flush }

sub echoes
{
    my ($s, $text) = @_;

    return eval { write_all($s, frame($text)); (read_frame($s))[1] eq $text };
}

sub open_some
{
    my ($n) = @_;

    return map { my $s = $_ % 2 ? plain_client() : tls_client(); upgrade($s, '/echo'); $s } 1 .. $n;
}

# How a tunnel ends: "CODE REASON" of the Close, which is answered, then the end of the stream.
sub farewell
{
    my ($s) = @_;

    return eval {
        my ($first, $payload) = read_frame($s);
        my ($code, $reason) = unpack 'na*', $payload;
        eval { write_all($s, frame(pack('n', $code), first => 0x88)) };
        my $rest = read_to_end($s);
        $first == 0x88 && $rest eq '' ? "$code $reason" : "frame $first, then " . length $rest;
    } // "nothing: $@";
}

sub graceful
{
    my $starts = log_count(qr/resuming normal operations/);

    signal_httpd('USR1');
    wait_log(qr/resuming normal operations/, $starts + 1);
}

sub gone { my @pids = @_; wait_for('old children to go', sub { !grep { kill 0, $_ } @pids }) }

start_rogue();

# ------------------------------------------------------------------ graceful restart
# Long enough for all that must happen within it.
start_httpd(ws => 'idle:3600,grace:20');
{
    my @open = open_some(40);
    my $half = plain_client();
    upgrade($half, '/half-frame');
    is(read_exactly($half, 7), "\x82\x0aabcde", 'half a frame is on its way');
    my @old = children();
    my $begun = time;

    graceful();
    is(scalar(grep { echoes($_, 'within the grace') } @open), 40, 'graceful: all 40 live on');
    my $new = plain_client();
    upgrade($new, '/echo');
    ok(echoes($new, 'new child'), 'new ones are held by a new child');
    # All: they leave one after the other, and the half frame's may be the last.
    wait_for('all to hear it', sub { my @told = IO::Select->new(@open)->can_read(0); @told == @open });
    cmp_ok(time - $begun, '>=', 19, 'not before the grace is over');
    # At once: whoever does not end a frame is not waited for for long.
    write_all($half, frame('go on'));
    is(read_exactly($half, 5), 'fghij', 'the frame that was half sent is completed first');
    is(farewell($half), '1001 server restart', 'then 1001, and nothing behind it');
    my @words = map { farewell($_) } @open;
    is(scalar(grep { $_ eq '1001 server restart' } @words), 40, 'each of the others hears 1001') or diag "@words";
    gone(@old);
    pass('the old child is gone');
    ok(echoes($new, 'still here'), 'the new tunnel lives');
    is(log_count(qr/closed by this server: server restart/), 41, '41 lines say so');
    wait_log(qr/ATLP0302/);
    $new->close;
}
stop_httpd();

# ------------------------------------------------------------------ graceful, nobody waits
# A grace that nobody here lives to see the end of.
start_httpd(ws => 'idle:3600,grace:3600');
{
    my @open = open_some(6);
    my @old = children();
    graceful();
    $_->close for @open;
    gone(@old);
    pass('a child without tunnels does not sit its grace out');
}

# ------------------------------------------------------------------ hard restart
{
    my @open = open_some(20);
    my $starts = log_count(qr/resuming normal operations/);
    signal_httpd('HUP');
    my @words = map { farewell($_) } @open;
    is(scalar(grep { $_ eq '1001 server stop' } @words), 20, 'hard restart: 1001 at once') or diag "@words";
    wait_log(qr/resuming normal operations/, $starts + 1);
}

# ------------------------------------------------------------------ stop while old children wait
{
    my @open = open_some(20);
    graceful();
    ok(echoes($open[0], 'before the stop'), 'an old child holds tunnels');
    stop_httpd();
    pass('stop does not wait for the grace');
    is(scalar(grep { farewell($_) eq '1001 server stop' } @open), 20, 'and its tunnels hear 1001');
}

# ------------------------------------------------------------------ graceful stop
start_httpd(ws => 'idle:3600,grace:20', global => 'GracefulShutdownTimeout 300');
{
    my @open = open_some(20);
    my $waits = log_count(qr/ATLP0302/);
    signal_httpd('WINCH');
    wait_log(qr/ATLP0302/, $waits + 1);
    is(scalar(grep { echoes($_, 'still') } @open), 20, 'graceful stop: all live on');
    is(scalar(grep { farewell($_) eq '1001 server restart' } @open), 20, 'then 1001');
    stop_httpd();
}

# ------------------------------------------------------------------ a child that has served enough
my $ten_each = "StartServers 1\nServerLimit 16\nThreadsPerChild 25\n"
    . "MaxRequestWorkers 400\nMinSpareThreads 5\nMaxSpareThreads 400\nMaxConnectionsPerChild 10\n";
start_httpd(ws => 'idle:3600,grace:3600', mpm => $ten_each);
{
    my $waits = log_count(qr/ATLP0302/);
    my @open = open_some(60);
    wait_log(qr/ATLP0302/, $waits + 1);
    is(scalar(grep { echoes($_, 'alive') } @open), 60, 'MaxConnectionsPerChild: all live on');
    stop_httpd();
}
start_httpd(ws => 'idle:3600,grace:3', mpm => $ten_each);
{
    my @open = open_some(20);
    # Which child holds which is the kernel's choice: the first ten that have something to say.
    my $hear = IO::Select->new(@open);
    my @words;
    wait_for('farewells', sub {
        for my $s ($hear->can_read(0.1)) {
            push @words, farewell($s);
            $hear->remove($s);
        }
        @words >= 10;
    });
    is(scalar(grep { $_ eq '1001 server restart' } @words), scalar @words, 'then 1001') or diag "@words";
    stop_httpd();
}

# ------------------------------------------------------------------ MaxSpareThreads
start_httpd(ws => 'idle:3600,grace:3600', mpm => "StartServers 4\nServerLimit 4\nThreadsPerChild 10\n"
    . "MaxRequestWorkers 40\nMinSpareThreads 5\nMaxSpareThreads 15\n");
{
    is(log_count(qr/ATLP0307: MaxSpareThreads 15 is below MaxRequestWorkers 40:/), 1, 'the start-up warning');
    my $waits = log_count(qr/ATLP0302/);
    my @open = open_some(30);
    wait_log(qr/ATLP0302/, $waits + 1);
    is(scalar(grep { echoes($_, 'spare') } @open), 30, 'MaxSpareThreads ends a child: its tunnels live on');
    stop_httpd();
}

is(log_count(qr/exit signal/), 0, 'no crash');
is(log_count(qr/ATLP0303/), 0, 'none was left to mod_proxy');
is(join("\n", unused_log_lines(qr/ATLP0307/)), '', 'nothing else in the log');
done_testing();
