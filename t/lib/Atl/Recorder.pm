# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Recorder;

# A stand-in for an application that keeps every byte it receives: no real server tells them. It reads requests as
# RFC 9112 has them framed, and answers each.
#
#   my $recorder = Atl::Recorder->start;      # ->port
#   my $mark = $recorder->mark;
#   ... requests ...
#   $recorder->since($mark)                   # all bytes since then, connection by connection
#
# The last word of a path asks for something else than 200: /fake-101, /bare-101, /websocket, /forbidden.

use strict;
use warnings;

use Digest::SHA 'sha1_base64';
use File::Path 'make_path';
use IO::Socket::INET;
use POSIX ();

use Atl::Backends ();

my $count = 0;
my %running;

sub start {
    my ($class) = @_;
    my $dir = "$ENV{ATL_LOGS}/recorder-$$-" . ++$count;
    make_path($dir);
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => Atl::Backends::free_port(), Listen => 64, ReuseAddr => 1)
        or die "recorder: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';    # the test's harness waits for whoever holds its own
        setpgrp;
        local $SIG{CHLD} = 'IGNORE';
        accept_all($listen, $dir);
    }
    my $self = bless { dir => $dir, pid => $pid, port => $listen->sockport }, $class;
    $running{$pid} = $$;
    return $self;
}

sub accept_all {
    my ($listen, $dir) = @_;
    for (my $n = 1; ; $n++) {
        my $connection = $listen->accept or next;
        next if fork;
        close $listen;
        open my $record, '>', sprintf('%s/%06d', $dir, $n) or POSIX::_exit(1);
        $record->autoflush(1);
        eval { serve($connection, $record) };
        POSIX::_exit(0);
    }
}

sub port {
    return $_[0]{port};
}

sub sizes {
    my ($self) = @_;
    return { map { $_ => -s } glob "$self->{dir}/*" };
}

sub mark {
    my ($self) = @_;
    return sizes($self);
}

sub since {
    my ($self, $mark) = @_;
    return join '', map { substr Atl::Backends::slurp($_) // '', $mark->{$_} // 0 } sort keys %{ sizes($self) };
}

# take(FROM, RECORD, BUFFER, PATTERN or LENGTH): waits for so much, and takes it off the buffer.
sub take {
    my ($connection, $record, $buffer, $what) = @_;
    while (ref $what ? $$buffer !~ $what : length $$buffer < $what) {
        my $n = sysread $connection, $$buffer, 65536, length $$buffer;
        return undef if !$n;
        print {$record} substr $$buffer, -$n;
    }
    return substr $$buffer, 0, ref $what ? $+[0] : $what, '' if !ref $what;
    $$buffer =~ $what;
    return substr $$buffer, 0, $+[0], '';
}

sub serve {
    my ($connection, $record) = @_;
    my $buffer = '';
    while (defined(my $head = take($connection, $record, \$buffer, qr/\r\n\r\n/))) {
        syswrite $connection, "HTTP/1.1 100 Continue\r\n\r\n" if $head =~ /^Expect: *100-continue/mi;
        if ($head =~ /^Transfer-Encoding:.*chunked/mi) {
            1 while (take($connection, $record, \$buffer, qr/\r\n/) // return) =~ /^([0-9a-f]+)/i && hex $1
                && defined take($connection, $record, \$buffer, hex($1) + 2);
            1 while (take($connection, $record, \$buffer, qr/\r\n/) // return) ne "\r\n";
        }
        elsif ($head =~ /^Content-Length:\s*(\d+)/mi) {
            take($connection, $record, \$buffer, $1) // return;
        }
        my ($word) = $head =~ m{^\S+ \S*/([\w-]+)};
        syswrite $connection, answer($word // '', $head);
        next if $word !~ /^(?:fake-101|bare-101|websocket)$/;
        # From here on these are a tunnel's bytes, if there is one.
        1 while defined take($connection, $record, \$buffer, length($buffer) + 1);
        return;
    }
    return;
}

sub answer {
    my ($word, $head) = @_;
    my ($key) = $head =~ /^Sec-WebSocket-Key: (\S+)/mi;
    my $switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    return "${switch}Sec-WebSocket-Accept: " . sha1_base64("${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11") . "=\r\n\r\n" if $word eq 'websocket';
    return "${switch}Sec-WebSocket-Accept: no\r\n\r\n" if $word eq 'fake-101';
    return "$switch\r\n" if $word eq 'bare-101';
    return "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n" if $word eq 'forbidden';
    return sprintf "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", length $word, $word;
}

END {
    local $?;
    kill 'TERM', -$_, $_ for grep { $running{$_} == $$ } keys %running;
}

1;
