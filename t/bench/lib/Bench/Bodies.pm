# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Bodies;

# Bodies of 64 KiB and 10 MiB, down and up: seconds of CPU for a gigabyte.

use strict;
use warnings;

use Bench::Check ();
use Bench::Peer ();
use Bench::Round qw(rounds);
use Bench::Run qw(backend client plan say_progress setting);

our @KINDS = qw(modern recipe module nginx haproxy);
# Name, bytes, line of a plan, option of t/bench/instructions.
our @BODIES = (['64 KiB down', 65536, 'GET /jira/bytes/65536 0', 'size'], ['64 KiB up', 65536, 'PUT /jira/sum 65536', 'upload'],
    ['10 MiB down', 10 << 20, 'GET /jira/bytes/10485760 0', 'size'], ['10 MiB up', 10 << 20, 'PUT /jira/sum 10485760', 'upload']);

# run(): { bodies => [NAME...], cost => { NAME => { KIND => [seconds a GB, ...] } } }
sub run {
    my %result = (kinds => [@KINDS], bodies => [map { $_->[0] } @BODIES]);
    my %peers = map { $_ => Bench::Peer->start($_, { apps => [['/jira', backend()]], listen => ['plain'] }) } @KINDS;
    Bench::Check::headers($_, 'plain', '/jira') for values %peers;
    for (@BODIES) {
        my ($name, $bytes, $line) = @$_;
        say_progress("bodies, $name");
        my $plan = plan(backend(), $line);
        my $large = $bytes > 1e6;
        my $requests = int((setting('quick') ? 0.1e9 : 1e9) * ($large ? 1 : 0.6) / $bytes) + 1;
        $result{cost}{$name} = rounds(\%peers, $requests * $bytes / 1e9,
            sub { client($_[0]->port('plain'), 'plain', $large ? 8 : 32, $requests, $plan) });
    }
    $_->stop for values %peers;
    return \%result;
}

1;
