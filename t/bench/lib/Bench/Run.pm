# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Run;

# One run of the bench: its directory, its programs, its backend, its clients.

use strict;
use warnings;

use Cwd 'abs_path';
use File::Basename 'dirname';
use File::Temp ();
use IO::Socket::INET;
use IPC::Open2 'open2';
use POSIX ();
use Time::HiRes qw(sleep time);

use Atl::Backends ();
use Atl::Certificates ();

use Exporter 'import';
our @EXPORT_OK = qw(dir setting say_progress compile start_process stop_process answers wait_for backend
    backend_count backend_counts plan client certificate sockets order wait_gone);

my $HERE = dirname(abs_path(__FILE__)) . '/../..';
my $dir;
my %setting;
my %running;
my @backends;

sub dir {
    $dir //= do {
        # httpd's children run as another user and read what is here.
        my $made = File::Temp->newdir('atlassian-bench.XXXXXX', TMPDIR => 1, CLEANUP => !$ENV{ATL_KEEP});
        chmod 0755, "$made";
        $made;
    };
    return "$dir";
}

# setting(NAME), setting(NAME, VALUE): what the command line said.
sub setting {
    my ($name, $value) = @_;
    $setting{$name} = $value if @_ > 1;
    return $setting{$name};
}

sub say_progress {
    printf STDERR "%5.0f s  %s\n", time - $^T, join '', @_;
    return;
}

sub compile {
    my @common = (split(' ', $ENV{CC} || 'gcc'), qw(-std=gnu11 -O2 -Wall -Wextra -I), $HERE, '-o');
    my @programs = (['backend', 'backend.c'], ['client', 'client.c', 'wire.c', '-lssl', '-lcrypto'],
        ['sockets', 'sockets.c', 'wire.c', '-lssl', '-lcrypto']);
    for (@programs) {
        my ($name, @from) = @$_;
        system(@common, dir() . "/$name", map { /\.c$/ ? "$HERE/$_" : $_ } @from) == 0
            or die "$name does not compile (libssl-dev is needed)\n";
    }
    return;
}

# ------------------------------------------------------------------ processes

# start_process(NAME, COMMAND...): in a session of its own, output in NAME.log.
sub start_process {
    my ($name, @command) = @_;
    my $log = dir() . "/$name.log";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        POSIX::setsid();
        open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>>', $log        or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT    or POSIX::_exit(126);
        exec { $command[0] } @command or POSIX::_exit(127);
    }
    $running{$pid} = $$;
    return $pid;
}

sub wait_gone {
    my ($pid, $seconds) = @_;
    my $deadline = time + $seconds;
    until (waitpid($pid, POSIX::WNOHANG()) != 0) {
        return 0 if time > $deadline;
        sleep 0.02;
    }
    delete $running{$pid};
    return 1;
}

# With its children: each of these is the leader of its own session.
sub stop_process {
    my ($pid) = @_;
    kill 'TERM', -$pid;
    return if wait_gone($pid, 3);
    kill 'KILL', -$pid;
    wait_gone($pid, 5);
    return;
}

sub wait_for {
    my ($what, $seconds, $test) = @_;
    my $deadline = time + $seconds;
    until ($test->()) {
        die "$what: not within $seconds s\n" if time > $deadline;
        sleep 0.02;
    }
    return;
}

sub answers {
    my ($port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
}

# ------------------------------------------------------------------ backend and clients

# backend(), backend(N): the port of the bench's own backend, or of the Nth more of the same.
sub backend {
    my ($n) = @_;
    return $backends[$n // 0] //= do {
        my $port = Atl::Backends::free_port();
        start_process('backend', dir() . '/backend', $port);
        wait_for('the backend', 120, sub { answers($port) });
        $port;
    };
}

# How many requests reached each of the bench's backends so far.
sub backend_counts {
    return map { count_of($_) } grep { $_ } @backends;
}

sub backend_count {
    my $sum = 0;
    $sum += $_ for backend_counts();
    return $sum;
}

sub count_of {
    my ($port) = @_;
    my $socket = answers($port) or die "a backend is gone:\n" . Atl::Backends::slurp(dir() . '/backend.log');
    print {$socket} "GET /count HTTP/1.1\r\nHost: localhost\r\n\r\n";
    my $text = '';
    while ($text !~ /\r\n\r\n\d+\n/) {
        sysread($socket, $text, 4096, length $text) or die "a backend does not count\n";
    }
    return $text =~ /(\d+)\n\z/ ? $1 : die "no count in: $text\n";
}

sub run_client {
    my (@arguments) = @_;
    my $command = join ' ', map { "'$_'" } dir() . '/client', @arguments;
    my $out = qx{$command 2>'@{[dir()]}/client.err'};
    die 'client ' . join(' ', @arguments) . ': ' . Atl::Backends::slurp(dir() . '/client.err') if $?;
    return $out;
}

my $plans = 0;
# Seconds until a WebSocket that is not answered counts as stalled; beside other work nothing is meant by a few.
sub patience { return setting('quick') ? 30 : 5 }

# plan(PORT, LINES...): a plan file whose lengths and sums are those the backend itself at PORT gives.
sub plan {
    my ($port, @lines) = @_;
    my $file = dir() . '/plan-' . ++$plans;
    Atl::Backends::spew("$file.in", join '', map { "$_\n" } @lines);
    Atl::Backends::spew($file, run_client($port, 'plain', 1, 0, "$file.in"));
    return $file;
}

# client(PORT, plain|tls, CONNECTIONS, REQUESTS, PLAN): what it measured; dies when an answer is wrong.
sub client {
    my ($port, $how, $connections, $requests, $plan) = @_;
    my %got = map { split /=/ } split ' ', run_client($port, $how, $connections, $requests, $plan);
    die "the client answered $got{requests} of $requests requests\n" if $got{requests} != $requests;
    return \%got;
}

# sockets(PORT, plain|tls, PATH): a client that holds WebSockets; order(IT, "open 10") tells it what to do.
sub sockets {
    my ($port, $how, $path) = @_;
    my $log = dir() . '/sockets.err';
    my $pid = open2(my $from, my $to, "exec '@{[dir()]}/sockets' $port $how $path @{[patience()]} 2>$log");
    $to->autoflush(1);
    return { pid => $pid, from => $from, to => $to, log => $log };
}

sub order {
    my ($it, $words) = @_;
    local $SIG{PIPE} = 'IGNORE';
    print { $it->{to} } "$words\n";
    my $line = readline $it->{from};
    die "$words: " . Atl::Backends::slurp($it->{log}) if !defined $line;
    return { map { split /=/ } split ' ', $line };
}

# certificate(): PEM file with certificate and key for localhost.
my $pem;

sub certificate {
    $pem //= do {
        local $ENV{ATL_LOGS} = dir();
        my ($file) = Atl::Certificates->usual;
        chmod 0644, $file;
        $file;
    };
    return $pem;
}

END {
    local $?;
    stop_process($_) for grep { $running{$_} == $$ } keys %running;
}

1;
