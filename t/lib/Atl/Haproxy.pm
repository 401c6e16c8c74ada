# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Haproxy;

# A real HAProxy: the load balancer in front of httpd, or what ends TLS in front of a backend.
#
#   my $balancer = Atl::Haproxy->start(ports => 2, text => sub { "frontend a\nbind 127.0.0.1:$_[0]\n..." });
#   get($balancer->port, '/');   $balancer->stop;

use strict;
use warnings;

use IO::Socket::INET;
use POSIX ':sys_wait_h';
use Time::HiRes qw(sleep time);

use Atl::Backends ();

my $START_SECONDS = 300;
my $count = 0;
my %running;

sub program {
    my ($found) = grep { -x } map { "$_/haproxy" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';
    return $found // die "haproxy not found: install haproxy\n";
}

# start(ports => N, text => CODE): CODE gets the ports and returns the sections after "defaults".
sub start {
    my ($class, %option) = @_;
    my @ports = map { Atl::Backends::free_port() } 1 .. $option{ports} // 1;
    my $stem = "$ENV{ATL_LOGS}/haproxy-$$-" . ++$count;
    Atl::Backends::spew("$stem.cfg", "global\n    nbthread 1\n    tune.ssl.default-dh-param 2048\ndefaults\n    mode http\n"
        . "    timeout connect 10s\n    timeout client 30s\n    timeout server 30s\n" . $option{text}->(@ports));
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        open STDOUT, '>', "$stem.log" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT   or POSIX::_exit(126);
        exec { program() } 'haproxy', '-db', '-f', "$stem.cfg" or POSIX::_exit(127);
    }
    $running{$pid} = $$;
    my $self = bless { pid => $pid, ports => \@ports, stem => $stem }, $class;
    my $deadline = time + $START_SECONDS;
    for my $port (@ports) {
        until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)) {
            my $gone = waitpid($pid, WNOHANG) == $pid;
            delete $running{$pid} if $gone;
            die "haproxy did not start:\n" . Atl::Backends::slurp("$stem.log") if $gone || time > $deadline;
            sleep 0.02;
        }
    }
    return $self;
}

sub port {
    my ($self, $n) = @_;
    return $self->{ports}[$n // 0];
}

sub stop {
    my ($self) = @_;
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{ $self->{pid} };
    return;
}

END {
    local $?;
    kill 'TERM', $_ for grep { $running{$_} == $$ } keys %running;
}

1;
