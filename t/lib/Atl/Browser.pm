# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Browser;

# Browsers: each keeps its cookies (name and path, as RFC 6265 has it) and its connection; many of them run at a time,
# each in a process of its own.
#
#   my $b = Atl::Browser->new(port => $port, host => 'teams.example.test');
#   my $r = $b->get('/jira/session');  $b->post('/jira/x', 'a=b');  $b->cookie('JSESSIONID', '/jira')
#
#   my $crowd = Atl::Browser::crowd(50, sub { my ($n, $going, $tell) = @_; ... $tell->({...}) while $going->(); });
#   ...;  my @records = $crowd->finish;      # what each told, in order, by browser

use strict;
use warnings;

use IO::Select;
use JSON::PP ();
use POSIX ();

use Atl::Raw ();

sub new {
    my ($class, %option) = @_;
    return bless { jar => {}, timeout => 120, %option }, $class;
}

sub path_matches {
    my ($path, $cookie_path) = @_;
    return $path eq $cookie_path || $cookie_path eq '/' || index($path, "$cookie_path/") == 0
        || ($cookie_path =~ m{/$} && index($path, $cookie_path) == 0);
}

sub cookie {
    my ($self, $name, $path) = @_;
    return $self->{jar}{"$name $path"};
}

sub set_cookies {
    my ($self, $response, $path) = @_;
    for ($response->values('Set-Cookie')) {
        my ($name, $value) = /^([^=;]+)=([^;]*)/ or next;
        my ($at) = /;\s*path=([^;]*)/i;
        $at = $path =~ s{(.)/[^/]*$}{$1}r if !defined $at || $at !~ m{^/};
        $self->{jar}{"$name $at"} = $value;
    }
    return;
}

sub cookie_header {
    my ($self, $path) = @_;
    my @sent = map { my ($name, $at) = split / /; path_matches($path, $at) ? [length $at, "$name=$self->{jar}{$_}"] : () }
        sort keys %{ $self->{jar} };
    return @sent ? 'Cookie: ' . join('; ', map { $_->[1] } sort { $b->[0] <=> $a->[0] } @sent) : ();
}

# ask(METHOD, TARGET, BODY, HEADERS...): on the open connection if there is one. Dies when there is no answer: nothing
# is sent a second time, although browsers would do that on a kept-alive connection.
sub ask {
    my ($self, $method, $target, $body, @headers) = @_;
    my ($path) = $target =~ /^([^?]*)/;
    my @head = ("$method $target HTTP/1.1", 'Host: ' . ($self->{host} // "127.0.0.1:$self->{port}"),
        $self->cookie_header($path), @headers);
    push @head, 'Content-Length: ' . length $body if defined $body;
    my $connection = delete $self->{connection} // Atl::Raw->connect($self->{port}, timeout => $self->{timeout});
    $connection->send(join("\r\n", @head, '', '') . ($body // ''));
    my $response = $connection->response(method => $method) // die "$method $target: closed without an answer\n";
    $self->{connection} = $connection if ($response->header('Connection') // '') !~ /close/i;
    $self->set_cookies($response, $path);
    return $response;
}

sub get {
    my ($self, $target, @headers) = @_;
    return $self->ask('GET', $target, undef, @headers);
}

sub post {
    my ($self, $target, $body, @headers) = @_;
    return $self->ask('POST', $target, $body, @headers);
}

# ---------------------------------------------------------------------------------------------- many of them

# crowd(N, CODE): N processes; CODE gets its number, a sub that says whether to go on, and one that takes a record.
sub crowd {
    my ($n, $code) = @_;
    pipe my $stay, my $leave or die "pipe: $!\n";
    my @readers;
    my @pids;
    for my $number (1 .. $n) {
        pipe my $in, my $out or die "pipe: $!\n";
        my $pid = fork // die "fork: $!\n";
        if ($pid == 0) {
            close $_ for $in, $leave, @readers;
            my $gate = IO::Select->new($stay);
            $out->autoflush(1);
            my $tell = sub { print {$out} JSON::PP::encode_json($_[0]), "\n" };
            eval { $code->($number, sub { !$gate->can_read(0) }, $tell); 1 } or $tell->({ error => "$@" });
            POSIX::_exit(0);
        }
        close $out;
        push @readers, $in;
        push @pids, $pid;
    }
    close $stay;
    return bless { leave => $leave, readers => \@readers, pids => \@pids, text => [('') x $n] }, 'Atl::Browser::Crowd';
}

package Atl::Browser::Crowd;

# read_some(SECONDS): what there is, or comes within that time.
sub read_some {
    my ($self, $seconds) = @_;
    my %number = map { fileno $self->{readers}[$_] => $_ } 0 .. $#{ $self->{readers} };
    for my $in (IO::Select->new(@{ $self->{readers} })->can_read($seconds)) {
        my $n = $number{ fileno $in };
        sysread $in, $self->{text}[$n], 65536, length $self->{text}[$n];
    }
    return;
}

# until_each(MORE): waits until each browser has told MORE records more; false when it takes too long.
sub until_each {
    my ($self, $more, $seconds) = @_;
    $self->read_some(0);
    my @goal = map { $more + tr/\n// } @{ $self->{text} };
    my $deadline = time + ($seconds // 300);
    while (grep { $goal[$_] > ($self->{text}[$_] =~ tr/\n//) } 0 .. $#goal) {
        $self->read_some(0.1);
        return 0 if time > $deadline;
    }
    return 1;
}

# finish(): ends it; the records of each browser, as lists.
sub finish {
    my ($self) = @_;
    close $self->{leave};
    for my $n (0 .. $#{ $self->{readers} }) {
        1 while sysread $self->{readers}[$n], $self->{text}[$n], 65536, length $self->{text}[$n];
    }
    waitpid $_, 0 for @{ $self->{pids} };
    return map { [map { JSON::PP::decode_json($_) } split /\n/] } @{ $self->{text} };
}

1;
