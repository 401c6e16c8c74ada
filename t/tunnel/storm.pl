# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# Restarts of all kinds while clients come and go, to be compared with the same without the module
# (the event MPM has a crash of its own at hard stops). Not part of the suite.
# Usage: TEST_MODULE=... storm.pl [without] RESTARTS
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Time::HiRes qw(sleep);
use Tunnel;

my $without = @ARGV && $ARGV[0] eq 'without' && shift;
my $restarts = shift || 50;

start_rogue();
start_httpd(without_module => $without, ws => 'idle:3600,grace:2');

my @clients;
for my $n (1 .. 6) {
    my $pid = fork();
    if (!$pid) {
        srand $n;
        while (1) {
            eval {
                local $SIG{ALRM} = sub { die "late\n" };
                alarm 5;
                my $s = $n % 2 ? plain_client() : tls_client(version => $n % 4 ? 'TLSv1_3' : 'TLSv1_2');
                upgrade($s, $n % 3 ? '/echo' : '/tls/echo');
                for (1 .. 1 + rand 3) { print {$s} frame('storm'); $s->flush; read_frame($s) }
                if (rand() < 0.5) { print {$s} frame("\x03\xe8", first => 0x88); $s->flush; read_to_end($s) }
                rand() < 0.5 ? $s->close : reset_socket($s);
                alarm 0;
            };
            alarm 0;
            sleep 0.05 if $@;
        }
    }
    push @clients, $pid;
}

my %done;
for (1 .. $restarts) {
    my $starts = log_count(qr/resuming normal operations/);
    my $kind = rand() < 0.6 ? 'HUP' : rand() < 0.7 ? 'USR1' : 'TERM';
    sleep 0.25 + rand 0.45;
    $done{$kind}++;
    if ($kind eq 'TERM') {
        stop_httpd();
        start_httpd(without_module => $without, ws => 'idle:3600,grace:2');
    }
    else {
        signal_httpd($kind);
        wait_log(qr/resuming normal operations/, $starts + 1, 40);
    }
}
kill 'KILL', @clients;
waitpid $_, 0 for @clients;
stop_httpd();
printf "%s: %s; tunnels ended %d, 101s %d, crashes %d, left to mod_proxy %d\n",
    $without ? 'without module' : 'with module', join(' ', map { "$_ $done{$_}" } sort keys %done),
    log_count(qr/WebSocket ended/), log_count(qr/ 101 /, 'access.log'), log_count(qr/exit signal/),
    log_count(qr/ATLP0303/);
print grep { /exit signal|Assert|corrupted|AddressSanitizer/ } map { "$_\n" } split /\n/, log_text();
