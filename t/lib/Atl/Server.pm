# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Server;

# A configuration of a test's own: for httpd -t, or for an httpd beside the common one (restarts, other module
# lists, a dumped configuration served without the module).
#
#   my $server = Atl::Server->start(ports => 1, text => sub { "Listen 127.0.0.1:$_[0]\n..." });
#   request($server->port, GET => '/');   $server->signal('USR1');
#   is_deeply([$server->stop], []);       # what its error log says that needs an explanation
#
# Options besides: module => FILE or '' (default: the one under test), order => first|middle|last,
# modules => [names] (default: the common list), through => [COMMAND...] that ends in exec "$@" (limits).

use strict;
use warnings;

use POSIX ':sys_wait_h';
use Time::HiRes qw(sleep time);

use Atl::Backends ();
use Atl::Httpd ();
use Atl::Log ();
use Atl::Run ();

my $START_SECONDS = 300;
my $STOP_SECONDS  = 120;
my $count = 0;
my %running;

# write_config(OPTIONS, TEXT): returns (main file, TEXT's own file, common stem). TEXT stands alone in its file, so
# that line 1 in a message is line 1 of TEXT.
sub write_config {
    my ($option, $text) = @_;
    my $stem = "$ENV{ATL_LOGS}/own-$$-" . ++$count;
    my $module = $option->{module} // $ENV{TEST_MODULE};
    my @list = $option->{modules}
        ? ("mpm_$ENV{ATL_MPM}", ($module ? $module : ()), @{ $option->{modules} })
        : Atl::Run::module_list($ENV{ATL_MPM}, $module, $option->{order} // $ENV{ATL_LOAD_ORDER});
    # Two modules that complain when they are loaded and not told more.
    my $told = (grep({ $_ eq 'ssl' } @list) ? qq{SSLSessionCache "shmcb:$stem.ssl(65536)"\n} : '')
        . (grep({ $_ eq 'mime' } @list) ? qq{TypesConfig "$ENV{ATL_STAGED}/t/conf/mime.types"\n} : '');
    Atl::Backends::spew("$stem.conf", $text);
    Atl::Backends::spew("$stem.main.conf", qq{ServerRoot "$ENV{ATL_STAGED}/t"\nServerName localhost\n}
        . qq{PidFile "$stem.pid"\nDefaultRuntimeDir "$ENV{ATL_LOGS}"\nErrorLog "$stem.error_log"\n}
        . Atl::Httpd::load_lines(@list) . Atl::Httpd::user_lines() . $told . spare_lines()
        . 'LogLevel ' . ($ENV{ATL_LOGLEVEL} || 'info') . qq{\nInclude "$stem.conf"\n});
    return ("$stem.main.conf", "$stem.conf", $stem);
}

# By default one busy thread is reason enough for one more child: also for one that is told to end while it starts,
# which httpd does in a signal handler, and may never be done with.
sub spare_lines {
    return $ENV{ATL_MPM} eq 'prefork' ? '' : "MinSpareThreads 25\n";
}

# run_captured(STEM, COMMAND...): exit status (128 + signal), stdout, stderr.
sub run_captured {
    my ($stem, @command) = @_;
    my $pid = spawn($stem, @command);
    waitpid $pid, 0;
    my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return ($exit, Atl::Backends::slurp("$stem.out"), Atl::Backends::slurp("$stem.err"));
}

sub spawn {
    my ($stem, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    # prefork passes its signals on to its process group, which must not be the test's.
    setpgrp;
    open STDOUT, '>', "$stem.out" or POSIX::_exit(126);
    open STDERR, '>', "$stem.err" or POSIX::_exit(126);
    exec { $command[0] } @command or POSIX::_exit(127);
}

# start(ports => N, text => CODE or STRING, OPTIONS): CODE gets the ports. Dies, with its messages, when httpd does
# not come up.
sub start {
    my ($class, %option) = @_;
    my @ports = map { Atl::Backends::free_port() } 1 .. $option{ports} // 1;
    my $text = ref $option{text} ? $option{text}->(@ports) : $option{text};
    my ($main, $file, $stem) = write_config(\%option, $text);
    my $pid = spawn($stem, @{ $option{through} // [] }, Atl::Httpd::httpd(), '-f', $main, '-D', 'FOREGROUND');
    my $self = bless { pid => $pid, ports => \@ports, stem => $stem, file => $file }, $class;
    $running{$pid} = $$;
    my $deadline = time + $START_SECONDS;
    until (-s "$stem.pid" && IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $ports[0])) {
        my $gone = waitpid($pid, WNOHANG) == $pid;
        delete $running{$pid} if $gone;
        die "httpd did not start:\n" . Atl::Backends::slurp("$stem.err") . Atl::Backends::slurp("$stem.error_log")
            if $gone || time > $deadline;
        sleep 0.02;
    }
    return $self;
}

sub port {
    my ($self, $n) = @_;
    return $self->{ports}[$n // 0];
}

sub pid {
    return $_[0]{pid};
}

# The file that holds the configuration text: change it, then signal USR1, for a reload.
sub file {
    return $_[0]{file};
}

sub error_log {
    return "$_[0]{stem}.error_log";
}

sub signal {
    my ($self, $name) = @_;
    kill $name, $self->{pid};
    return;
}

# children(): the process numbers of httpd's children.
sub children {
    my ($self) = @_;
    return split ' ', Atl::Backends::slurp("/proc/$self->{pid}/task/$self->{pid}/children") // '';
}

# stop(): ends it and returns the lines of its error log (and of stderr) that need an explanation.
sub stop {
    my ($self) = @_;
    my $pid = $self->{pid};
    if ($running{$pid}) {
        Atl::Httpd::settle($pid);
        kill 'TERM', $pid;
        my $deadline = time + $STOP_SECONDS;
        until (waitpid($pid, WNOHANG) != 0) {
            if (time > $deadline) {
                kill 'KILL', $pid;
                waitpid $pid, 0;
                return 'httpd did not stop when told to';
            }
            sleep 0.02;
        }
        delete $running{$pid};
    }
    return Atl::Log::suspicious(Atl::Backends::slurp("$self->{stem}.err") . Atl::Backends::slurp($self->error_log));
}

END {
    local $?;
    kill 'TERM', $_ for grep { $running{$_} == $$ } keys %running;
}

1;
