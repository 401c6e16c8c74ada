# httpd under valgrind's memcheck: start, requests of every kind, graceful reload, requests, stop. Not part of the plain
# suite; "t/TEST --mpm=event t/valgrind/clean.t" runs it.
use Atl::Test;

use Atl::Backends ();
use Atl::Server;

my %port = map { $_ => backend_port($_) } qw(confluence-http jira-http synchrony);
my @HOST = (host => 'people.example.test');

my $server = Atl::Server->start(
    through => ['valgrind', '--quiet', '--error-exitcode=0', '--leak-check=full', '--show-leak-kinds=definite',
        '--errors-for-leak-kinds=definite', '--keep-debuginfo=yes', '--num-callers=30', '--child-silent-after-fork=no',
        "--log-file=$ENV{ATL_LOGS}/valgrind.%p"],
    text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
StartServers 1
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
<VirtualHost *:$_[0]>
    ServerName http://people.example.test
    AtlassianApp jira http://127.0.0.1:$port{'jira-http'}/jira
    AtlassianApp confluence http://127.0.0.1:$port{'confluence-http'}/wiki synchrony=http://127.0.0.1:$port{synchrony}
    AtlassianApp bamboo http://127.0.0.1:1/bamboo
    <Location "/atl">
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END

sub edits {
    my ($c, $head) = websocket($server->port, 'people.example.test');
    is($head->{status}, 101, 'a WebSocket');
    $c->send(chr(0x81) . chr(0x85) . "\0\0\0\0hello");
    is($c->read_exactly(7), "\x81\x05hello", 'echoes');
    $c->send("\x88\x82\0\0\0\0\x03\xe8");
    $c->read_to_end;
    return;
}

sub requests {
    my $port = $server->port;
    is(get($port, '/jira/echo?a=b', @HOST)->{status}, 200, 'a page');
    is(request($port, POST => '/wiki/upload', @HOST, body => 'x' x 100_000)->json->{bytes}, 100_000, 'an upload');
    is(get($port, '/wiki', @HOST)->{status}, 302, 'a redirect');
    is(get($port, '/wiki/..;/x', @HOST)->{status}, 400, 'a path that is refused');
    is(get($port, '/bamboo/x', @HOST, headers => ['Accept: text/html'])->{status}, 503, 'an application that is down');
    is(get($port, "/atl?$_", @HOST)->{status}, 200, "status page, $_") for '', 'json', 'prometheus';
    is(request($port, POST => '/atl?check', @HOST)->{status}, 200, 'status page, check');
    edits();
    return;
}

requests();
$server->signal('USR1');
ok(wait_until(sub { (() = Atl::Backends::slurp($server->error_log) =~ /resuming normal/g) == 2 }), 'reloaded');
requests();
$server->stop;

my @logs = glob "$ENV{ATL_LOGS}/valgrind.*";
cmp_ok(scalar @logs, '>=', 3, 'reports of httpd and two generations of children');
for my $log (@logs) {
    my $said = Atl::Backends::slurp($log);
    is($said, '', 'nothing to report');
}
done_testing;
