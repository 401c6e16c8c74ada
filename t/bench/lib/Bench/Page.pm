# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Page;

# One page and its 40 static files from a real Tomcat, over six TLS connections as a browser has them. Cold: nobody
# asked for these files before. Warm: somebody did.

use strict;
use warnings;

use Atl::Backends ();
use Bench::Check ();
use Bench::Peer ();
use Bench::Round qw(rounds);
use Bench::Run qw(backend client dir plan say_progress setting);

our @KINDS = qw(modern recipe module cached nginx haproxy);

# Scripts, style sheets, fonts and pictures, in the order of size that such pages have; 1.3 MB in all.
our @FILES = (
    (map { ['js', $_] } 420_000, 180_000, 95_000, 60_000, 42_000, 30_000, 24_000, 18_000, 12_000, 9_000, 7_000, 5_200),
    (map { ['css', $_] } 150_000, 62_000, 30_000, 16_000, 9_000, 6_000, 3_500, 1_800),
    (map { ['woff2', $_] } 48_000, 24_000),
    (map { ['svg', $_] } map { 600 + 650 * $_ } 0 .. 17),
);
my $CONNECTIONS = 6;
my $home;

END { local $?; Atl::Backends::down($home) if $home }

# tomcat(): its port.
sub tomcat {
    $home = dir() . '/backends';
    Atl::Backends::up($home, 'jira');
    return Atl::Backends::ports($home)->{jira};
}

# files(HASH): the lines of a plan for one page load.
sub files {
    my ($hash) = @_;
    my $n = 0;
    return ('GET /jira/gzip?lines=700 0',
        map { $n++; "GET /jira/s/$hash/_/download/batch/bytes-$_->[1]/file$n.$_->[0] 0" } @FILES);
}

# served(PORT): how many static files came from Tomcat itself so far, this one included.
sub served {
    my ($port) = @_;
    my ($count) = Bench::Check::fetch($port, 'plain', '/jira/s/x/_/count.css') =~ /^X-Served: (\d+)/mi
        or die "Tomcat does not count\n";
    return $count;
}

# run(): { proxy => { cold|warm => { KIND => [ms a page, ...] } }, backend => likewise, static => likewise (files that
#          reached Tomcat, a page) }
sub run {
    my %result = (kinds => [@KINDS], files => scalar @FILES);
    $result{bytes} += $_->[1] for @FILES;
    say_progress('page load: Tomcat');
    my $port = tomcat();
    my $pages = setting('quick') ? 10 : 60;
    my $warm = plan($port, files('warm'));
    client($port, 'plain', $CONNECTIONS, 41 * 100, $warm); # Java compiles what it runs often
    my %peers = map { $_ => Bench::Peer->start($_, { apps => [['/jira', $port]], listen => ['tls'] }) } @KINDS;
    my %cold;
    my %plan = (warm => sub { $warm },
        # The same new files for all peers: none sees those of another.
        cold => sub { my ($round) = @_; $cold{$round} //= plan($port, map { files("cold$round-$_") } 1 .. $pages) });
    for my $state (qw(cold warm)) {
        say_progress("page load, $state");
        $result{proxy}{$state} = rounds(\%peers, $pages / 1000, sub {
            my ($peer, $round) = @_;
            my $wanted = $plan{$state}->($round);
            my $count = served($port);
            my $before = Bench::Peer::cpu_of(Atl::Backends::running_pid("$home/jira"));
            my $got = client($peer->port('tls'), 'tls', $CONNECTIONS, 41 * $pages, $wanted);
            my $spent = Bench::Peer::cpu_of(Atl::Backends::running_pid("$home/jira")) - $before;
            my $reached = (served($port) - $count - 1) / $pages;
            # Only a cache may keep files from the application, and only those that it has.
            die $peer->title . ", $state: $reached of 40 files a page reached the application\n"
                if $reached != @FILES && !($peer->{kind} eq 'cached' && $state eq 'warm');
            return $got if !$round;
            push @{ $result{backend}{$state}{ $peer->{kind} } }, $spent * 1000 / $pages;
            push @{ $result{static}{$state}{ $peer->{kind} } }, $reached;
            return $got;
        }, 0);
    }
    $_->stop for values %peers;
    Atl::Backends::down($home);
    undef $home;
    return \%result;
}

1;
