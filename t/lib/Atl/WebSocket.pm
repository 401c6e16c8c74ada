# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::WebSocket;

# A browser's side of a WebSocket (RFC 6455) over an Atl::Raw connection.
#
#   my $head = Atl::WebSocket::handshake($c, '/synchrony/v1/bayeux-sync1', 'Cookie: a=b');   # status line and headers
#   is(say($c, 'hello'), 'hello');   $c->send(text('/close 1000'));   my ($first, $payload) = frame($c);

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(frame say text);

sub handshake {
    my ($c, $path, @more) = @_;
    $c->send(join "\r\n", "GET $path HTTP/1.1", 'Host: wiki.example.com', 'Upgrade: websocket',
        'Connection: keep-alive, Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Origin: https://wiki.example.com', @more, '', '');
    return $c->head;
}

sub text {
    my ($text) = @_;
    my $len = length $text;
    return chr(0x81) . ($len < 126 ? chr(0x80 | $len) : chr(0xfe) . pack('n', $len)) . "\0\0\0\0$text";
}

# One message, or control frame, unmasked: (first byte, payload). Tomcat sends long messages in fragments.
sub frame {
    my ($c) = @_;
    my ($message, $all);
    while (1) {
        my ($first, $len) = unpack 'CC', $c->read_exactly(2);
        $len = unpack 'n', $c->read_exactly(2) if $len == 126;
        $len = unpack 'Q>', $c->read_exactly(8) if $len == 127;
        $message //= $first;
        $all .= $len ? $c->read_exactly($len) : '';
        return ($message, $all) if $first & 0x80;
    }
}

sub say {
    my ($c, $text) = @_;
    $c->send(text($text));
    return (frame($c))[1];
}

1;
