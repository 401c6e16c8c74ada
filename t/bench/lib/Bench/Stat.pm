# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Stat;

# Medians and ratios with their spread.

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(median spread ratios number ratio_text);

sub median {
    my @sorted = sort { $a <=> $b } @_ or die "median of nothing\n";
    my $half = int @sorted / 2;
    return @sorted % 2 ? $sorted[$half] : ($sorted[$half - 1] + $sorted[$half]) / 2;
}

# spread(VALUES): median, least, greatest.
sub spread {
    my @sorted = sort { $a <=> $b } @_;
    return (median(@sorted), $sorted[0], $sorted[-1]);
}

# ratios(VALUES, BASE): round by round, so that what slowed a whole round down cancels out.
sub ratios {
    my ($values, $base) = @_;
    return map { $base->[$_] ? $values->[$_] / $base->[$_] : () } 0 .. ($#$values < $#$base ? $#$values : $#$base);
}

# Three figures that mean something.
sub number {
    my ($value) = @_;
    return '' if !defined $value;
    my $size = abs $value;
    my $text = sprintf $size >= 100 ? '%.0f' : $size >= 10 ? '%.1f' : '%.2f', $value;
    1 while $text =~ s/^(-?\d+)(\d{3})/$1,$2/;
    return $text;
}

# "0.97 (0.95–1.02)"
sub ratio_text {
    my ($values, $base) = @_;
    my @ratios = ratios($values, $base) or return '';
    return sprintf '%.2f (%.2f–%.2f)', spread(@ratios);
}

1;
