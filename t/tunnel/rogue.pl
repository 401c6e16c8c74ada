# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# A backend that does on purpose what a well-behaved one never does: no real server can be made to.
# The last part of the path says what. Usage: rogue.pl PORT [KEY-PAIR]
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha1_base64);
use IO::Socket::INET;
use IO::Socket::SSL;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep);
use Tunnel qw(frame read_frame read_some reset_socket);

my ($port, $pair) = @ARGV;
my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port", Listen => 1024, ReuseAddr => 1)
    or die "port $port: $!\n";

setpgrp; # its connections' processes end with it
open STDOUT, '>', '/dev/null'; # prove waits for whoever holds the test's
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

sub accept_for { return sha1_base64("$_[0]258EAFA5-E914-47DA-95CA-C5AB0DC85B11") . '=' }

sub say_to { my ($s, $data) = @_; print {$s} $data; $s->flush }

# 101 with what the test wants different.
sub switch
{
    my ($key, %with) = @_;
    my %h = (Upgrade => 'websocket', Connection => 'Upgrade',
        'Sec-WebSocket-Accept' => accept_for($key), %with);

    return "HTTP/1.1 101 Switching Protocols\r\n"
        . join('', map { "$_: $h{$_}\r\n" } grep { defined $h{$_} } sort keys %h) . "\r\n";
}

# Raw bytes back as they came: an echo that keeps masks and violations.
sub mirror
{
    my ($s) = @_;

    while (defined(my $some = Tunnel::read_some($s, 65536, 600))) {
        last if $some eq '';
        say_to($s, $some);
    }
}

sub echo
{
    my ($s) = @_;

    while (1) {
        my ($first, $payload) = read_frame($s);
        say_to($s, frame($payload, first => $first, mask => ''));
        last if ($first & 15) == 8;
    }
}

my %rogue = (
    'echo' => sub { my ($s, $key) = @_; say_to($s, switch($key)); echo($s) },
    'mirror' => sub { my ($s, $key) = @_; say_to($s, switch($key)); mirror($s) },
    'line' => sub { my ($s, $key) = @_; say_to($s, "\r\n" . switch($key)); echo($s) },
    # The first frame in the segment of the 101.
    'glued' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key) . frame('glued', mask => ''));
        echo($s);
    },
    'glued-much' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key) . frame('x' x 300_000, mask => ''));
        echo($s);
    },
    'bytewise' => sub {
        my ($s, $key) = @_;
        for my $byte (split //, switch($key) . frame('bytewise', mask => '')) {
            say_to($s, $byte);
            sleep 0.001;
        }
        echo($s);
    },
    'interim' => sub {
        my ($s, $key) = @_;
        say_to($s, "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" . switch($key));
        echo($s);
    },
    'protocol' => sub {
        my ($s, $key, $head) = @_;
        my ($offer) = $head =~ /^Sec-WebSocket-Protocol: (.*)\r$/mi;
        my ($extension) = $head =~ /^Sec-WebSocket-Extensions: (.*)\r$/mi;
        my ($origin) = $head =~ /^Origin: (.*)\r$/mi;
        my ($upgrade) = $head =~ /^Upgrade: (.*)\r$/mi;
        my ($connection) = $head =~ /^Connection: (.*)\r$/mi;
        say_to($s, switch($key, 'Sec-WebSocket-Protocol' => (split /, */, $offer)[0],
            'Sec-WebSocket-Extensions' => $extension));
        say_to($s, frame(join('|', $offer, $extension, $origin, $upgrade, $connection), mask => ''));
        echo($s);
    },
    # Answers that are no WebSocket, or a false one.
    'wrong-accept' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key, 'Sec-WebSocket-Accept' => accept_for('AAAAAAAAAAAAAAAAAAAAAA==')));
    },
    'line-and-wrong-accept' => sub {
        my ($s, $key) = @_;
        say_to($s, "\r\n" . switch($key, 'Sec-WebSocket-Accept' => accept_for('AAAAAAAAAAAAAAAAAAAAAA==')));
    },
    'no-accept' => sub { my ($s, $key) = @_; say_to($s, switch($key, 'Sec-WebSocket-Accept' => undef)) },
    'no-connection' => sub { my ($s, $key) = @_; say_to($s, switch($key, Connection => undef)) },
    'other-upgrade' => sub { my ($s, $key) = @_; say_to($s, switch($key, Upgrade => 'h2c')) },
    'forbidden' => sub {
        my ($s) = @_;
        say_to($s, "HTTP/1.1 403 No Way\r\nX-Rogue: yes\r\nContent-Type: text/x-rogue\r\n"
            . "Set-Cookie: a=b\r\nContent-Length: 12\r\n\r\nnot for you\n");
        return 'again'; # the connection lives on
    },
    'chunked' => sub {
        my ($s) = @_;
        say_to($s, "HTTP/1.1 404 Not Found\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
        say_to($s, sprintf("%x\r\n%s\r\n", 1000, 'c' x 1000)) for 1 .. 100;
        say_to($s, "0\r\n\r\n");
    },
    'plain' => sub {
        my ($s, $key, $head) = @_;
        my $body = $head =~ /^Upgrade:/mi ? 'upgrade seen' : 'no upgrade';
        say_to($s, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
    },
    'silent-end' => sub { },
    # Ends.
    'reset' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key));
        read_frame($s);
        reset_socket($s);
    },
    'last-words' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key) . frame("\x03\xe8bye", first => 0x88, mask => ''));
        $s->close;
    },
    'half-close' => sub {
        my ($s, $key) = @_;
        my $got = 0;
        say_to($s, switch($key));
        while (defined(my $some = Tunnel::read_some($s, 65536))) {
            last if $some eq '';
            $got += length $some;
        }
        say_to($s, frame("got $got", mask => '')), sleep 0.05 for 1 .. 20;
        $s->close;
    },
    'deaf' => sub { my ($s, $key) = @_; say_to($s, switch($key)); sleep 600 },
    'flood' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key));
        say_to($s, frame(chr(65 + $_ % 26) x 1_000_000, mask => '')) for 0 .. 99;
        mirror($s);
    },
    'half-frame' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key) . "\x82\x0aabcde");
        read_frame($s); # the test says when
        say_to($s, 'fghij' . frame('behind', mask => ''));
        eval { echo($s) };
    },
    'stuck-frame' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key) . "\x82\x0aabcde");
        eval { echo($s) };
    },
    'slow' => sub {
        my ($s, $key) = @_;
        say_to($s, switch($key));
        sleep 2;
        mirror($s);
    },
);

sub serve
{
    my ($s) = @_;

    if ($pair) {
        IO::Socket::SSL->start_SSL($s, SSL_server => 1, SSL_cert_file => "$pair.crt",
            SSL_key_file => "$pair.key") or return;
    }
    while (1) {
        my $head = '';
        while ($head !~ /\r\n\r\n\z/) {
            my $some = Tunnel::read_some($s, 1, 60);
            return if !defined $some || $some eq '';
            $head .= $some;
        }
        my ($path) = $head =~ m{^\w+ \S*?([\w-]+)(?:\?\S*)? HTTP} or return;
        my ($key) = $head =~ /^Sec-WebSocket-Key: (.*)\r$/mi;
        my $do = $rogue{$path}
            or return say_to($s, "HTTP/1.1 500 ?\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return if ($do->($s, $key // '', $head) // '') ne 'again';
    }
}

while (1) {
    my $s = $listen->accept or next;
    next if fork();
    CORE::close($listen);
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    eval { serve($s) };
    CORE::close($s);
    POSIX::_exit(0);
}
