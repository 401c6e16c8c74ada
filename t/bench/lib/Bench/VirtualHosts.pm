# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::VirtualHosts;

# Thousands of virtual hosts with one application each: time to read the configuration, memory.

use strict;
use warnings;

use Bench::Check ();
use Bench::Peer ();
use Bench::Run qw(backend client plan say_progress setting);
use Bench::Stat qw(median);

# "httpd": the same virtual hosts with nothing in them.
our @KINDS = qw(httpd modern module);

# run(): { number => N, load => { KIND => seconds }, memory => { KIND => bytes } }
sub run {
    my %result = (kinds => [@KINDS], number => setting('quick') ? 500 : 5000);
    my $site = { apps => [['/jira', backend()]], listen => ['plain'], vhosts => $result{number} };
    for my $kind (@KINDS) {
        say_progress("$result{number} virtual hosts, $kind");
        $result{load}{$kind} = median(map { Bench::Peer::load_cpu($kind, $site) } 1 .. (setting('quick') ? 1 : 3));
        my $peer = Bench::Peer->start($kind, $site);
        if ($kind ne 'httpd') {
            Bench::Check::headers($peer, 'plain', '/jira');
            client($peer->port('plain'), 'plain', 16, 500, plan(backend(), 'GET /jira/bytes/1024 0'));
        }
        $result{memory}{$kind} = $peer->memory;
        $peer->stop;
    }
    return \%result;
}

1;
