# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Svg;

# Pictures for the report: readable in light and in dark, by eye and by a screen reader.

use strict;
use warnings;

use POSIX ();

use Bench::Stat qw(number);

my ($WIDTH, $HEIGHT) = (760, 400);
my ($LEFT, $RIGHT, $TOP, $BOTTOM) = (70, 170, 50, 55);

# Light, dark, dashes: no series is told from another by colour alone.
my %INK = (
    module  => ['#0550ae', '#79c0ff', ''],
    cached  => ['#9a6700', '#e3b341', '1 3'],
    modern  => ['#a40e26', '#ff7b72', '7 3'],
    recipe  => ['#6e7781', '#a7b1bb', '2 3'],
    nginx   => ['#116329', '#56d364', '10 3 2 3'],
    haproxy => ['#6639ba', '#d2a8ff', '4 2'],
);

sub escape {
    my ($text) = @_;
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $text =~ s/>/&gt;/g;
    return $text;
}

sub text_at {
    my ($x, $y, $text, $more) = @_;
    return sprintf qq{<text x="%.1f" y="%.1f"%s>%s</text>\n}, $x, $y, $more ? " $more" : '', escape($text);
}

# frame(NAME, TITLE, DESCRIPTION, HEIGHT, CONTENT)
sub frame {
    my ($name, $title, $description, $height, $content) = @_;
    my ($light, $dark) = ('', '');
    for my $kind (sort keys %INK) {
        my ($on_light, $on_dark, $dashes) = @{ $INK{$kind} };
        $light .= ".$kind\{color:$on_light}" . ($dashes ? ".line.$kind\{stroke-dasharray:$dashes}" : '') . "\n";
        $dark  .= ".$kind\{color:$on_dark}";
    }
    return qq{<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $WIDTH $height" role="img" }
        . qq{aria-labelledby="$name-title $name-desc">\n<title id="$name-title">} . escape($title) . "</title>\n"
        . qq{<desc id="$name-desc">} . escape($description) . "</desc>\n"
        . "<style>\ntext{font:13px sans-serif;fill:#1f2328}.title{font-size:16px;font-weight:bold}.ground{fill:#fff}\n"
        . ".grid{stroke:#d0d7de;fill:none}.line{stroke:currentColor;stroke-width:2;fill:none}\n"
        . ".fill{fill:currentColor}.pale{fill:currentColor;fill-opacity:.4}\n"
        . ".own{fill:currentColor;stroke:#fff;stroke-width:4;paint-order:stroke}\n$light"
        . "\@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.grid{stroke:#3d444d}.own{stroke:#0d1117}\n$dark}\n"
        . qq{</style>\n<rect class="ground" width="$WIDTH" height="$height"/>\n}
        . text_at(14, 26, $title, 'class="title"') . "$content</svg>\n";
}

sub log10 { return log($_[0]) / log 10 }

# Labels at the right end, pushed apart where they would cover each other.
sub labels {
    my ($x, @labels) = @_;
    my $last = 0;
    my $out = '';
    for (sort { $a->[0] <=> $b->[0] } @labels) {
        my ($y, $kind, $text) = @$_;
        $y = $last + 16 if $y < $last + 16;
        $last = $y;
        $out .= text_at($x + 10, $y + 4, $text, qq{class="own $kind"});
    }
    return $out;
}

# lines(name =>, title =>, description =>, x => [LABEL, VALUES...], y => LABEL, series => [[KIND, TITLE, { X => Y }, STALL], ...])
# Y is logarithmic, X has one step for each value. STALL: where the series ended with a stall.
sub lines {
    my (%is) = @_;
    my ($x_label, @xs) = @{ $is{x} };
    my @ys = map { values %{ $_->[2] } } @{ $is{series} };
    my ($low, $high) = (sort { $a <=> $b } @ys)[0, -1];
    ($low, $high) = (POSIX::floor(log10($low) * 3) / 3, POSIX::ceil(log10($high) * 3) / 3 + 0.05);
    my ($right, $bottom) = ($WIDTH - $RIGHT, $HEIGHT - $BOTTOM);
    my $to_y = sub { $bottom - (log10($_[0]) - $low) / ($high - $low) * ($bottom - $TOP) };
    my %at = map { $xs[$_] => $LEFT + 15 + $_ * ($right - $LEFT - 15) / ($#xs || 1) } 0 .. $#xs;
    my $out = '';
    for my $tick (grep { log10($_) >= $low - 0.01 && log10($_) <= $high } map { my $e = 10**$_; ($e, 2 * $e, 5 * $e) } -3 .. 7) {
        my $y = $to_y->($tick);
        $out .= sprintf qq{<path class="grid" d="M%d %.1fH%d"/>\n}, $LEFT, $y, $right;
        my $said = $tick < 1 ? $tick : number($tick) =~ s/\.0+$//r;
        $out .= text_at($LEFT - 8, $y + 4, $said, 'text-anchor="end"');
    }
    $out .= text_at($at{$_}, $bottom + 20, number($_) =~ s/\.0+$//r, 'text-anchor="middle"') for @xs;
    $out .= text_at(($LEFT + $right) / 2, $HEIGHT - 10, $x_label, 'text-anchor="middle"')
        . text_at(0, 0, $is{y}, qq{text-anchor="middle" transform="translate(16 @{[($TOP + $bottom) / 2]}) rotate(-90)"});
    my @labels;
    for (@{ $is{series} }) {
        my ($kind, $title, $points, $stall) = @$_;
        my @have = grep { defined $points->{$_} } @xs;
        my @where = map { sprintf '%.1f %.1f', $at{$_}, $to_y->($points->{$_}) } @have;
        $out .= qq{<path class="line $kind" d="M} . join('L', @where) . qq{"/>\n};
        $out .= join '', map { my ($x, $y) = split / /; qq{<circle class="fill $kind" cx="$x" cy="$y" r="3"/>\n} } @where;
        my $y = $to_y->($points->{ $have[-1] });
        if (defined $stall) {
            # A cross, right of the last point, where nothing was answered any more.
            my $x = $at{ $have[-1] } + 22;
            $out .= sprintf qq{<path class="line $kind" style="stroke-dasharray:none" d="M%.1f %.1fl12 12m0 -12l-12 12"/>\n},
                $x - 6, $y - 6;
            push @labels, [$y, $kind, "$title stalls at $stall", $x];
            next;
        }
        push @labels, [$y, $kind, $title, $right];
    }
    for my $x (do { my %seen; grep { !$seen{$_}++ } map { $_->[3] } @labels }) {
        $out .= labels($x, grep { $_->[3] == $x } @labels);
    }
    return frame(@is{qw(name title description)}, $HEIGHT, $out);
}

# bars(name =>, title =>, description =>, unit =>, groups => [[TITLE, [KIND, TITLE, DARK VALUE, PALE VALUE], ...], ...],
#      legend => [DARK, PALE])
sub bars {
    my (%is) = @_;
    my ($most) = sort { $b <=> $a } map { my (undef, @rows) = @$_; map { $_->[2] + $_->[3] } @rows } @{ $is{groups} };
    my $left = 190;
    my $scale = ($WIDTH - $left - 80) / ($most || 1);
    my $out = qq{<rect class="fill recipe" x="$left" y="40" width="12" height="12"/>} . text_at($left + 18, 51, $is{legend}[0])
        . qq{<rect class="pale recipe" x="@{[$left + 190]}" y="40" width="12" height="12"/>}
        . text_at($left + 208, 51, $is{legend}[1]);
    my $y = 70;
    for (@{ $is{groups} }) {
        my ($title, @rows) = @$_;
        $out .= text_at(14, $y + 14, $title, 'font-weight="bold"');
        $y += 24;
        for (@rows) {
            my ($kind, $name, $dark, $pale) = @$_;
            $out .= text_at($left - 8, $y + 13, $name, 'text-anchor="end"')
                . sprintf(qq{<rect class="fill $kind" x="%d" y="%d" width="%.1f" height="17"/>\n}, $left, $y, $dark * $scale)
                . sprintf(qq{<rect class="pale $kind" x="%.1f" y="%d" width="%.1f" height="17"/>\n},
                    $left + $dark * $scale, $y, $pale * $scale)
                . text_at($left + ($dark + $pale) * $scale + 6, $y + 13, number($dark + $pale) . " $is{unit}");
            $y += 22;
        }
        $y += 10;
    }
    return frame(@is{qw(name title description)}, $y + 10, $out);
}

1;
