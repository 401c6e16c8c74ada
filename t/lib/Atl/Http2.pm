# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Http2;

# One HTTP/2 request with exactly the header fields it is given, pseudo-headers included, in their order
# (RFC 9113; fields as literals without indexing, RFC 7541 section 6.2.2).
#
#   my $r = Atl::Http2::request($port, [':method', 'GET'], [':path', '/'], ...);
#   $r->{status}   the answer's code; undef when the stream was refused, with the error code in {refused}
#   $r->{body}

use strict;
use warnings;

use Atl::Raw ();

my ($DATA, $HEADERS, $RST_STREAM, $SETTINGS, $GOAWAY) = (0, 1, 3, 4, 7);
my ($END_STREAM, $ACK, $END_HEADERS, $PADDED) = (1, 1, 4, 8);
# The static table's rows of :status.
my %STATUS = (8 => 200, 9 => 204, 10 => 206, 11 => 304, 12 => 400, 13 => 404, 14 => 500);

sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}

sub number {
    my ($value, $bits) = @_;
    my $most = 2**$bits - 1;
    return chr $value if $value < $most;
    my $bytes = chr $most;
    for ($value -= $most; $value >= 128; $value >>= 7) {
        $bytes .= chr($value & 127 | 128);
    }
    return $bytes . chr $value;
}

sub literal {
    return map { number(length, 7) . $_ } @_;
}

sub header_block {
    return join '', map { "\0" . join '', literal(@$_) } @_;
}

# The first field of an answer is :status: from the static table, or by its name there with a value.
sub status_of {
    my ($block) = @_;
    my $first = ord $block;
    # A change of the table's size may come before.
    ($block = substr $block, 1, length $block) and $first = ord $block while ($first & 0xe0) == 0x20;
    return $STATUS{ $first & 127 } if $first & 128;
    my $length = ord substr $block, 1, 1;
    my $text = substr $block, 2, $length & 127;
    return $length & 128 ? unhuffman_digits($text) : $text;
}

# Digits in HPACK's Huffman code (RFC 7541, appendix B): 0 to 2 have five bits, 3 to 9 six.
sub unhuffman_digits {
    my ($bytes) = @_;
    my $bits = unpack 'B*', $bytes;
    my %code = (map({ sprintf('%05b', $_) => $_ } 0 .. 2), map { sprintf('%06b', 0x19 + $_ - 3) => $_ } 3 .. 9);
    my $digits = '';
    while (length $digits < 3) {
        my ($found) = grep { defined $code{ substr $bits, 0, $_ } } 5, 6 or return undef;
        $digits .= $code{ substr $bits, 0, $found, '' };
    }
    return $digits;
}

sub request {
    my ($port, @fields) = @_;
    my $connection = Atl::Raw->connect($port);
    $connection->send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame($SETTINGS, 0, 0, '')
        . frame($HEADERS, $END_STREAM | $END_HEADERS, 1, header_block(@fields)));
    my %answer = (body => '');
    while (1) {
        my $head = eval { $connection->read_exactly(9) } // last;
        my ($high, $low, $type, $flags, $stream) = unpack 'CnCCN', $head;
        my $payload = $connection->read_exactly($high << 16 | $low);
        $connection->send(frame($SETTINGS, $ACK, 0, '')) if $type == $SETTINGS && !($flags & $ACK);
        $answer{status} //= status_of($payload) if $type == $HEADERS;
        $answer{body} .= $flags & $PADDED ? substr($payload, 1, -ord $payload) : $payload if $type == $DATA;
        $answer{refused} = unpack 'N', $payload if $type == $RST_STREAM;
        $answer{refused} = unpack 'x4N', $payload if $type == $GOAWAY;
        last if defined $answer{refused} || $stream == 1 && $flags & $END_STREAM && ($type == $DATA || $type == $HEADERS);
    }
    $connection->close;
    return bless \%answer, 'Atl::Raw::Response';
}

1;
