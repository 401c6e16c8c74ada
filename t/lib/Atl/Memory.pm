# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Memory;

# What httpd's processes need while large bodies pass, from /proc.
#
#   my $memory = Atl::Memory->watch($pid);     # of httpd's first process; without: the common one's
#   ... transfer ...
#   cmp_ok($memory->grown, '<', 64 << 20);     # bytes that the largest child's peak grew by
#   is_deeply([$memory->spool_files], []);     # large files that a child has open

use strict;
use warnings;

use Atl::Backends ();
use Atl::Test ();

sub watch {
    my ($class, $pid) = @_;
    $pid //= int Atl::Backends::slurp("$ENV{ATL_STAGED}/t/logs/httpd.pid");
    my $self = bless { pid => $pid }, $class;
    $self->{before} = $self->peak;
    return $self;
}

sub children {
    my ($self) = @_;
    my @children;
    # One that has just been started listens before it has children.
    Atl::Test::wait_until(sub { @children = split ' ', Atl::Backends::slurp("/proc/$self->{pid}/task/$self->{pid}/children") })
        or die "no children of $self->{pid} to be seen\n";
    return @children;
}

# The largest resident size any child ever had, in bytes: nothing between two looks is missed.
sub peak {
    my ($self) = @_;
    my $peak = 0;
    for my $child ($self->children) {
        my ($kib) = Atl::Backends::slurp("/proc/$child/status") =~ /^VmHWM:\s+(\d+) kB/m or next;
        $peak = $kib * 1024 if $kib * 1024 > $peak;
    }
    die "no VmHWM in /proc\n" if !$peak;
    return $peak;
}

sub grown {
    my ($self) = @_;
    return $self->peak - $self->{before};
}

# What holds a body is a file of its size; logs are no more than one can read, shared memory lives in /dev.
sub spool_files {
    my ($self) = @_;
    my @found;
    for my $fd (map { glob "/proc/$_/fd/*" } $self->children) {
        my $target = readlink $fd or next;
        push @found, $target if $target !~ m{^/(?:dev|SYSV)|_log$} && -f $fd && -s _ >= 1 << 20;
    }
    return @found;
}

1;
