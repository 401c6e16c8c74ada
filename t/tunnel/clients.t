# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# Real peers: npm's ws at both ends, and a page in Chromium. t/tunnel/run installs ws.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Tunnel;

-d(($ENV{NODE_PATH} // "") . "/ws") or die "npm's ws is missing: run t/tunnel/run\n";
my $chromium = $ENV{CHROMIUM} || '/usr/bin/chromium';
-x $chromium or die "no Chromium at $chromium\n";

start_rogue();
start_httpd();
my $server = fork();
if (!$server) {
    exec('node', root() . '/peer/server.js', port('peer')) or POSIX::_exit(127);
}
wait_for('the ws server', sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . port('peer')) });

sub client
{
    my ($scheme, $what) = @_;
    my $url = "$scheme://127.0.0.1:" . port($scheme eq 'wss' ? 'tls' : 'plain') . '/peer/x';

    chomp(my $line = qx(timeout 300 node @{[root()]}/peer/client.js $url $what));
    return $line;
}

for my $scheme ('ws', 'wss') {
    is(client($scheme, 'noise'), 'same permessage-deflate', "$scheme: 16 MiB message, permessage-deflate");
    is(client($scheme, 'plain'), 'same ', "$scheme: 16 MiB message, no extension");
    is(client($scheme, 'fragments'), 'same pongs 50', "$scheme: 50 fragments, 50 pings between them");
    is(client($scheme, 'text'), '200 texts', "$scheme: texts");
    is(client($scheme, 'close'), 'close 3333 my reason', "$scheme: the client's close code and reason");
    is(client($scheme, 'closed'), 'close 4000 as you like', "$scheme: the server's");
    is(client($scheme, 'terminated'), 'close 1006 ', "$scheme: a connection that breaks off");
}

sub page
{
    my ($url) = @_;
    my $profile = dir() . '/chromium';

    chomp(my $line = qx(timeout 300 node @{[root()]}/peer/browser.js $chromium $profile $url));
    return $line;
}

is(page('http://127.0.0.1:' . port('plain') . '/peer/page'), 'closed 1000 true n=100', 'Chromium, plain');
is(page('https://127.0.0.1:' . port('tls12') . '/peer/page'), 'closed 1000 true n=100', 'Chromium, TLS');
wait_log(qr/WebSocket ended/, 16);

kill 'TERM', $server;
waitpid $server, 0;
stop_httpd();
is(log_count(qr/WebSocket ended/), 16, 'all of them outside httpd');
is(log_count(qr/ATLP0303/), 0, 'none was left to mod_proxy');
is(join("\n", unused_log_lines(qr/ATLP0307/)), '', 'nothing else in the log');
done_testing();
