# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Instructions;

# User instructions a request, by t/bench/instructions: the figure that the machine's other work does not change.

use strict;
use warnings;

use Cwd 'abs_path';
use File::Basename 'dirname';

use Atl::Backends ();
use Bench::Bodies ();
use Bench::Run qw(dir say_progress setting start_process wait_gone);

my $PROGRAM = dirname(abs_path(__FILE__)) . '/../../instructions';

# mod_proxy's cost grows evenly, and valgrind needs minutes for a start with thousands of its lines.
my $MOST_BY_HAND = 1000;

# count(NAME, SUBJECTS, OPTIONS...): { KIND => instructions a request }
sub count {
    my ($name, $subjects, @options) = @_;
    say_progress("instructions, $name");
    my $log = 'instructions-' . $name =~ s/\W/-/gr;
    my $pid = start_process($log, $^X, $PROGRAM, "--module=$ENV{TEST_MODULE}", @options, @$subjects);
    wait_gone($pid, 600) or die "instructions: no end\n";
    my $out = Atl::Backends::slurp(dir() . "/$log.log");
    die "instructions: $out" if $?;
    my %each = $out =~ /^(modern|recipe|module)\S*\s+(\d+)/mg;
    die "instructions said: $out\n" if keys %each != @$subjects;
    return \%each;
}

# What is asked of a cluster; when a visitor comes for the first time, cookies are set, that of the route too.
my @CLUSTER = (['one of many in a session'], ["a visitor's first", '--new']);

# run(): { numbers => [N...], each => { N => { KIND => instructions } }, bodies => [NAME...], body => { NAME => likewise },
#     requests => [NAME...], cluster => { NAME => likewise } }
sub run {
    my @numbers = setting('quick') ? 1 : (1, 10, 100, 1000, 5000);
    my @bodies = setting('quick') ? $Bench::Bodies::BODIES[0] : @Bench::Bodies::BODIES;
    my %result = (numbers => \@numbers, bodies => [map { $_->[0] } @bodies],
        requests => [map { $_->[0] } @CLUSTER]);
    for my $n (@numbers) {
        my @kinds = (($n > $MOST_BY_HAND ? () : 'modern'), ($n > 1 ? () : 'recipe'), 'module');
        $result{each}{$n} = count("$n applications", [map { "$_:$n" } @kinds], '--requests=' . (setting('quick') ? 40 : 200));
    }
    for (@bodies) {
        my ($name, $bytes, undef, $option) = @$_;
        $result{body}{$name} = count($name, [qw(modern recipe module)], "--$option=$bytes",
            '--requests=' . (setting('quick') ? 10 : $bytes > 1e6 ? 4 : 60));
    }
    for (@CLUSTER) {
        my ($name, @options) = @$_;
        $result{cluster}{$name} = count("cluster, $name", [qw(modern module)], '--nodes=3', @options,
            '--requests=' . (setting('quick') ? 40 : 400));
    }
    return \%result;
}

1;
