# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Clients;

# Requests from an address of one's choice, over IPv4 or IPv6, with or without TLS.
#
#   my $r = ask($port, '/jira/echo', from => '127.0.0.9', tls => 1, host => 'wiki.example.test', headers => [...]);
#   my $r = exchange("GET / HTTP/1.0\r\n\r\n", port => $port, from => '::1');       # exact bytes

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::IP;
use IO::Socket::SSL ();

use Atl::Raw ();

our @EXPORT_OK = qw(ask exchange connection);

# connection(port =>, from => ADDRESS, tls => 1, host => SNI, and any option of IO::Socket::SSL).
sub connection {
    my (%option) = @_;
    my $from = $option{from} // '127.0.0.1';
    my $socket = IO::Socket::IP->new(PeerHost => $from =~ /:/ ? '::1' : '127.0.0.1', PeerPort => $option{port},
        LocalHost => $from, Timeout => 60) or die "connect from $from to port $option{port}: $@\n";
    return Atl::Raw->connect($socket) if !$option{tls};
    my ($name) = ($option{host} // '') =~ /^([a-z][\w.-]*)/i;
    IO::Socket::SSL->start_SSL($socket, SSL_verify_mode => IO::Socket::SSL::SSL_VERIFY_NONE(),
        ($name ? (SSL_hostname => $name) : ())) or die "TLS to port $option{port}: $IO::Socket::SSL::SSL_ERROR\n";
    return Atl::Raw->connect($socket);
}

sub exchange {
    my ($bytes, %option) = @_;
    my $connection = connection(%option);
    $connection->send($bytes);
    my $response = $connection->response(method => $option{method} // 'GET') // die "closed without an answer\n";
    $connection->close;
    return $response;
}

sub ask {
    my ($port, $target, %option) = @_;
    my $method = $option{method} // 'GET';
    my @head = ("$method $target HTTP/1.1", "Host: $option{host}", 'Connection: close', @{ $option{headers} // [] });
    return exchange(join("\r\n", @head, '', ''), %option, port => $port);
}

1;
