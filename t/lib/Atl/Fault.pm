# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Fault;

# A fault, what must come of it, and its row of t/FAULTS.md.
#
#   fault 'backend closes in the middle of a body' => sub {
#       my ($case) = @_;
#       $case->is('client', $how, 'knows that the answer is incomplete');
#       $case->logged($server, qr/ATLP1016/);
#       $case->recovers($server, '/wiki/echo', 'neighbour served');   # with a token of its own, and nobody else's
#       $case->bounded($server, $before);                # my $before = footprint($server): memory and threads
#   };
#
# What is said must be the same in every run: no times, ports or sizes.

use strict;
use warnings;

use Exporter 'import';
use Test::More ();
use Time::HiRes ();

use Atl::Backends ();
use Atl::Report;
use Atl::Test ();

our @EXPORT = qw(fault footprint);

my $MEMORY = 24 << 20;
# ThreadsPerChild is 40 at most; mod_http2 has as many of its own, and half as many again under load.
my $THREADS = 120;
my $token = 0;

sub fault {
    my ($name, $code) = @_;
    my $case = bless { expected => [], seen => [] }, __PACKAGE__;
    my $fine = Test::More::subtest($name => sub {
        $code->($case);
        Test::More::done_testing();
    });
    my @seen = @{ $case->{seen} };
    push @seen, 'FAILED' if !$fine;
    report_row('Faults', $name, join('; ', @{ $case->{expected} }), join('; ', @seen));
    return;
}

# is(WHAT, GOT, WANTED): one expectation in the words of the report.
sub is {
    my ($self, $what, $got, $wanted) = @_;
    push @{ $self->{expected} }, "$what: $wanted";
    push @{ $self->{seen} }, "$what: " . ($got // 'nothing');
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::is($got, $wanted, $what);
}

# ok(WHAT, GOT)
sub ok {
    my ($self, $what, $got) = @_;
    push @{ $self->{expected} }, $what;
    push @{ $self->{seen} }, $got ? $what : "NOT $what";
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::ok($got, $what);
}

# logged(SERVER, PATTERN, WORDS, FROM): a line of the server's error log (after byte FROM), waited for.
sub logged {
    my ($self, $server, $pattern, $words, $from) = @_;
    my $found = Atl::Test::wait_until(sub { substr(Atl::Backends::slurp($server->error_log), $from // 0) =~ $pattern });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->ok('logged ' . ($words // "$pattern" =~ s/^\(\?\^?\w*:(.*)\)$/$1/r), $found);
}

# recovers(SERVER, PATH, WHAT): asked until it answers, which must be to this very request. PATH is the echo of a
# real backend.
sub recovers {
    my ($self, $server, $path, $what) = @_;
    my ($foreign, $fine) = (0, 0);
    Atl::Test::wait_until(sub {
        my $mine = unique_token();
        my $r = eval { Atl::Test::get($server->port, "$path?token=$mine") } or return 0;
        return 0 if $r->{status} != 200;
        my $seen = eval { $r->echo } || {};
        $foreign++ if ($seen->{queryString} // '') ne "token=$mine";
        return $fine = 1;
    });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->ok("$what with its own answer", $fine && !$foreign);
}

sub unique_token {
    return "t$$-" . ++$token;
}

# footprint(SERVER): what httpd's processes need now: bytes of their own, threads, processes. Taken before a fault.
sub footprint {
    my ($server) = @_;
    my %sum = (memory => 0, threads => 0);
    for my $pid ($server->children) {
        my $status = Atl::Backends::slurp("/proc/$pid/status");
        my ($threads) = $status =~ /^Threads:\s+(\d+)/m or next;
        my ($kib) = $status =~ /^RssAnon:\s+(\d+) kB/m or next;
        $sum{threads} = $threads if $threads > $sum{threads};
        $sum{memory} = $kib << 10 if $kib << 10 > $sum{memory};
        $sum{processes}++;
    }
    return \%sum;
}

# bounded(SERVER, BEFORE): no child has more threads than it may, nor much more memory than the largest had.
sub bounded {
    my ($self, $server, $before) = @_;
    my $now;
    my $bounded = Atl::Test::wait_until(sub {
        $now = footprint($server);
        $now->{threads} <= $THREADS && $now->{memory} <= $before->{memory} + $MEMORY
    });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->ok('memory and threads bounded', $bounded)
        || Test::More::diag("threads $before->{threads} -> $now->{threads}, bytes $before->{memory} -> $now->{memory}");
}

1;
