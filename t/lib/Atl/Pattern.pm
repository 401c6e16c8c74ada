# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Pattern;

# The bytes of the backends' /download, made on this side: a block of 65521 bytes, repeated.

use strict;
use warnings;

my $BLOCK = 65521;
my $block;

sub block {
    if (!defined $block) {
        my $x = 1;
        for (1 .. $BLOCK) {
            $x = ($x * 1103515245 + 12345) & 0x7fffffff;
            $block .= chr(($x >> 16) & 0xff);
        }
    }
    return $block;
}

# bytes(FROM, LENGTH): that piece of the pattern.
sub bytes {
    my ($from, $length) = @_;
    my $offset = $from % $BLOCK;
    my $repeat = int(($offset + $length) / $BLOCK) + 1;
    return substr block() x $repeat, $offset, $length;
}

1;
