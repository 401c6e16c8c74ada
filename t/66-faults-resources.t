# What httpd itself lacks: a child, descriptors, disk space, shared memory. Others are served, the log says what is
# missing, and it mends by itself.
use Atl::Test;

use Atl::Backends ();
use Atl::Fault;
use Atl::Run ();
use Atl::Server;
use Atl::StandIn qw(request_head answer ended);

my $wiki = backend_port('confluence-http');
my $NEIGHBOUR = '/wiki/echo';

# site(PORT, LINES): two applications on an httpd of few processes.
sub site {
    my ($port, @lines) = @_;
    my $processes = mpm() eq 'prefork' ? "StartServers 2\nMinSpareServers 2\nMaxRequestWorkers 30\n"
        : "StartServers 1\nServerLimit 4\nThreadsPerChild 40\nMinSpareThreads 41\nMaxRequestWorkers 80\nMaxSpareThreads 80\n";
    return join "\n", "Listen 127.0.0.1:$port", $processes, "<VirtualHost *:$port>", 'ServerName http://people.example.test',
        "AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=off", @lines,
        '<Location "/status">', 'SetHandler atlassian-status', '</Location>', '</VirtualHost>', '';
}

# limited(COMMAND): what runs httpd after a shell command such as ulimit.
sub limited {
    return ['sh', '-c', "$_[0]; exec \"\$@\"", 'sh'];
}

sub status_of {
    my ($server) = @_;
    return get($server->port, '/status?json', host => 'people.example.test')->json;
}

# asked(SERVER, APP, PATH): a request that the stand-in has, unanswered.
sub asked {
    my ($server, $app, $path) = @_;
    my $client = raw($server->port);
    $client->send("GET $path HTTP/1.1\r\nHost: people.example.test\r\n\r\n");
    my $connection = $app->accept;
    request_head($connection);
    return ($client, $connection);
}

# What is left of a server's log is explained by the fault itself; a crash is not.
sub ends_well {
    my ($server, $expected) = @_;
    my @bad = grep { !/(?:AH\d{5}|ATLP\d{4}): / || /exit signal (?!$expected)/ } $server->stop;
    is_deeply(\@bad, [], 'no crash, nothing without a number');
    return;
}

fault 'kill -9 of every child of httpd' => sub {
    my ($case) = @_;
    my $app = Atl::StandIn->listen;
    my $server = Atl::Server->start(text => sub {
        site($_[0], "AtlassianApp jira http://127.0.0.1:@{[$app->port]}/jira timeout=600") });
    my @in_flight = map { [asked($server, $app, '/jira/x')] } 1 .. 3;
    my ($jira) = grep { $_->{product} eq 'jira' } @{ status_of($server)->{applications} };
    $case->is('in flight', $jira->{inFlight}, 3);
    my %before = map { $_ => 1 } $server->children;
    kill 'KILL', keys %before;
    $case->ok('their clients see the end', 3 == grep { !defined eval { $_->[0]->response } } @in_flight);
    $case->ok('the backend sees it too', 3 == grep { ended($_->[1]) } @in_flight);
    $case->logged($server, qr/ATLP0722/);
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $case->ok('by other children', !grep { $before{$_} } $server->children);
    # What they had in flight is not counted for ever.
    $case->ok('nothing in flight any more', wait_until(sub {
        ($jira) = grep { $_->{product} eq 'jira' } @{ status_of($server)->{applications} };
        $jira->{inFlight} == 0;
    }));
    my ($client, $connection) = asked($server, $app, '/jira/y');
    $connection->send(answer('mine'));
    $case->is('application served again', $client->response->{body}, 'mine');
    ends_well($server, 'Killed');
};

# A process of prefork holds one connection and never that many descriptors.
fault 'descriptors run out (ulimit -n 64)' => sub {
    my ($case) = @_;
    my $app = Atl::StandIn->listen;
    my $server = Atl::Server->start(through => limited('ulimit -n 64'), text => sub {
        site($_[0], "AtlassianApp jira http://127.0.0.1:@{[$app->port]}/jira timeout=600") });
    $case->recovers($server, $NEIGHBOUR, 'served with few descriptors');
    my $before = footprint($server);
    # Two descriptors each in an httpd that has two processes and room for 80. (Before the second has come by itself,
    # httpd takes it for a failed start and ends.)
    ok(wait_until(sub { 2 == $server->children }), 'httpd is up');
    my %client = map { $_ => raw($server->port) } 1 .. 80;
    $client{$_}->send("GET /jira/x?$_ HTTP/1.1\r\nHost: people.example.test\r\n\r\n") for keys %client;
    my @held;
    $case->logged($server, qr/Too many open files/, 'Too many open files');
    # Those that got through are answered, each with its own number, until nobody is left.
    my %status;
    while (%client) {
        my %by_handle = map { fileno($client{$_}->socket) => $_ } keys %client;
        my $select = IO::Select->new($app->{socket}, map { $_->socket } values %client);
        my @ready = $select->can_read(20) or last;
        for my $handle (@ready) {
            if ($handle == $app->{socket}) {
                my $connection = $app->accept;
                my ($number) = request_head($connection) =~ m{^GET /jira/x\?(\d+)};
                $connection->send(answer("number $number", 'Connection: close'));
                push @held, $connection;
                next;
            }
            my $number = $by_handle{ fileno $handle };
            my $r = eval { $client{$number}->response } || { status => 0, body => $@ };
            $status{ $r->{status} == 200 && $r->{body} ne "number $number" ? 'foreign' : $r->{status} }++;
            delete($client{$number})->close;
        }
    }
    diag(join ' ', map { "$_: $status{$_}" } sort keys %status);
    $case->ok('every client answered', !%client);
    $case->ok('some served', $status{200});
    $case->ok('some told to come again (503)', $status{503});
    $case->is('answers of another request', $status{foreign} // 0, 0);
    $case->ok('nothing else', !grep { !/^(?:200|503)$/ } keys %status);
    $case->recovers($server, $NEIGHBOUR, 'neighbour served once they are gone');
    $case->bounded($server, $before);
    ends_well($server, 'none');
} if mpm() ne 'prefork';

fault 'no space for logs (/dev/full)' => sub {
    my ($case) = @_;
    my $server = Atl::Server->start(text => sub {
        "ErrorLog /dev/full\nLogFormat \"%h %r\" short\nCustomLog /dev/full short\n"
            . site($_[0], 'AtlassianApp jira http://127.0.0.1:1/jira') });
    my $before = footprint($server);
    $case->is('application that is down', get($server->port, '/jira/x')->{status}, 503);
    $case->is('requests answered', scalar(grep { get($server->port, "$NEIGHBOUR?$_")->{status} == 200 } 1 .. 200), 200);
    my ($jira) = grep { $_->{product} eq 'jira' } @{ status_of($server)->{applications} };
    # The log cannot say it, the status page does.
    $case->is('status page says', $jira->{findings}[0]{id}, 'ATLP1012');
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $case->bounded($server, $before);
    $server->stop;
};

fault 'the log cannot grow, then it can (ulimit -f)' => sub {
    my ($case) = @_;
    my $server = Atl::Server->start(through => limited('ulimit -f 64'), text => sub {
        site($_[0], 'AtlassianApp jira http://127.0.0.1:1/jira') });
    my $before = footprint($server);
    my $log = $server->error_log;
    my $size = -1;
    # Each request to what is down is a line or two.
    while ($size < -s $log) {
        $size = -s $log;
        $case->{served} += get($server->port, '/jira/x')->{status} == 503 for 1 .. 20;
        $case->{sent} += 20;
    }
    $case->ok('all answered while the log filled', $case->{served} == $case->{sent});
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    truncate $log, 0;
    get($server->port, '/jira/x');
    $case->logged($server, qr/AH01114/, 'AH01114 as soon as there is space');
    $case->bounded($server, $before);
    ends_well($server, 'none');
};

# Anonymous shared memory of more than so many bytes is refused with ENOMEM, as by a container's or system's limit:
# the scoreboard gets its own, the module not.
my $SECCOMP = <<'END';
require 'syscall.ph';
my @filter = ([0x20, 0, 0, 0], [0x15, 0, 7, &SYS_mmap], [0x20, 0, 0, 40], [0x45, 0, 5, 0x20], [0x45, 0, 4, 0x01],
    [0x20, 0, 0, 24], [0x35, 0, 2, shift], [0x06, 0, 0, 0x00050000 | 12], [0x06, 0, 0, 0x7fff0000], [0x06, 0, 0, 0x7fff0000]);
my $code = join '', map { pack 'SCCL', @$_ } @filter;
my $program = pack 'Sx![P]P', scalar @filter, $code;
syscall(&SYS_prctl, 38, 1, 0, 0, 0) == 0 && syscall(&SYS_prctl, 22, 2, $program) == 0 or die "seccomp: $!\n";
exec { $ARGV[0] } @ARGV;
END

fault 'no shared memory' => sub {
    my ($case) = @_;
    # mod_ssl does not start without its own.
    my @modules = grep { !/^(?:ssl|socache_shmcb|http2)$/ } @Atl::Run::MODULES;
    my $server = Atl::Server->start(through => [$^X, '-e', $SECCOMP, 300_000], modules => \@modules, text => sub {
        site($_[0], 'AtlassianApp jira http://127.0.0.1:1/jira', map { "AtlassianApp fisheye http://127.0.0.1:1/f$_" } 1 .. 30) });
    my $before = footprint($server);
    $case->logged($server, qr/Cannot allocate memory: .*ATLP0501: no shared memory/, 'ATLP0501');
    $case->is('requests answered', scalar(grep { get($server->port, "$NEIGHBOUR?$_")->{status} == 200 } 1 .. 50), 50);
    $case->is('application that is down', get($server->port, '/jira/x')->{status}, 503);
    $case->logged($server, qr/ATLP1012/);
    $case->ok('status page says what is missing', get($server->port, '/status', host => 'people.example.test',
        headers => ['Accept: text/html'])->{body} =~ /shared memory/);
    # A reload must not lose what the first start found out.
    $server->signal('USR1');
    $case->ok('reload', wait_until(sub { (() = Atl::Backends::slurp($server->error_log) =~ /resuming normal/g) == 2 }));
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $case->bounded($server, $before);
    ends_well($server, 'none');
};

done_testing;
