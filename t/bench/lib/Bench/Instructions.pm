# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Instructions;

# User instructions a request, by t/bench/instructions: the figure that the machine's other work does not change.

use strict;
use warnings;

use Cwd 'abs_path';
use File::Basename 'dirname';

use Bench::Run qw(dir say_progress setting);

my $PROGRAM = dirname(abs_path(__FILE__)) . '/../../instructions';

# run(): { numbers => [N...], each => { N => { recipe|module => instructions } } }
sub run {
    my @numbers = setting('quick') ? 1 : (1, 10, 100, 1000, 5000);
    my %result = (numbers => \@numbers);
    for my $n (@numbers) {
        say_progress("instructions, $n applications");
        my $log = dir() . '/instructions.log';
        my $requests = setting('quick') ? 40 : 200;
        my $out = qx{'$PROGRAM' --module='$ENV{TEST_MODULE}' --requests=$requests recipe:$n module:$n 2>'$log'};
        die "instructions: " . Atl::Backends::slurp($log) if $?;
        my %each = $out =~ /^(recipe|module)\S*\s+(\d+)/mg;
        die "instructions said: $out\n" if grep { !$each{$_} } qw(recipe module);
        $result{each}{$n} = \%each;
    }
    return \%result;
}

1;
