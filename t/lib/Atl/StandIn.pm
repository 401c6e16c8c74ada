# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::StandIn;

# A stand-in for an application, played by the test itself byte by byte: no real server can be made to misbehave
# just so. It does nothing unless told, so that nothing depends on time.
#
#   my $app = Atl::StandIn->listen;             # $app->port
#   my $connection = $app->accept;              # an Atl::Raw: the next connection from httpd
#   my $head = request_head($connection);       # what httpd asks
#   $connection->send("HTTP/1.1 200 OK\r\n");
#   ended($connection);                         # true once httpd has closed it

use strict;
use warnings;

use Errno 'ECONNRESET';
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_LINGER TCP_NODELAY);

use Atl::Backends ();
use Atl::Raw ();

our @EXPORT_OK = qw(request_head answer ended reset_connection);

my $SECONDS = 120;

# listen([PORT]): a free one, or again that of one that was closed.
sub listen {
    my ($class, $port) = @_;
    $port //= Atl::Backends::free_port();
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128, ReuseAddr => 1)
        or die "port $port: $!\n";
    return bless { port => $port, socket => $socket }, $class;
}

sub port { return $_[0]{port} }

sub close { return close $_[0]{socket} }

sub accept {
    my ($self) = @_;
    IO::Select->new($self->{socket})->can_read($SECONDS) or die "httpd did not connect within $SECONDS s\n";
    my $socket = $self->{socket}->accept or die "accept: $!\n";
    setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
    return Atl::Raw->connect($socket, timeout => $SECONDS);
}

# request_head(CONNECTION): the request line and headers.
sub request_head {
    my ($connection) = @_;
    return $connection->read_until("\r\n\r\n") // die "httpd closed without a request\n";
}

# answer(BODY, HEADERS...): a complete answer.
sub answer {
    my ($body, @headers) = @_;
    return join "\r\n", 'HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Content-Length: ' . length $body, @headers, '', $body;
}

# ended(CONNECTION): httpd has closed its side, or broken off.
sub ended {
    my ($connection) = @_;
    my $end = time + $SECONDS;
    while (IO::Select->new($connection->socket)->can_read($end - time)) {
        my $n = sysread $connection->socket, my $piece, 65536;
        return $n ? 0 : 1 if defined $n;
        return 1 if $! == ECONNRESET;
    }
    return 0;
}

# reset_connection(CONNECTION): with RST, as of a process that died with bytes unread.
sub reset_connection {
    my ($connection) = @_;
    setsockopt $connection->socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    return $connection->close;
}

1;
