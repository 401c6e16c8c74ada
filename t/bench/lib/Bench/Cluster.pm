# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Cluster;

# An application of three nodes with sticky sessions: one AtlassianApp line beside the balancer written by hand.

use strict;
use warnings;

use Bench::Check ();
use Bench::Peer ();
use Bench::Round qw(rounds);
use Bench::Run qw(backend backend_counts client plan say_progress setting);

our @KINDS = qw(modern module);

# run(): { cost => { KIND => [microseconds a request, ...] } }
sub run {
    say_progress('cluster of three nodes');
    my @nodes = map { backend($_) } 0 .. 2;
    my $site = { apps => [['/jira', $nodes[0]]], nodes => \@nodes, listen => ['plain'] };
    my %peers = map { $_ => Bench::Peer->start($_, $site) } @KINDS;
    my $plan = plan($nodes[0], 'GET /jira/bytes/1024 0');
    my $requests = setting('quick') ? 3000 : 15000;
    for my $peer (values %peers) {
        Bench::Check::headers($peer, 'plain', '/jira');
        my @before = backend_counts();
        client($peer->port('plain'), 'plain', 32, 900, $plan);
        my @after = backend_counts();
        # Visitors without a session are spread.
        die $peer->title . ": node $_ got nothing\n" for grep { $after[$_] - $before[$_] < 100 } 0 .. 2;
    }
    my $cost = rounds(\%peers, $requests / 1e6,
        sub { client($_[0]->port('plain'), 'plain', 32, $requests, $plan) });
    $_->stop for values %peers;
    return { kinds => [@KINDS], cost => $cost };
}

1;
