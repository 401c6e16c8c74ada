# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Round;

# Interleaved rounds: each peer once a round, so that what else the machine does meets all of them alike.

use strict;
use warnings;

use Exporter 'import';
our @EXPORT_OK = qw(rounds);

use Bench::Run qw(backend_count setting);

# rounds(PEERS, UNIT, WORK, [BACKENDED]): { KIND => [CPU of the proxy divided by UNIT, ...] }.
# WORK gets a peer and the round's number, and returns what its client measured, with the number of requests that
# were answered. Round 0 warms up and is not measured: connections to the backend, pages of memory. Each request must have reached
# the bench's backend, no more and no fewer; BACKENDED false leaves that out, for work that goes elsewhere.
sub rounds {
    my ($peers, $unit, $work, $backended) = @_;
    my %cost;
    my $rounds = setting('rounds');
    my @kinds = sort keys %$peers;
    for my $round (0 .. $rounds) {
        for my $kind (@kinds) {
            my $peer = $peers->{$kind};
            my $count = backend_count();
            my $before = $peer->cpu;
            my $got = $work->($peer, $round);
            my $spent = $peer->cpu - $before;
            my $reached = backend_count() - $count;
            die "$kind: $got->{requests} requests answered, $reached reached the backend\n"
                if ($backended // 1) && $reached != $got->{requests};
            push @{ $cost{$kind} }, $spent / $unit if $round;
        }
        push @kinds, shift @kinds;
    }
    return \%cost;
}

1;
