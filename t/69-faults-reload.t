# Graceful reloads, one after the other, under load: no request fails, none gets another's answer, what was
# acknowledged is there. Ten reloads, each once every client was answered after the last; ATL_RELOAD_SECONDS=60 makes
# it one a second, for that long.
use Atl::Test;

use POSIX ();
use Time::HiRes qw(sleep time);

use Atl::Backends ();
use Atl::Fault;
use Atl::Server;

my $RELOADS = 10;
my $CLIENTS = 4;
my $MEMORY = 4 << 20;
my $seconds = $ENV{ATL_RELOAD_SECONDS};
my $wiki = backend_port('confluence-http');

my $server = Atl::Server->start(text => sub {
    my $processes = mpm() eq 'prefork' ? "StartServers 4\nMaxRequestWorkers 100\n"
        : "StartServers 2\nServerLimit 16\nThreadsPerChild 25\nMaxRequestWorkers 100\nMaxSpareThreads 100\n";
    return <<"END" });
Listen 127.0.0.1:$_[0]
$processes
<VirtualHost *:$_[0]>
    ServerName http://people.example.test
    AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=off
    <Location "/status">
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END

# A signal would end them in the middle of a request.
my $stop = "$ENV{ATL_LOGS}/reload-stop";

# One request after the other, of two kinds, each with a token of its own. A line of the file for each.
sub client {
    my ($n, $file) = @_;
    open my $out, '>', $file or POSIX::_exit(1);
    $out->autoflush(1);
    for (my $i = 1; !-e $stop; $i++) {
        my $token = "reload-$$-$n-$i";
        print {$out} eval { $i % 2 ? read_something($token) : write_something($token) } // "failed $token $@", "\n";
    }
    POSIX::_exit(0);
}

sub read_something {
    my ($token) = @_;
    my $r = get($server->port, "/wiki/echo?$token");
    return "failed $token $r->{status}" if $r->{status} != 200;
    return ($r->echo->{queryString} // '') eq $token ? "read $token" : "foreign $token";
}

sub write_something {
    my ($token) = @_;
    my $body = "$token " x 2000;
    my $r = request($server->port, POST => "/wiki/upload?id=$token", body => $body);
    return "failed $token $r->{status}" if $r->{status} != 200;
    return $r->json->{bytes} == length $body ? "written $token @{[length $body]}" : "foreign $token";
}

my @file = map { "$ENV{ATL_LOGS}/reload-client-$_" } 1 .. $CLIENTS;
my $before = footprint($server);
my @pid = map {
    my $n = $_;
    my $pid = fork // die "fork: $!\n";
    client($n, $file[$n - 1]) if !$pid;
    $pid;
} 1 .. $CLIENTS;

sub answers {
    return map { scalar(() = Atl::Backends::slurp($_) =~ /\n/g) } @file;
}

sub starts {
    return scalar(() = Atl::Backends::slurp($server->error_log) =~ /resuming normal operations/g);
}

# reload(): true once httpd has, and every client had two answers since.
sub reload {
    my $count = starts();
    $server->signal('USR1');
    wait_until(sub { starts() > $count }) or return 0;
    my @had = answers();
    return wait_until(sub { my @has = answers(); !grep { $has[$_] < $had[$_] + 2 } 0 .. $#has });
}

# Of httpd's first process, which reads its configuration again and again.
sub parent_memory {
    return 1024 * (Atl::Backends::slurp('/proc/' . $server->pid . '/status') =~ /^RssAnon:\s+(\d+) kB/m)[0];
}

sub application {
    return get($server->port, '/status?json', host => 'people.example.test')->json->{applications}[0];
}

fault 'graceful reloads under load' => sub {
    my ($case) = @_;
    my $done = grep { reload() } 1 .. 3;
    my $memory = parent_memory();
    if ($seconds) {
        my $end = time + $seconds;
        for (my $next = time; $next < $end; $next++) {
            sleep $next - time if $next > time;
            $server->signal('USR1');
        }
        reload();
        diag("$seconds s, @{[starts() - 1]} reloads");
    }
    $done += grep { reload() } 4 .. $RELOADS;
    Atl::Backends::spew($stop, '');
    waitpid $_, 0 for @pid;
    my @lines = map { split /\n/, Atl::Backends::slurp($_) } @file;
    my %count;
    $count{ (split ' ')[0] }++ for @lines;
    diag(join ' ', map { "$_: $count{$_}" } sort keys %count);
    diag($_) for (grep { /^(?:failed|foreign)/ } @lines)[0 .. 4];
    $case->is('reloads, all clients answered after each', $done, $RELOADS);
    $case->is('requests that failed', $count{failed} // 0, 0);
    $case->is('answers of another request', $count{foreign} // 0, 0);
    my @written = map { [(split ' ')[1, 2]] } grep { /^written/ } @lines;
    my $lost = grep { get($wiki, "/wiki/upload/progress?id=$_->[0]")->json->{bytes} != $_->[1] } @written;
    $case->ok('something was written', scalar @written);
    $case->is('acknowledged and not there', $lost, 0);
    # An answer is counted once it is logged, which its client need not wait for.
    $case->ok('all counted, over all reloads', wait_until(sub { application()->{requests}{total} == @lines }));
    $case->ok('nothing in flight', wait_until(sub { !application()->{inFlight} }));
    # MaxRequestWorkers has room for four of them, MaxSpareServers for ten and those with something to do.
    $case->ok('children of old configurations are gone', wait_until(sub {
        $server->children <= (mpm() eq 'prefork' ? 10 + $CLIENTS : 4) }));
    diag('first process: ', parent_memory() - $memory, ' bytes more');
    $case->ok('memory of the first process bounded', parent_memory() < $memory + $MEMORY);
    $case->recovers($server, '/wiki/echo', 'application served');
    $case->bounded($server, $before);
};

is_deeply([$server->stop], [], 'nothing in the log');
done_testing;
