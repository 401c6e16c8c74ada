# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Fault;

# A fault, what must come of it, and its row of t/FAULTS.md.
#
#   fault 'backend closes in the middle of a body' => sub {
#       my ($case) = @_;
#       $case->is('client', $how, 'knows that the answer is incomplete');
#       $case->logged($server, qr/ATLP1016/);
#       $case->recovers($server, '/wiki/echo');          # with a token of its own, and nobody else's
#       $case->bounded($server);                         # memory, threads, descriptors
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
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return $self->is($what, $got ? 'yes' : 'no', 'yes');
}

# logged(SERVER, PATTERN, WORDS, FROM): a line of the server's error log (after byte FROM), waited for.
sub logged {
    my ($self, $server, $pattern, $words, $from) = @_;
    my $found = Atl::Test::wait_until(sub { substr(Atl::Backends::slurp($server->error_log), $from // 0) =~ $pattern });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $name = $words // "$pattern" =~ s/^\(\?\^?\w*:(.*)\)$/$1/r;
    return $self->is("log says $name", $found ? 'yes' : 'no', 'yes');
}

# recovers(SERVER, PATH, WORDS): asked until it answers. PATH is the echo of a real backend.
sub recovers {
    my ($self, $server, $path, $words) = @_;
    my ($foreign, $fine) = (0, 0);
    Atl::Test::wait_until(sub {
        my $mine = unique_token();
        my $r = eval { Atl::Test::get($server->port, "$path?token=$mine") } or return 0;
        return 0 if $r->{status} != 200;
        my $seen = eval { $r->echo } || {};
        $foreign++ if ($seen->{queryString} // '') ne "token=$mine";
        return $fine = 1;
    }, 30);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $self->is("answers of another request, " . ($words // 'afterwards'), $foreign, 0);
    return $self->ok($words // 'serves again by itself', $fine);
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

# bounded(SERVER, BEFORE): no child has more threads than the largest had, nor much more memory.
sub bounded {
    my ($self, $server, $before) = @_;
    my $now;
    Atl::Test::wait_until(sub {
        $now = footprint($server);
        $now->{threads} <= $before->{threads} && $now->{memory} <= $before->{memory} + $MEMORY
    });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::diag("threads $before->{threads} -> $now->{threads}, bytes $before->{memory} -> $now->{memory}")
        if $now->{threads} > $before->{threads} || $now->{memory} > $before->{memory} + $MEMORY;
    return $self->is('memory and threads', $now->{threads} > $before->{threads} ? 'more threads'
        : $now->{memory} > $before->{memory} + $MEMORY ? 'more memory' : 'bounded', 'bounded');
}

1;
