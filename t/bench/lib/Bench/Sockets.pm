# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Sockets;

# WebSockets held open while pages are asked for; what an echo and a gigabyte through one of them costs.

use strict;
use warnings;

use Bench::Check ();
use Bench::Peer ();
use Bench::Round qw(rounds);
use Bench::Run qw(backend client plan say_progress setting sockets order);

my $PATH = '/synchrony/v1/bayeux-sync1';

# run(): { held => { HOW => { KIND => [{ sockets =>, p50 =>, p99 =>, memory => }, ...] } }, stall => { HOW => { KIND => N } },
#          echo => { HOW => { KIND => { cost => [...], p50 => [...], p99 => [...] } } }, gigabyte => { HOW => { KIND => [s] } } }
sub run {
    my @kinds = (setting('quick') ? () : 'recipe', qw(modern module nginx haproxy));
    my %result = (kinds => \@kinds, most => setting('quick') ? 300 : 5000);
    for my $how (qw(plain tls)) {
        for my $kind (@kinds) {
            say_progress("WebSockets held by $kind, $how");
            my $peer = peer($kind, $how);
            ($result{held}{$how}{$kind}, $result{stall}{$how}{$kind}) = hold($peer, $how, $result{most});
            $peer->stop;
        }
        say_progress("WebSocket echoes, $how");
        my %peers = map { $_ => peer($_, $how) } @kinds;
        $result{echo}{$how} = echoes(\%peers, $how);
        $result{gigabyte}{$how} = gigabyte(\%peers, $how);
        $_->stop for values %peers;
    }
    return \%result;
}

sub peer {
    my ($kind, $how) = @_;
    my $peer = Bench::Peer->start($kind, { apps => [['/wiki', backend()]], sockets => backend(), listen => [$how] });
    Bench::Check::headers($peer, $how, '/wiki');
    return $peer;
}

# hold(PEER, HOW, MOST): ever more of them; what pages take meanwhile; how many were open when nothing more was
# answered, if that happened.
sub hold {
    my ($peer, $how, $most) = @_;
    my $page = plan(backend(), 'GET /wiki/bytes/16384 0');
    my $requests = setting('quick') ? 50 : 300;
    my @steps = grep { $_ <= $most } 100, 140, 300, 1000, 2000, 5000;
    my @held;
    client($peer->port($how), $how, 16, 500, $page); # memory once used stays
    my $first = $peer->memory;
    my $it = sockets($peer->port($how), $how, $PATH);
    my $open = 0;
    my $ok = eval {
        push @held, look($peer, $how, $page, $requests, 0, $first);
        for my $step (@steps) {
            order($it, 'open ' . ($step - $open));
            $open = $step;
            push @held, look($peer, $how, $page, $requests, $open, $first);
        }
        # All alive to the last.
        order($it, 'all')->{echoes} == $open or die "not all echoed\n";
        1;
    };
    my $error = $@;
    close $it->{to};
    waitpid $it->{pid}, 0;
    return (\@held, undef) if $ok;
    # The next request, this one for a WebSocket, is not answered: pages would not be either.
    return (\@held, $1) if $error =~ /nothing for \d+ s with (\d+) open/;
    die $peer->title . ", $how: $error";
}

sub look {
    my ($peer, $how, $page, $requests, $open, $first) = @_;
    my $got = client($peer->port($how), $how, 1, $requests, $page);
    return { sockets => $open, p50 => $got->{p50_us}, p99 => $got->{p99_us},
        memory => $open ? ($peer->memory - $first) / $open : 0 };
}

# One socket, small messages there and back, one after the other.
sub echoes {
    my ($peers, $how) = @_;
    my $count = setting('quick') ? 2000 : 10000;
    my (%cost, %p50, %p99);
    my $socket = hold_one($peers, $how);
    my $cost = rounds($peers, $count / 1e6, sub {
        my ($peer, $round) = @_;
        my $got = order($socket->{ $peer->{kind} }, "echo $count 64");
        return if !$round;
        push @{ $p50{ $peer->{kind} } }, $got->{p50_us};
        push @{ $p99{ $peer->{kind} } }, $got->{p99_us};
    }, 0);
    let_go($socket);
    return { cost => $cost, p50 => \%p50, p99 => \%p99 };
}

# Messages of 64 KiB; seconds of CPU for a gigabyte, both directions together.
sub gigabyte {
    my ($peers, $how) = @_;
    my $count = setting('quick') ? 400 : 3000;
    my $socket = hold_one($peers, $how);
    my $cost = rounds($peers, 2 * $count * 65536 / 1e9,
        sub { order($socket->{ $_[0]{kind} }, "echo $count 65536") }, 0);
    let_go($socket);
    return $cost;
}

sub hold_one {
    my ($peers, $how) = @_;
    my %socket = map { $_ => sockets($peers->{$_}->port($how), $how, $PATH) } keys %$peers;
    order($_, 'open 1') for values %socket;
    return \%socket;
}

sub let_go {
    my ($socket) = @_;
    for my $it (values %$socket) {
        close $it->{to};
        waitpid $it->{pid}, 0;
    }
    return;
}

1;
