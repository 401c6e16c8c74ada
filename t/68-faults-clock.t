# The system's clock jumps, for httpd alone (libfaketime): nothing is cut off, nothing floods the log, and a finding
# that is gone for an hour is logged again when it comes back.
use Atl::Test;

use Atl::Backends ();
use Atl::Fault;
use Atl::Server;

my ($FAKETIME) = map { glob "$_/faketime/libfaketimeMT.so.1" } qw(/usr/lib/*-linux-gnu /usr/lib64 /usr/lib);
die "libfaketimeMT.so.1 not found: install faketime\n" if !$FAKETIME;

my %port = map { $_ => backend_port($_) } qw(confluence-http synchrony);
my $NEIGHBOUR = '/wiki/echo';
my $clock = "$ENV{ATL_LOGS}/clock";

# jump(OFFSET): httpd's clock is off by so much from now on.
sub jump {
    Atl::Backends::spew("$clock.new", "$_[0]\n");
    chmod 0644, "$clock.new";
    rename "$clock.new", $clock or die "$clock: $!\n";
    return;
}

jump('+0');
my $server = Atl::Server->start(through => ['env', "LD_PRELOAD=$FAKETIME", "FAKETIME_TIMESTAMP_FILE=$clock", 'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1', 'FAKETIME_DONT_RESET=1', 'NO_FAKE_STAT=1'], text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
KeepAliveTimeout 600
<VirtualHost *:$_[0]>
    ServerName http://people.example.test
    AtlassianApp jira http://127.0.0.1:1/jira
    AtlassianApp confluence http://127.0.0.1:$port{'confluence-http'}/wiki synchrony=http://127.0.0.1:$port{synchrony}
    <Location "/status">
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END

sub echoes {
    my ($c, $text) = @_;
    $c->send(chr(0x81) . chr(0x80 | length $text) . "\0\0\0\0$text");
    return eval { $c->read_exactly(2 + length $text) } eq chr(0x81) . chr(length $text) . $text;
}

sub said {
    return scalar(() = Atl::Backends::slurp($server->error_log) =~ /ATLP1012/g);
}

# down(): the application that is down is asked for, and the log judged afterwards: the same finding has a line or not
# before the answer goes out.
sub down {
    return get($server->port, '/jira/x', host => 'people.example.test')->{status};
}

sub application {
    my ($name) = @_;
    my $status = get($server->port, '/status?json', host => 'people.example.test')->json;
    return (grep { $_->{product} eq $name } @{ $status->{applications} })[0];
}

my $before = footprint($server);
my ($socket, $head) = websocket($server->port, 'people.example.test');
is($head->{status}, 101, 'a WebSocket');

fault 'clock goes on: a finding that comes back after an hour' => sub {
    my ($case) = @_;
    my @seen;
    for my $offset ('+0', '+0', '+50m', '+100m', '+161m', '+161m') {
        jump($offset);
        down();
        push @seen, "$offset: " . said();
    }
    # 50 minutes after the last time it is still the same trouble; 61 minutes after, it is a new one.
    $case->is('lines of ATLP1012', join(', ', @seen), '+0: 1, +0: 1, +50m: 1, +100m: 1, +161m: 2, +161m: 2');
    $case->is('counted', application('jira')->{findings}[0]{count}, 6);
    $case->bounded($server, $before);
};

fault 'clock jumps ten years ahead' => sub {
    my ($case) = @_;
    jump('+10y');
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $case->is('application that is down', down(), 503);
    $case->ok('a WebSocket goes on', echoes($socket, 'ten years later'));
    $case->ok('status page counts no negative time', unlike_negative());
    $case->bounded($server, $before);
};

fault 'clock jumps eleven years back' => sub {
    my ($case) = @_;
    jump('-1y');
    my $lines = said();
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    down() for 1 .. 10;
    $case->ok('findings do not flood the log', said() <= $lines + 1);
    $case->ok('a WebSocket goes on', echoes($socket, 'eleven years before'));
    $case->ok('status page counts no negative time', unlike_negative());
    jump('+0');
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $case->ok('a WebSocket goes on', echoes($socket, 'now'));
    $case->bounded($server, $before);
};

# Rates, latencies and ages of the whole status page.
sub unlike_negative {
    my $prometheus = get($server->port, '/status?prometheus', host => 'people.example.test')->{body};
    my @negative = $prometheus =~ /^(.* -\d.*)$/mg;
    diag(@negative) if @negative;
    my $json = get($server->port, '/status?json', host => 'people.example.test')->{body};
    my @odd = $json =~ /("\w+":-\d[^,}]*)/g;
    diag(@odd) if @odd;
    return !@negative && !@odd;
}

$socket->close;
is_deeply([grep { !/AH00957|AH01114|ATLP1012/ } $server->stop], [], 'nothing else in the log');
done_testing;
