# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Report;

# Results into docs/performance.md (from performance.md.in: a line "@NAME@" there is a table) and its pictures.

use strict;
use warnings;

use Cwd 'abs_path';
use File::Basename 'dirname';

use Atl::Backends ();
use Atl::Httpd ();
use Bench::Peer ();
use Bench::Stat qw(median number ratio_text);
use Bench::Svg ();

my $TEMPLATE = dirname(abs_path(__FILE__)) . '/../../performance.md.in';

# table(HEAD, ROWS...): Markdown.
sub table {
    my ($head, @rows) = @_;
    my $line = sub { '| ' . join(' | ', @_) . " |\n" };
    return $line->(@$head) . '|' . '---|' x @$head . "\n" . join '', map { $line->(@$_) } @rows;
}

sub titles { return map { $Bench::Peer::TITLE{$_} } @_ }

# cell(VALUES, BASE): "73.1, 0.98 (0.95–1.02)"; the base itself has no ratio.
sub cell {
    my ($values, $base) = @_;
    return number(median(@$values)) . ($base && $base != $values ? ', ' . ratio_text($values, $base) : '');
}

sub mib { return number($_[0] / (1 << 20)) }

# ------------------------------------------------------------------ one function a question: { NAME => TABLE }

sub apps {
    my ($got) = @_;
    my @kinds = @{ $got->{kinds} };
    my @n = @{ $got->{numbers} };
    return (
        apps_cost => table(['applications', titles(@kinds)],
            map { my $n = $_; [$n, map { cell($got->{cost}{$n}{$_}, $got->{cost}{$n}{modern}) } @kinds] } @n),
        apps_memory => table(['applications', map({ "$_, MiB" } titles(@kinds)), 'load: httpd alone, s', 'by hand, s', 'module, s'],
            map { my $n = $_; [$n, (map { mib($got->{memory}{$n}{$_}) } @kinds),
                map { sprintf '%.2f', $got->{load}{$n}{$_} } qw(httpd modern module)] } @n),
    );
}

sub apps_picture {
    my ($got) = @_;
    my @n = @{ $got->{numbers} };
    my @series = map { my $kind = $_; [$kind, titles($kind), { map { $_ => median(@{ $got->{cost}{$_}{$kind} }) } @n }] }
        @{ $got->{kinds} };
    return Bench::Svg::lines(name => 'apps', title => 'CPU per request by number of applications',
        description => said(@series), x => ['applications in one virtual host, the last one asked for', @n],
        y => 'CPU per request, µs (log)', series => \@series);
}

# What a picture shows, in words.
sub said {
    return join ' ', map { my ($kind, $title, $points) = @$_;
        "$title: " . join(', ', map { "$_: " . number($points->{$_}) } sort { $a <=> $b } keys %$points) . '.' } @_;
}

# counted(EACH, KIND, PEER): "110,476, 1.013", the ratio being that to PEER; empty where it was not counted.
sub counted {
    my ($each, $kind, $peer) = @_;
    return '' if !$each->{$kind};
    return number($each->{$kind}) . ($peer && $each->{$peer} ? sprintf ', %.3f', $each->{$kind} / $each->{$peer} : '');
}

sub instructions {
    my ($got) = @_;
    my ($hand, $recipe, $module) = titles(qw(modern recipe module));
    return (
        instructions => table(['applications', $hand, $recipe, "$module, to by hand"], map {
            my $each = $got->{each}{$_};
            [$_, counted($each, 'modern'), counted($each, 'recipe', 'modern'), counted($each, 'module', 'modern')]
        } @{ $got->{numbers} }),
        bodies_instructions => table(['', $hand, $recipe, "$module, to by hand", "$module, to the recipe"], map {
            my $each = $got->{body}{$_};
            [$_, counted($each, 'modern'), counted($each, 'recipe'), counted($each, 'module', 'modern'),
                counted($each, 'module', 'recipe') =~ s/.*, //r]
        } @{ $got->{bodies} }),
        cluster_instructions => table(['request', $hand, "$module, to by hand"], map {
            my $each = $got->{cluster}{$_};
            [$_, counted($each, 'modern'), counted($each, 'module', 'modern')]
        } @{ $got->{requests} }),
    );
}

sub sockets {
    my ($got) = @_;
    my @kinds = @{ $got->{kinds} };
    my %table;
    for my $how (qw(plain tls)) {
        $table{"held_$how"} = table(['', 'held', 'KiB a socket', 'page p50, µs: none held', 'all held', 'p99, µs: none held', 'all held'],
            map { held_row($_, $got->{held}{$how}{$_}, $got->{stall}{$how}{$_}) } @kinds);
        my $echo = $got->{echo}{$how};
        $table{"echo_$how"} = table(['', 'p50, µs', 'p99, µs', 'CPU an echo, µs', 'CPU a GB, s'], map {
            [titles($_), map({ number(median(@{ $echo->{$_->[0]}{$_->[1]} })) } ['p50', $_], ['p99', $_]),
                cell($echo->{cost}{$_}, $echo->{cost}{modern}), cell($got->{gigabyte}{$how}{$_}, $got->{gigabyte}{$how}{modern})]
        } @kinds);
    }
    return %table;
}

sub held_row {
    my ($kind, $held, $stall) = @_;
    my ($none, $all) = @$held[0, -1];
    return [titles($kind), $stall ? "**$stall, then nothing is answered**" : "$all->{sockets}, the most tried",
        number($all->{memory} / 1024), map { number($_) } $none->{p50}, $all->{p50}, $none->{p99}, $all->{p99}];
}

sub sockets_picture {
    my ($got) = @_;
    my $how = 'tls';
    my %steps;
    my @series = map {
        my $kind = $_;
        my %points = map { $_->{sockets} => $_->{p50} } @{ $got->{held}{$how}{$kind} };
        $steps{$_} = 1 for keys %points;
        [$kind, titles($kind), \%points, $got->{stall}{$how}{$kind}];
    } @{ $got->{kinds} };
    return Bench::Svg::lines(name => 'sockets', title => 'Page latency while WebSockets are held open (TLS)',
        description => said(@series) . join('', map { defined $_->[3] ? " $_->[1] stalls with $_->[3] open." : '' } @series),
        x => ['WebSockets open', sort { $a <=> $b } keys %steps], y => 'median page, µs (log)', series => \@series);
}

sub page {
    my ($got) = @_;
    my @kinds = @{ $got->{kinds} };
    return map {
        my $state = $_;
        my $proxy = $got->{proxy}{$state};
        my $backend = $got->{backend}{$state};
        my %both = map { my $kind = $_; $kind => [map { $proxy->{$kind}[$_] + $backend->{$kind}[$_] } 0 .. $#{ $proxy->{$kind} }] }
            @kinds;
        "page_$state" => table(['', 'CPU of the proxy, ms', 'with the backend, ms', 'requests to the backend'], map {
            [titles($_), cell($proxy->{$_}, $proxy->{modern}), cell($both{$_}, $both{modern}),
                number(1 + median(@{ $got->{static}{$state}{$_} })) =~ s/\.0+$//r]
        } @kinds);
    } qw(cold warm);
}

sub page_picture {
    my ($got) = @_;
    my @groups = map {
        my $state = $_;
        ["$state:", map { [$_, titles($_), median(@{ $got->{proxy}{$state}{$_} }), median(@{ $got->{backend}{$state}{$_} })] }
            @{ $got->{kinds} }];
    } qw(cold warm);
    return Bench::Svg::bars(name => 'page', title => "CPU of one page and its $got->{files} static files over TLS", unit => 'ms',
        description => join(' ', map { my ($state, @rows) = @$_; "$state " . join(', ', map { "$_->[1] "
            . number($_->[2]) . ' ms and backend ' . number($_->[3]) . ' ms' } @rows) . '.' } @groups),
        groups => \@groups, legend => ['the proxy', 'the application (a stand-in)']);
}

sub bodies {
    my ($got) = @_;
    my @kinds = @{ $got->{kinds} };
    return (bodies => table(['', titles(@kinds)], map {
        my $name = $_;
        [$name, map { cell($got->{cost}{$name}{$_}, $got->{cost}{$name}{recipe}) } @kinds]
    } @{ $got->{bodies} }));
}

sub cluster {
    my ($got) = @_;
    return (cluster => table(['', titles(@{ $got->{kinds} })],
        ['CPU a request, µs', map { cell($got->{cost}{$_}, $got->{cost}{modern}) } @{ $got->{kinds} }]));
}

sub virtual_hosts {
    my ($got) = @_;
    return (virtual_hosts => table(["$got->{number} virtual hosts", 'load, s', 'memory, MiB'],
        map { [titles($_), sprintf('%.2f', $got->{load}{$_}), mib($got->{memory}{$_})] } @{ $got->{kinds} }));
}

# ------------------------------------------------------------------ machine, and all together

sub version {
    my ($command, $pattern) = @_;
    my ($version) = qx{$command 2>&1} =~ $pattern;
    return $version // 'unknown';
}

# How many rounds went into the figures.
sub rounds {
    my ($results) = @_;
    my @rounds = sort { $a <=> $b } map { $_->{rounds} // () } values %$results or return 'none';
    return ($rounds[0] == $rounds[-1] ? $rounds[0] : "$rounds[0] to $rounds[-1]")
        . ((grep { $_->{quick} } values %$results) ? ', some of a quick run, which says little' : '');
}

# Nothing that names this machine.
sub machine {
    my ($results) = @_;
    my ($model) = Atl::Backends::slurp('/proc/cpuinfo') =~ /^model name\s*:\s*(.*)$/m;
    my $cores = () = Atl::Backends::slurp('/proc/cpuinfo') =~ /^processor\s*:/mg;
    my ($memory) = Atl::Backends::slurp('/proc/meminfo') =~ /^MemTotal:\s+(\d+) kB/m;
    my ($system) = Atl::Backends::slurp('/etc/os-release') =~ /^PRETTY_NAME="?(.*?)"?$/m;
    return table(['', ''], ['processor', ($model // 'unknown') . ", $cores cores"],
        ['memory', sprintf '%.0f GiB', $memory / (1 << 20)], ['system', ($system // 'unknown') . ', Linux '
            . version('uname -r', qr/^(\d+\.\d+)/)],
        ['httpd', version(Atl::Httpd::httpd() . ' -v', qr{Apache/(\S+)})],
        ['nginx', version('/usr/sbin/nginx -v', qr{nginx/(\S+)})],
        ['HAProxy', version('/usr/sbin/haproxy -v', qr{version (\d\S*?)[-\s]})],
        ['OpenSSL', version('openssl version', qr{OpenSSL (\S+)})],
        ['Java', version('java -version', qr{version "([^"]+)"})], ['rounds', rounds($results)]);
}

my %QUESTION = (Apps => \&apps, Instructions => \&instructions, Sockets => \&sockets, Page => \&page, Bodies => \&bodies,
    Cluster => \&cluster, VirtualHosts => \&virtual_hosts);
my %PICTURE = (Apps => ['apps', \&apps_picture], Sockets => ['sockets', \&sockets_picture], Page => ['page', \&page_picture]);

# tables(RESULTS): { NAME => TABLE } of the questions that were asked.
sub tables {
    my ($results) = @_;
    return { machine => machine($results), map { $QUESTION{$_}->($results->{$_}) } sort keys %$results };
}

# write(DIRECTORY, RESULTS): performance.md and its pictures; every table of the template must be there.
sub write {
    my ($to, $results) = @_;
    my $tables = tables($results);
    my $text = Atl::Backends::slurp($TEMPLATE);
    $text =~ s/^\@(\w+)\@\n/$tables->{$1} \/\/ die "no table $1: that question was not asked\n"/gme;
    Atl::Backends::spew("$to/performance.md", $text);
    Atl::Backends::spew("$to/performance-$PICTURE{$_}[0].svg", $PICTURE{$_}[1]->($results->{$_})) for sort keys %PICTURE;
    return;
}

1;
