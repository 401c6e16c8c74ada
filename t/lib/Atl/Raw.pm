# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Raw;

# An HTTP/1 client that sends exactly the bytes it is given, and reads answers with a deadline on everything.
#
#   my $c = Atl::Raw->connect($port);
#   $c->send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
#   my $r = $c->response;                 # HEAD has no body: $c->response(method => 'HEAD')
#   $r->{status} $r->{reason} $r->{body} $r->{trailers} $r->{interim}   $r->header('Location')

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Time::HiRes 'time';

# connect(PORT or HANDLE[, timeout => SECONDS]): the timeout holds for each later call.
sub connect {
    my ($class, $where, %option) = @_;
    my $socket = ref $where ? $where
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $where, Timeout => 60);
    die "connect to $where: $!\n" if !$socket;
    $socket->blocking(1);
    return bless { socket => $socket, buffer => '', timeout => $option{timeout} // 120 }, $class;
}

sub socket {
    return $_[0]{socket};
}

sub send {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $at = 0;
    while ($at < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;
        die "send: $!\n" if !defined $n;
        $at += $n;
    }
    return $self;
}

# No more from us; the answer can still be read.
sub finish {
    my ($self) = @_;
    shutdown $self->{socket}, 1;
    return $self;
}

sub close {
    my ($self) = @_;
    return close $self->{socket};
}

# One read into the buffer: 1 got something, 0 the peer closed. Dies at the deadline.
sub fill {
    my ($self, $deadline) = @_;
    my $left = $deadline - time;
    my $pending = $self->{socket}->can('pending') && $self->{socket}->pending;
    if (!$pending && ($left <= 0 || !IO::Select->new($self->{socket})->can_read($left))) {
        die sprintf "no answer within %s s; so far: %s\n", $self->{timeout}, substr $self->{buffer}, 0, 200;
    }
    my $n = sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer};
    return $n ? 1 : 0;
}

sub take {
    my ($self, $n) = @_;
    return substr $self->{buffer}, 0, $n, '';
}

sub read_exactly {
    my ($self, $n) = @_;
    my $deadline = time + $self->{timeout};
    while (length $self->{buffer} < $n) {
        $self->fill($deadline) or die "the peer closed after @{[length $self->{buffer}]} of $n bytes\n";
    }
    return $self->take($n);
}

# read_until(STRING): up to and with it; undef when the peer closed before the first byte.
sub read_until {
    my ($self, $string) = @_;
    my $deadline = time + $self->{timeout};
    while (index($self->{buffer}, $string) < 0) {
        next if $self->fill($deadline);
        return undef if $self->{buffer} eq '';
        die "the peer closed in the middle: $self->{buffer}\n";
    }
    return $self->take(index($self->{buffer}, $string) + length $string);
}

sub read_to_end {
    my ($self) = @_;
    my $deadline = time + $self->{timeout};
    1 while $self->fill($deadline);
    return $self->take(length $self->{buffer});
}

# True when the peer closes the connection (before the deadline) and sends nothing more.
sub closed {
    my ($self) = @_;
    return $self->{buffer} eq '' && !$self->fill(time + $self->{timeout});
}

sub parse_head {
    my ($text) = @_;
    my ($first, @lines) = split /\r\n/, $text;
    my ($version, $status, $reason) = $first =~ m{^HTTP/(\d\.\d) (\d{3})(?: (.*))?$}
        or die "not a status line: $first\n";
    my %self = (version => $version, status => $status, reason => $reason // '', head => $text);
    $self{headers} = [map { /^([^:]+):\s*(.*?)\s*$/ ? [$1, $2] : die "not a header line: $_\n" } @lines];
    return bless \%self, 'Atl::Raw::Response';
}

# head(): one status line with its headers, whatever its code; undef at the end of the connection.
sub head {
    my ($self) = @_;
    my $text = $self->read_until("\r\n\r\n") // return undef;
    return parse_head($text);
}

# response([method => 'HEAD']): one answer with its body; 1xx ones before it are in {interim}.
sub response {
    my ($self, %option) = @_;
    my @interim;
    while (my $response = $self->head) {
        if ($response->{status} =~ /^1/ && $response->{status} != 101) {
            push @interim, $response;
            next;
        }
        $response->{interim} = \@interim;
        $self->read_body($response, $option{method} // 'GET');
        return $response;
    }
    return undef;
}

sub read_body {
    my ($self, $response, $method) = @_;
    @$response{qw(body trailers)} = ('', []);
    return if $method eq 'HEAD' || $response->{status} =~ /^(?:1|204|304)/;
    if (($response->header('Transfer-Encoding') // '') =~ /chunked/i) {
        $self->read_chunks($response);
    }
    elsif (defined(my $length = $response->header('Content-Length'))) {
        $response->{body} = $self->read_exactly($length);
    }
    else {
        $response->{body} = $self->read_to_end;
    }
    return;
}

sub read_chunks {
    my ($self, $response) = @_;
    while (defined(my $line = $self->read_until("\r\n"))) {
        my ($size) = $line =~ /^([0-9a-fA-F]+)/ or die "not a chunk size: $line";
        last if hex $size == 0;
        $response->{body} .= $self->read_exactly(hex $size);
        $self->read_exactly(2) eq "\r\n" or die "a chunk does not end with CRLF\n";
    }
    while (defined(my $line = $self->read_until("\r\n"))) {
        return if $line eq "\r\n";
        push @{ $response->{trailers} }, [$line =~ /^([^:]+):\s*(.*?)\s*$/];
    }
    die "the peer closed within the trailers\n";
}

package Atl::Raw::Response;

use JSON::PP ();

# header(NAME): all values joined with ", "; undef when there is none.
sub header {
    my ($self, $name) = @_;
    my @values = $self->values($name);
    return @values ? join(', ', @values) : undef;
}

sub values {
    my ($self, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

sub json {
    my ($self) = @_;
    return JSON::PP->new->decode($self->{body});
}

# echo(): the backends' echo; the header list becomes { lower-case name => [values] }.
sub echo {
    my ($self) = @_;
    my $seen = $self->json;
    my %headers;
    push @{ $headers{ lc $_->[0] } }, $_->[1] for @{ $seen->{headers} };
    $seen->{header} = \%headers;
    return $seen;
}

1;
