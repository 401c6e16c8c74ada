# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Peer;

# A proxy under measurement: started from a configuration of Bench::Config, asked what CPU and memory all of its
# processes took, ended.
#
#   my $peer = Bench::Peer->start('nginx', \%site);
#   my $before = $peer->cpu;  ...  printf "%.2f s\n", $peer->cpu - $before;

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep time);

use Atl::Backends ();
use Atl::Httpd ();
use Bench::Config ();
use Bench::Run qw(dir start_process stop_process wait_for answers wait_gone);

my $TICKS = POSIX::sysconf(POSIX::_SC_CLK_TCK());
my $count = 0;

our %TITLE = (
    module  => 'module',
    cached  => 'module, cache=on',
    modern  => 'httpd by hand',
    recipe  => "httpd, vendor's recipe",
    nginx   => 'nginx',
    haproxy => 'HAProxy',
    httpd   => 'httpd, no proxy',
);

sub command {
    my ($kind, $conf) = @_;
    return ('/usr/sbin/nginx', '-e', "$conf.err", '-c', $conf) if $kind eq 'nginx';
    return ('/usr/sbin/haproxy', '-db', '-f', $conf) if $kind eq 'haproxy';
    return (Atl::Httpd::httpd(), '-D', 'FOREGROUND', '-f', $conf);
}

# write(KIND, SITE): the configuration file; ports are chosen here and kept in SITE.
sub write {
    my ($kind, $site) = @_;
    my $conf = dir() . "/$kind-" . ++$count . '.conf';
    $site->{$_} = Atl::Backends::free_port() for qw(port tls_port);
    Atl::Backends::spew($conf, Bench::Config::text($kind, $site, $conf));
    return $conf;
}

# start(KIND, SITE)
sub start {
    my ($class, $kind, $given) = @_;
    my $site = {%$given};
    my $conf = Bench::Peer::write($kind, $site);
    my ($name) = $conf =~ m{([^/]+)\.conf$};
    my $self = bless { kind => $kind, conf => $conf, name => $name, port => $site->{port},
        tls_port => $site->{tls_port} }, $class;
    $self->{pid} = start_process($name, command($kind, $conf));
    eval {
        wait_for("$kind to start", 300, sub {
            die "$kind ended at once\n" if wait_gone($self->{pid}, -1);
            answers($self->port($site->{listen}[0]));
        });
        1;
    } or die $@ . $self->log;
    return $self;
}

sub log {
    my ($self) = @_;
    return join '', map { Atl::Backends::slurp($_) } dir() . "/$self->{name}.log", "$self->{conf}.err";
}

sub port {
    my ($self, $how) = @_;
    return $how eq 'tls' ? $self->{tls_port} : $self->{port};
}

sub title { return $TITLE{ $_[0]{kind} } }

sub stop {
    my ($self) = @_;
    stop_process($self->{pid});
    return;
}

# ------------------------------------------------------------------ what it costs

# processes(PID): it and all below it.
sub processes {
    my ($pid) = @_;
    my @all = ($pid);
    # A thread may have children of its own.
    for my $children (glob "/proc/$pid/task/*/children") {
        push @all, map { processes($_) } split ' ', Atl::Backends::slurp($children);
    }
    return @all;
}

# cpu_of(PID): seconds, user and system, of it and all below it, those that ended included.
sub cpu_of {
    my ($pid) = @_;
    my $ticks = 0;
    for my $process (processes($pid)) {
        my $stat = Atl::Backends::slurp("/proc/$process/stat");
        # One that has just ended is in its parent's sum.
        $stat =~ s/^.*\) // or next;
        my @field = split / /, $stat;
        $ticks += $field[$_] for 11 .. 14;
    }
    return $ticks / $TICKS;
}

sub cpu { return cpu_of($_[0]{pid}) }

# memory(): bytes of all its processes, shared pages counted once (PSS).
sub memory {
    my ($self) = @_;
    my $kib = 0;
    for my $process (processes($self->{pid})) {
        my ($pss) = Atl::Backends::slurp("/proc/$process/smaps_rollup") =~ /^Pss:\s+(\d+) kB/m
            or -d "/proc/$process" && die "no PSS of process $process (of another user?)\n";
        $kib += $pss // 0;
    }
    return $kib * 1024;
}

# load_cpu(KIND, SITE): seconds of CPU that reading the configuration takes ("-t").
sub load_cpu {
    my ($kind, $site) = @_;
    my $conf = Bench::Peer::write($kind, {%$site});
    my @before = times;
    my $pid = start_process("$kind-t", Atl::Httpd::httpd(), '-t', '-f', $conf);
    wait_gone($pid, 120) or die "$kind: reading the configuration does not end\n";
    die "$kind: the configuration is not accepted:\n" . Atl::Backends::slurp(dir() . "/$kind-t.log") if $?;
    my @after = times;
    return $after[2] + $after[3] - $before[2] - $before[3];
}

1;
