# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Apps;

# What a request costs by the number of applications in the virtual host; the last one is asked for.

use strict;
use warnings;

use Bench::Check ();
use Bench::Peer ();
use Bench::Round qw(rounds);
use Bench::Run qw(backend client plan say_progress setting);

our @KINDS = qw(modern module nginx haproxy);

sub site {
    my ($n) = @_;
    return { apps => [map { [sprintf('/app%04d', $_), backend()] } 1 .. $n], listen => ['plain'] };
}

# run(): { numbers => [N...], cost => { N => { KIND => [microseconds a request, ...] } },
#          memory => { N => { KIND => bytes } }, load => { N => { KIND => seconds } } }
sub run {
    my @numbers = setting('quick') ? (1, 10, 1000) : (1, 10, 100, 1000, 5000);
    my %result = (numbers => \@numbers, kinds => [@KINDS]);
    for my $n (@numbers) {
        say_progress("$n applications");
        my $site = site($n);
        my $path = sprintf '/app%04d', $n;
        my %peers = map { $_ => Bench::Peer->start($_, $site) } @KINDS;
        Bench::Check::headers($_, 'plain', $path) for values %peers;
        my $plan = plan(backend(), "GET $path/bytes/1024 0");
        my $requests = setting('quick') ? 3000 : 12000;
        $result{cost}{$n} = rounds(\%peers, $requests / 1e6,
            sub { client($_[0]->port('plain'), 'plain', 32, $requests, $plan) });
        $result{memory}{$n} = { map { $_ => $peers{$_}->memory } @KINDS };
        $_->stop for values %peers;
        $result{load}{$n} = { map { $_ => Bench::Peer::load_cpu($_, $site) } qw(httpd modern module) };
    }
    return \%result;
}

1;
