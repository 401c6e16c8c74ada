# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Server;

# An httpd of a test's own, beside the shared one: another module list, another start or end.
#
#   my $server = Atl::Server->start(text => "...", order => 'last', ports => 2);   # @1@ and @2@ in text are its ports
#   request($server->port(1), GET => '/');
#   my $log = $server->stop;              # what it logged at level warn and above, start and stop included

use strict;
use warnings;

use IO::Socket::INET ();
use POSIX ();

use Atl::Backends ();
use Atl::Httpd ();
use Atl::Log ();
use Atl::Run ();

my $count = 0;

sub free_port {
    my ($first, $last) = Atl::Backends::port_range();
    for (1 .. 500) {
        my $port = $first + int rand($last - $first + 1);
        my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1)
            or next;
        close $socket;
        return $port;
    }
    die "no free port between $first and $last\n";
}

# start(text => CONFIGURATION, ports => N, order => first|middle|last, module => '' for none): a running httpd.
sub start {
    my ($class, %option) = @_;
    my $base = "$ENV{ATL_LOGS}/server-$$-" . ++$count;
    my @ports = map { free_port() } 1 .. $option{ports} // 1;
    my $module = $option{module} // $ENV{TEST_MODULE};
    my @list = Atl::Run::module_list($ENV{ATL_MPM}, $module, $option{order} // $ENV{ATL_LOAD_ORDER});
    my $self = bless { base => $base, ports => \@ports, starter => $$ }, $class;
    (my $text = $option{text}) =~ s/\@(\d+)\@/$ports[$1 - 1]/g;
    Atl::Backends::spew("$base.conf", join '', qq{ServerRoot "$ENV{ATL_STAGED}/t"\nServerName localhost\n},
        qq{DefaultRuntimeDir "$ENV{ATL_LOGS}"\nPidFile "$base.pid"\nErrorLog "$base.log"\nLogLevel info\n},
        Atl::Httpd::load_lines(@list), Atl::Httpd::user_lines(),
        qq{TypesConfig /dev/null\n<IfModule ssl_module>\n SSLSessionCache "shmcb:$base.ssl(65536)"\n</IfModule>\n},
        qq{<Directory "/">\n Require all granted\n</Directory>\nDocumentRoot "$ENV{ATL_STAGED}/t/htdocs"\n},
        map({ "Listen 127.0.0.1:$_\n" } @ports), $text, "\n");
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        open STDERR, '>', "$base.err";
        exec { Atl::Httpd::httpd() } Atl::Httpd::httpd(), '-f', "$base.conf", '-DFOREGROUND' or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $self->wait_ready;
    return $self;
}

# Ready when its port answers; its end before that is an error with what it said.
sub wait_ready {
    my ($self) = @_;
    for (1 .. 1000) {
        return if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{ports}[0], Timeout => 1);
        if (waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid}) {
            delete $self->{pid};
            die "httpd did not start: ", Atl::Backends::slurp("$self->{base}.err") // '', $self->log, "\n";
        }
        select undef, undef, undef, 0.02;
    }
    die "httpd does not answer: ", $self->log, "\n";
}

sub port {
    my ($self, $n) = @_;
    return $self->{ports}[($n // 1) - 1];
}

sub pid {
    return $_[0]{pid};
}

sub log {
    my ($self) = @_;
    return Atl::Backends::slurp("$self->{base}.log") // '';
}

# stop([SIGNAL]): ends it and returns the lines that need an explanation (see Atl::Log), joined.
sub stop {
    my ($self, $signal) = @_;
    if (my $pid = delete $self->{pid}) {
        kill $signal // 'TERM', $pid;
        waitpid $pid, 0;
    }
    return join "\n", Atl::Log::suspicious($self->log);
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $!, $@);
    $self->stop if $self->{pid} && $$ == $self->{starter};
    return;
}

1;
