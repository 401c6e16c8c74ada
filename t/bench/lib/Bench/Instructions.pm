# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Instructions;

# User instructions a request, by t/bench/instructions: the figure that the machine's other work does not change.

use strict;
use warnings;

use Cwd 'abs_path';
use File::Basename 'dirname';

use Atl::Backends ();
use Bench::Run qw(dir say_progress setting start_process wait_gone);

my $PROGRAM = dirname(abs_path(__FILE__)) . '/../../instructions';

# mod_proxy's cost grows evenly, and valgrind needs minutes for a start with thousands of its lines.
my $MOST_RECIPE = 1000;

# run(): { numbers => [N...], each => { N => { recipe|module => instructions } } }
sub run {
    my @numbers = setting('quick') ? 1 : (1, 10, 100, 1000, 5000);
    my %result = (numbers => \@numbers);
    for my $n (@numbers) {
        say_progress("instructions, $n applications");
        my @kinds = ($n > $MOST_RECIPE ? () : 'recipe', 'module');
        my $requests = setting('quick') ? 40 : 200;
        my $pid = start_process("instructions-$n", $^X, $PROGRAM, "--module=$ENV{TEST_MODULE}", "--requests=$requests",
            map { "$_:$n" } @kinds);
        wait_gone($pid, 600) or die "instructions: no end\n";
        my $out = Atl::Backends::slurp(dir() . "/instructions-$n.log");
        die "instructions: $out" if $?;
        my %each = $out =~ /^(recipe|module)\S*\s+(\d+)/mg;
        die "instructions said: $out\n" if grep { !$each{$_} } @kinds;
        $result{each}{$n} = \%each;
    }
    return \%result;
}

1;
