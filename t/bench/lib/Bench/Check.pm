# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Check;

# Does a peer do the whole job, before what it costs is measured? (Every answer's status, length and bytes are
# compared by the clients, the number of requests that reach the backend by Bench::Round.)

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::SSL;

use Bench::Run ();

my $HOST = 'wiki.example.test:8443';

# fetch(PORT, HOW, PATH): the whole answer.
sub fetch {
    my ($port, $how, $path) = @_;
    my $socket = $how eq 'tls'
        ? IO::Socket::SSL->new(PeerAddr => '127.0.0.1', PeerPort => $port, SSL_verify_mode => SSL_VERIFY_NONE)
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
    die "port $port does not take connections\n" if !$socket;
    print {$socket} "GET $path HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\n\r\n";
    local $/;
    return scalar readline $socket;
}

# headers(PEER, HOW, CONTEXT): what the application needs to know must have reached it.
sub headers {
    my ($peer, $how, $context) = @_;
    my ($head, $body) = split /\r\n\r\n/, fetch($peer->port($how), $how, "$context/head"), 2;
    die $peer->title . ": $head\n" if $head !~ m{^HTTP/1\.1 200 };
    my $scheme = $how eq 'tls' ? 'https' : 'http';
    my %wanted = ('X-Forwarded-For' => qr/127\.0\.0\.1/);
    # The vendor's recipe for httpd leaves these to the application's configuration.
    %wanted = (%wanted, Host => qr/\Q$HOST\E|localhost/, 'X-Forwarded-Proto' => qr/^$scheme$/) if $peer->{kind} ne 'recipe';
    for my $name (sort keys %wanted) {
        my ($value) = $body =~ /^\Q$name\E: *(.*?)\r?$/mi;
        die $peer->title . ": $name should reach the application, got " . ($value // 'none') . "\n"
            if ($value // '') !~ $wanted{$name};
    }
    return;
}

1;
