# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Test;

# What a test file needs, beside its own concern:
#
#   use Atl::Test;                                   # with it comes all of Test::More
#   expect_log(qr/AH00957/, 'nobody listens there'); # must appear; allow_log: may appear
#   my $r = request('NAME', GET => '/jira/echo', headers => ['X-A: 1']);
#   is($r->{status}, 200);  is($r->echo->{requestURI}, '/jira/echo');
#   done_testing;
#
# The file fails on any other line of level warn and above that httpd logged meanwhile.

use strict;
use warnings;

use Test::More ();
use Time::HiRes qw(sleep time);

use Atl::Backends ();
use Atl::Httpd ();
use Atl::Log ();
use Atl::Raw ();
use Atl::Server ();

my @OWN = qw(expect_log allow_log done_testing request get vhost_port backend_port raw websocket mpm unique configtest wait_until);
my $LOG_SECONDS = $ENV{ATL_LOG_SECONDS} // 60;

my $window_start;
my $main_process = $$;
my $judged;
my @expected;
my @allowed;

sub import {
    my ($class) = @_;
    my $caller = caller;
    strict->import;
    warnings->import;
    no strict 'refs';
    for my $name (@Test::More::EXPORT) {
        # No $TODO: what is known to fail is not in this suite.
        next if $name !~ /^\w+$/ || grep { $_ eq $name } @OWN;
        *{"${caller}::$name"} = \&{"Test::More::$name"};
    }
    *{"${caller}::$_"} = \&{"Atl::Test::$_"} for @OWN;
    $window_start //= Atl::Log::size();
    return;
}

# expect_log(PATTERN, REASON): a line of the error log that belongs to what is tested; its absence is a failure.
sub expect_log {
    my ($pattern, $reason) = @_;
    die "expect_log wants a reason\n" if !$reason;
    push @expected, { pattern => $pattern, reason => $reason, seen => 0 };
    return;
}

# allow_log(PATTERN, REASON): the same, but it may be absent. Only for what depends on timing.
sub allow_log {
    my ($pattern, $reason) = @_;
    die "allow_log wants a reason\n" if !$reason;
    push @allowed, $pattern;
    return;
}

# The last call of a file: judges the log, then ends the plan.
sub done_testing {
    judge();
    Test::More::done_testing();
    return;
}

sub unexpected {
    my ($end) = @_;
    my @bad;
    for my $line (Atl::Log::suspicious(Atl::Log::read_from($window_start, $end))) {
        my @match = grep { $line =~ $_->{pattern} } @expected;
        $_->{seen}++ for @match;
        push @bad, $line if !@match && !grep { $line =~ $_ } @allowed;
    }
    return @bad;
}

sub judge {
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    # A log line can be written after its answer was sent; the one expected is waited for.
    wait_until(sub { unexpected(); !grep { !$_->{seen} } @expected }, $LOG_SECONDS);
    $_->{seen} = 0 for @expected;
    my $end = Atl::Log::size();
    my @bad = unexpected($end);
    $judged = 1;
    Atl::Log::note_window($window_start, $end);
    Test::More::ok(!@bad, 'nothing unexpected in the error log') or Test::More::diag(map { "$_\n" } @bad);
    Test::More::ok($_->{seen}, "in the error log: $_->{pattern} ($_->{reason})") for @expected;
    return;
}

# A file that ends without done_testing (or with a plan of its own) is judged all the same.
END {
    if ($$ == $main_process && defined $window_start && !$judged) {
        my $end = Atl::Log::size();
        my @bad = unexpected($end);
        Atl::Log::note_window($window_start, $end);
        if (@bad) {
            Test::More::diag("unexpected in the error log:\n", map { "  $_\n" } @bad);
            $? ||= 255;
        }
    }
}

# wait_until(CODE, SECONDS): asks until CODE says true; returns that, or false at the deadline.
sub wait_until {
    my ($code, $seconds) = @_;
    my $deadline = time + ($seconds // 120);
    while (1) {
        my $answer = $code->();
        return $answer if $answer;
        return 0 if time > $deadline;
        sleep 0.02;
    }
}

# vhost_port(NAME): the port Apache::Test gave to <VirtualHost NAME>.
sub vhost_port {
    my ($name) = @_;
    my %port = map { split /=/ } split / /, $ENV{ATL_VHOSTS};
    return $port{$name} // die "no <VirtualHost $name> in t/conf/vhosts\n";
}

# backend_port(NAME): where a backend listens, e.g. jira, jira-http, git.
sub backend_port {
    my ($name) = @_;
    return Atl::Backends::ports($ENV{ATL_BACKENDS})->{$name} // die "backend $name does not run\n";
}

sub mpm {
    return $ENV{ATL_MPM};
}

my $unique = 0;

# unique(WORD): a name nobody else uses, not even another run at the same backends (ids of /slow and /upload).
sub unique {
    return join '-', $_[0], mpm(), $$, ++$unique;
}

# raw(VHOST or PORT): a connection for exact bytes, see Atl::Raw.
sub raw {
    my ($where, @option) = @_;
    return Atl::Raw->connect($where =~ /^\d+$/ ? $where : vhost_port($where), @option);
}

# websocket(VHOST or PORT, HOST[, TARGET]): asks for one as Firefox does; the connection, and the head of the answer.
sub websocket {
    my ($where, $host, $target) = @_;
    $target //= '/synchrony/v1/bayeux-sync1';
    my $c = raw($where)->send(join "\r\n", "GET $target HTTP/1.1", "Host: $host", 'Connection: keep-alive, Upgrade',
        'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', '');
    return ($c, $c->head);
}

# request(VHOST or PORT, METHOD => TARGET, host => ..., headers => ['N: v'], body => ..., version => '1.1'):
# one request on a connection of its own. The target goes out as it is.
sub request {
    my ($where, $method, $target, %option) = @_;
    my $port = $where =~ /^\d+$/ ? $where : vhost_port($where);
    my @head = ("$method $target HTTP/" . ($option{version} // '1.1'), 'Host: ' . ($option{host} // "127.0.0.1:$port"),
        'Connection: close', @{ $option{headers} // [] });
    push @head, 'Content-Length: ' . length $option{body} if defined $option{body};
    my $connection = Atl::Raw->connect($port);
    $connection->send(join("\r\n", @head, '', '') . ($option{body} // ''));
    my $response = $connection->response(method => $method) // die "$method $target: closed without an answer\n";
    $connection->close;
    return $response;
}

sub get {
    my ($where, $target, @option) = @_;
    return request($where, 'GET', $target, @option);
}

# configtest([OPTIONS,] TEXT, ARGUMENTS...): httpd -t on a configuration; returns exit status, stdout, stderr and the
# file that holds TEXT. Options: { order =>, module =>, modules => } as of Atl::Server.
sub configtest {
    my $option = ref $_[0] ? shift : {};
    my ($text, @arguments) = @_;
    my ($main, $file, $stem) = Atl::Server::write_config($option, $text);
    return (Atl::Server::run_captured($stem, Atl::Httpd::httpd(), '-t', '-f', $main, @arguments), $file);
}

1;
