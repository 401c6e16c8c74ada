# Applications that misbehave, die or are slow, and clients that do: what is answered, what is logged, and that
# everybody else is served meanwhile. The misbehaving application is a stand-in, played here; the neighbour is real.
use Atl::Test;

use Socket qw(SOL_SOCKET SO_RCVBUF);

use Atl::Backends ();
use Atl::Clients 'connection';
use Atl::Fault;
use Atl::Pattern;
use Atl::Server;
use Atl::StandIn qw(request_head answer ended reset_connection);
use Atl::Tomcat;

my $app = Atl::StandIn->listen;
my $wiki = backend_port('confluence-http');
my $own = Atl::Tomcat->start('bamboo:/bamboo');

my $processes = mpm() eq 'prefork' ? 'MaxRequestWorkers 20'
    : "StartServers 1\nServerLimit 2\nThreadsPerChild 25\nMaxRequestWorkers 50\nMaxSpareThreads 50";
my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
$processes
<VirtualHost *:$_[0]>
    ServerName http://people.example.test
    AtlassianApp jira http://127.0.0.1:@{[$app->port]}/jira timeout=600
    AtlassianApp crowd http://127.0.0.1:@{[$app->port]}/crowd timeout=1
    AtlassianApp bamboo http://127.0.0.1:@{[$own->port]}/bamboo
    AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=off
</VirtualHost>
END

my $NEIGHBOUR = '/wiki/echo';
my $count = 0;

# asked(PATH): a client that has asked, and the connection on which the stand-in has read that.
sub asked {
    my ($path, @headers) = @_;
    my $client = raw($server->port);
    $client->send(join "\r\n", "GET $path HTTP/1.1", 'Host: people.example.test', @headers, '', '');
    my $connection = $app->accept;
    request_head($connection);
    return ($client, $connection);
}

# outcome(CLIENT): the status, or that the answer broke off.
sub outcome {
    my ($client) = @_;
    my $r = eval { $client->response };
    return $r ? $r->{status} : $@ ? 'broken off' : 'no answer';
}

# The neighbour answers now, and each request of many gets its own answer.
sub afterwards {
    my ($case, $before) = @_;
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    my $mine = 'token-' . ++$count;
    my ($client, $connection) = asked("/jira/x?$mine");
    $connection->send(answer($mine, 'Connection: close'));
    $case->ok('application served again', ($client->response // {})->{body} eq $mine);
    $connection->close;
    $case->bounded($server, $before);
    return;
}

# ---------------------------------------------------------------------------------------------- what is no answer

# Name, bytes, what the client gets, log.
my @BYTES = (
    ['random bytes',                    "\x00\x16\xff\xfe garbage\r\n" x 20, 502, qr/ATLP0721/],
    ['another protocol (SSH)',          "SSH-2.0-OpenSSH_9.2\r\n",           502, qr/ATLP0721/],
    ['HTML without a head (HTTP/0.9)',  "<html>Ready</html>\n",              502, qr/ATLP0721/],
    ['a status that is no number',      "HTTP/1.1 abc\r\n\r\n",              502, qr/ATLP0721/],
    ['HTTP/2 without being asked',      "HTTP/2.0 200 OK\r\n\r\n",           502, qr/ATLP0721/],
    ['half a status line, then the end', 'HTTP/1.1 2',                       502, qr/AH01102/],
    ['half a head, then the end',       "HTTP/1.1 200 OK\r\nX-A",            502, qr/AH10404/],
    ['nothing, then the end',           '',                                  502, qr/AH01102/],
    ['a header line without a colon',   "HTTP/1.1 200 OK\r\nwhat\r\n\r\n",   502, qr/AH01106/],
    ['one header line without an end',  "HTTP/1.1 200 OK\r\nX-A: " . 'v' x 70_000, 502, qr/AH10404/],
    ['a negative Content-Length',       "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcdefgh", 502, qr/AH01587/],
    ['chunks that are none',            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", 502, qr/AH01590/],
    ['half a body by Content-Length',   "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", 'broken off', qr/AH01110/],
    ['half a body in chunks',           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", 'broken off', qr/AH01110/],
);
for my $row (@BYTES) {
    my ($name, $bytes, $wanted, $log) = @$row;
    fault "backend sends $name" => sub {
        my ($case) = @_;
        my $before = footprint($server);
        my $from = -s $server->error_log;
        my ($client, $connection) = asked('/jira/x');
        # httpd may have seen enough before all is sent.
        eval { $connection->send($bytes) };
        $connection->close;
        $case->is('client gets', outcome($client), $wanted);
        $case->logged($server, $log, undef, $from);
        afterwards($case, $before);
    };
}

fault 'backend sends headers without end' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $from = -s $server->error_log;
    my ($client, $connection) = asked('/jira/x');
    my $sent = 0;
    my $piece = join '', map { "X-$_: " . ('v' x 1000) . "\r\n" } 1 .. 100;
    eval {
        $connection->send("HTTP/1.1 200 OK\r\n");
        $sent += length $piece while $sent < 256 << 20 && $connection->send($piece);
    };
    $case->ok('httpd breaks off', $sent < 256 << 20);
    $case->is('client gets', outcome($client), 502);
    $case->logged($server, qr/ATLP0720/, undef, $from);
    afterwards($case, $before);
};

fault 'backend sends interim answers without end' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $from = -s $server->error_log;
    my ($client, $connection) = asked('/jira/x');
    my $sent = 0;
    my $piece = "HTTP/1.1 102 Processing\r\n\r\n" x 1000;
    eval { $sent += length $piece while $sent < 256 << 20 && $connection->send($piece) };
    $case->ok('httpd breaks off', $sent < 256 << 20);
    $case->is('client gets', outcome($client), 502);
    $case->logged($server, qr/AH00898: Too many \(10\) interim responses/, 'AH00898', $from);
    afterwards($case, $before);
};

fault 'backend sends more than its Content-Length, made up as an answer' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my ($client, $connection) = asked('/jira/first');
    $connection->send(answer('first') . answer('FOREIGN'));
    $case->is('client gets', ($client->response // {})->{body}, 'first');
    # The next request takes a new connection, not what is left on this one.
    $client->send("GET /jira/second HTTP/1.1\r\nHost: people.example.test\r\n\r\n");
    my $next = $app->accept;
    request_head($next);
    $next->send(answer('second', 'Connection: close'));
    $case->is('the next client gets', ($client->response // {})->{body}, 'second');
    $case->ok('the poisoned connection is closed', ended($connection));
    $case->logged($server, qr/AH03408/);
    $connection->close;
    $next->close;
    afterwards($case, $before);
};

fault 'backend breaks off in the middle of a body with RST' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $from = -s $server->error_log;
    my ($client, $connection) = asked('/jira/x');
    $connection->send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
    # What was sent has gone on before the connection breaks.
    my $head = $client->head;
    my $begun = $client->read_exactly(5);
    reset_connection($connection);
    $case->is('client gets', $begun, 'begun');
    $case->ok('the client sees that it is incomplete', !defined eval { $client->read_exactly(95) });
    $case->logged($server, qr/AH01110/, undef, $from);
    afterwards($case, $before);
};

# ---------------------------------------------------------------------------------------------- slow, silent, dead

fault 'backend accepts and never answers' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my ($client, $connection) = asked('/crowd/x');
    $case->recovers($server, $NEIGHBOUR, 'neighbour served meanwhile');
    $case->is('client gets after timeout=', outcome($client), 503);
    $case->ok('its connection is closed', ended($connection));
    $case->logged($server, qr/ATLP1017/);
    $connection->close;
    afterwards($case, $before);
};

fault 'backend accepts a POST and never answers' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $client = raw($server->port);
    $client->send("POST /crowd/x HTTP/1.1\r\nHost: people.example.test\r\nContent-Length: 4\r\n\r\nbody");
    my $connection = $app->accept;
    request_head($connection);
    $case->is('it has the body', $connection->read_exactly(4), 'body');
    # 503 would invite a client to send again what may have been done.
    $case->is('client gets after timeout=', outcome($client), 502);
    $case->ok('it is not sent again', !IO::Select->new($app->{socket})->can_read(0));
    $connection->close;
    afterwards($case, $before);
};

fault 'backend trickles one byte at a time' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my ($client, $connection) = asked('/jira/x');
    $connection->send($_) for split //, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n";
    my $got = $client->head;
    my $body = '';
    for my $byte (split //, 'abcdefghijklmnopqrst') {
        $connection->send($byte);
        # The next byte waits until this one has arrived.
        $body .= $client->read_exactly(1);
    }
    $case->is('client gets each byte when it comes', $body, 'abcdefghijklmnopqrst');
    $connection->close;
    afterwards($case, $before);
};

fault 'backend trickles and the client goes' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my ($client, $connection) = asked('/jira/x');
    $connection->send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\na");
    $client->head;
    $client->read_exactly(1);
    reset_connection($client);
    my $gone = wait_until(sub { !eval { $connection->send('b'); 1 } });
    $case->ok('the backend is let go with the client', $gone);
    $connection->close;
    afterwards($case, $before);
};

fault 'backend is killed with a request in flight' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $from = -s $server->error_log;
    my $client = raw($server->port);
    my $id = unique('killed');
    $client->send("GET /bamboo/slow?before=1&id=$id HTTP/1.1\r\nHost: people.example.test\r\n\r\n");
    ok(wait_until(sub { get($own->port, "/bamboo/slow/waiting?id=$id")->json->{waiting} }), 'it is in flight');
    kill 'KILL', Atl::Backends::running_pid($own->{home});
    $case->is('client gets', outcome($client), 502);
    $case->logged($server, qr/AH01102|ATLP1012/, 'AH01102', $from);
    # The system closes its port a moment later.
    ok(wait_until(sub { !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $own->port) }), 'its port is closed');
    $case->is('the next client gets', get($server->port, '/bamboo/echo')->{status}, 503);
    $case->logged($server, qr/ATLP1012/, undef, $from);
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $own->stop;
    $own->launch;
    $case->recovers($server, '/bamboo/echo', 'application served again once it is back');
    $case->bounded($server, $before);
};

# ---------------------------------------------------------------------------------------------- clients

fault 'client goes while the backend works' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my ($client, $connection) = asked('/jira/x');
    reset_connection($client);
    # httpd notices when it has something to send.
    eval { $connection->send(answer('x' x 1_000_000)) };
    $case->ok('its connection is not used for another request', ended($connection));
    $connection->close;
    afterwards($case, $before);
};

fault 'client goes in the middle of an upload' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $from = -s $server->error_log;
    my $client = raw($server->port);
    $client->send("POST /jira/x HTTP/1.1\r\nHost: people.example.test\r\nContent-Length: 1000000\r\n\r\n" . 'x' x 50_000);
    my $connection = $app->accept;
    request_head($connection);
    $connection->read_exactly(50_000);
    reset_connection($client);
    # An application must not take half an upload for a whole one.
    $case->ok('the backend sees the upload end early', ended($connection));
    $case->logged($server, qr/AH02608/, 'AH02608', $from);
    $connection->close;
    afterwards($case, $before);
};

fault 'client reads one byte at a time' => sub {
    my ($case) = @_;
    my $before = footprint($server);
    my $socket = IO::Socket::INET->new(Proto => 'tcp') or die $!;
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack 'i', 4096;
    $socket->connect(Socket::pack_sockaddr_in($server->port, Socket::inet_aton('127.0.0.1'))) or die $!;
    my $bytes = 48 << 20;
    syswrite $socket, "GET /wiki/download?bytes=$bytes HTTP/1.1\r\nHost: people.example.test\r\n\r\n";
    my $head = '';
    while ($head !~ /\r\n\r\n\z/) {
        sysread $socket, $head, 1, length $head or die "no head: $head\n";
    }
    my $some = '';
    for (1 .. 100) {
        sysread $socket, $some, 1, length $some or die;
        $case->{quick}++ if get($server->port, "$NEIGHBOUR?n=$_")->{status} == 200;
    }
    $case->is('others served between its bytes', $case->{quick}, 100);
    $case->bounded($server, $before);
    my $client = Atl::Raw->connect($socket);
    $case->ok('then it gets the rest, unchanged', $some . $client->read_exactly($bytes - 100) eq Atl::Pattern::bytes(0, $bytes));
    afterwards($case, $before);
};

my @bad = grep { !/:(?:warn|error)\] .*(?:AH\d{5}|ATLP\d{4})/ } $server->stop;
is_deeply(\@bad, [], 'no crash, nothing that has no number');
done_testing;
