# The status page: its formats, who may ask, and a real browser that uses it. Screenshots stay in the build directory,
# in browser/.
use Atl::Test;

use File::Path 'make_path';
use JSON::PP ();

use Atl::Backends ();
use Atl::Npm;
use Atl::Server;
use Atl::Tomcat;

sub text {
    my ($port, $down) = @_;
    my $jira = backend_port('jira-http');
    my ($wiki, $synchrony) = (backend_port('confluence'), backend_port('synchrony'));
    return <<"END";
Listen 127.0.0.1:$port
ExtendedStatus On
<VirtualHost *:$port>
    ServerName https://people.example.test
    AtlassianApp jira http://127.0.0.1:$jira/jira
    AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$synchrony
    AtlassianApp bamboo http://127.0.0.1:$down/bamboo
    <Location "/atl">
        SetHandler atlassian-status
    </Location>
    <Location "/closed">
        SetHandler atlassian-status
        Require all denied
    </Location>
    <Location "/server-status">
        SetHandler server-status
    </Location>
</VirtualHost>
END
}

my $bamboo = Atl::Tomcat->start('bamboo:/bamboo');
$bamboo->stop;
my $server = Atl::Server->start(text => sub { text($_[0], $bamboo->port) });
my $port = $server->port;
my @HOST = (host => 'people.example.test');

sub json {
    my $r = request($port, $_[0] eq 'check' ? 'POST' : 'GET', "/atl?$_[0]", @HOST);
    like($r->header('Content-Type'), qr{^application/json}, 'JSON');
    return JSON::PP::decode_json($r->{body});
}

subtest 'an application answers though Synchrony\'s own port is closed' => sub {
    my $wiki = backend_port('confluence');
    my $own = Atl::Server->start(text => sub { return <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:@{[$bamboo->port]}
    <Location "/atl">
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END
    is(get($own->port, '/wiki/echo')->{status}, 200);
    is(get($own->port, '/synchrony/v1')->{status}, 503);
    my $view;
    wait_until(sub {
        ($view) = @{ JSON::PP::decode_json(get($own->port, '/atl?json')->{body})->{applications} };
        return $view->{backends}[1]{state} ne 'unknown';
    });
    is_deeply([$view->{state}, map { $_->{state} } @{ $view->{backends} }], ['up', 'up', 'down']);
    is_deeply([grep { !/AH00957|AH01114/ } $own->stop], [], 'its log');
};

subtest 'counted' => sub {
    get($port, '/jira/echo') for 1 .. 7;
    get($port, '/jira/status-code?code=404') for 1 .. 2;
    get($port, '/jira/status-code?code=500');
    get($port, "/jira/redirect?to=/next", @HOST);
    # A hostile path becomes the example of a finding; httpd refuses a hostile Host.
    get($port, '/bamboo/%3Cimg%20src=x%20onerror=alert(1)%3E%3Cb%3Ehostile?a=secret', @HOST);
    is(get($port, '/jira/x', host => 'a"><img src=x>')->{status}, 400, 'a hostile Host');
    # An answer is counted once it is logged, which its client need not wait for.
    wait_until(sub { !grep { $_->{inFlight} } @{ json('json')->{applications} } });
    my ($jira, $wiki, $bamboo) = @{ json('json')->{applications} };
    is("$jira->{product} $wiki->{product} $bamboo->{product}", 'jira confluence bamboo', 'as the lines stand');
    is($jira->{requests}{total}, 11);
    is_deeply([@{ $jira->{requests}{byStatus} }{qw(2xx 3xx 4xx 5xx)}], [7, 1, 2, 1], 'by class');
    is($jira->{backends}[0]{requests}{total}, 11, 'per backend');
    is($jira->{latencyMs}{count}, 11, 'all were timed');
    cmp_ok($jira->{latencyMs}{p50}, '>', 0);
    cmp_ok($jira->{latencyMs}{p50}, '<=', $jira->{latencyMs}{p99});
    is("$jira->{state} $wiki->{state} $bamboo->{state}", 'up unknown down');
    is($bamboo->{connectFailures}, 1);
    is($jira->{inFlight}, 0);
    my ($refused) = @{ $bamboo->{findings} };
    is($refused->{example}, '/bamboo/<img src=x onerror=alert(1)><b>hostile', 'a path, without its query');
    like($jira->{expansion}, qr{^ProxyPass "/jira"}m);
    unlike($jira->{expansion}, qr{"/wiki"}, 'of its own line only');
    is($jira->{line}{number}, 5);
};

subtest 'in flight' => sub {
    my $id = unique('status');
    my $c = raw($port)->send("GET /jira/slow?id=$id HTTP/1.1\r\nHost: people.example.test\r\nConnection: close\r\n\r\n");
    ok(wait_until(sub { json('json')->{applications}[0]{inFlight} == 1 }), 'one in flight');
    get($port, "/jira/slow/release?id=$id", @HOST);
    $c->response;
    ok(wait_until(sub { json('json')->{applications}[0]{inFlight} == 0 }), 'none any more');
};

subtest 'a WebSocket is counted once' => sub {
    my $times = sub { json('json')->{applications}[1]{latencyMs}{count} };
    my $wiki = sub { json('json')->{applications}[1]{webSockets} };
    my $timed = $times->();
    my $c = raw($port)->send("GET /synchrony/v1/bayeux-sync1 HTTP/1.1\r\nHost: people.example.test\r\nConnection: Upgrade\r\n"
        . "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    is($c->head->{status}, 101, 'opened');
    ok(wait_until(sub { $wiki->()->{open} == 1 }), 'one is open') if mpm() ne 'prefork';
    $c->close;
    ok(wait_until(sub { $wiki->()->{opened} == 1 }), 'one was opened');
    ok(wait_until(sub { $wiki->()->{open} == 0 }), 'none is open any more');
    is($wiki->()->{refused}, 0);
    is($times->(), $timed, 'and is not among the times of answers');
};

subtest 'formats' => sub {
    is(get($port, '/atl', headers => ['Accept: application/json'])->header('Content-Type'), 'application/json', 'by Accept');
    my $page = get($port, '/atl', headers => ['Accept: text/html,*/*']);
    like($page->header('Content-Type'), qr{^text/html});
    my $policy = $page->header('Content-Security-Policy');
    like($policy, qr{^default-src 'none'; .*script-src 'nonce-(\w{32})'}, 'a strict policy');
    isnt(get($port, '/atl')->header('Content-Security-Policy'), $policy, 'and a nonce only once');
    is($page->header('Cache-Control'), 'no-store');
    unlike($page->{body}, qr/<img|<b>hostile/, 'nothing becomes markup');
    is(request($port, HEAD => '/atl')->{status}, 200);
    is(request($port, POST => '/atl', body => 'x')->{status}, 405);
    is(get($port, '/closed')->{status}, 403, 'Require decides');
    is(request($port, POST => '/closed?check')->{status}, 403);
    like(get($port, '/server-status?auto', @HOST)->{body}, qr/^AtlassianApp\[0\]Name: jira https.*\nAtlassianApp\[0\]State: up\nAtlassianApp\[0\]Requests: \d\d$/m, 'mod_status ?auto');
    like(get($port, '/server-status', @HOST)->{body}, qr{<h2>Atlassian applications</h2>.*<td>Jira</td>}s, 'mod_status');
};

subtest 'Prometheus, by its own parser' => sub {
    my $r = get($port, '/atl?prometheus');
    is($r->header('Content-Type'), 'text/plain; version=0.0.4; charset=utf-8');
    Atl::Backends::spew("$ENV{ATL_LOGS}/metrics", $r->{body});
    my $parsed = qx{/usr/bin/python3 "$ENV{ATL_SRCDIR}/t/browser/prometheus.py" "$ENV{ATL_LOGS}/metrics" 2>&1};
    is($?, 0, 'parsed') or return diag $parsed;
    my %value = %{ JSON::PP::decode_json($parsed) };
    is($value{'atlassian_proxy_requests_total jira 5xx'}, 1);
    is($value{'atlassian_proxy_answer_seconds_count jira'}, $value{'atlassian_proxy_answer_seconds_bucket jira +Inf'});
    is($value{'atlassian_proxy_backend_up bamboo'}, 0);
    is($value{'atlassian_proxy_findings_total bamboo ATLP1012'}, 1);
};

subtest 'who may ask for a check' => sub {
    for my $row (
        [403, 'Sec-Fetch-Site: cross-site'], [403, 'Sec-Fetch-Site: same-site'], [403, 'Origin: https://evil.example'],
        [403, 'Origin: null'], [200, 'Sec-Fetch-Site: same-origin'], [200, 'Origin: http://people.example.test'], [200, 'X-None: 1'],
    ) {
        my ($status, $header) = @$row;
        is(request($port, POST => '/atl?check', @HOST, headers => [$header], body => '')->{status}, $status, $header);
    }
    # What a picture in a page of another site asks for over http: nothing in it says so.
    is(request($port, $_ => '/atl?check', @HOST, headers => ['Accept: image/*'])->{status}, 405, $_) for qw(GET HEAD);
    my $refused = get($port, '/atl?check', @HOST);
    like($refused->header('Allow'), qr{^POST\b}, 'and what else would do');
    like($refused->{body}, qr/^A check .*curl -X POST/, '... in words');
    my ($jira, $wiki, $bamboo) = @{ json('check')->{applications} };
    my %verdict = map { $_->{path} => "$_->{verdict}: $_->{said}" } map { @{ $_->{check} } } $jira, $wiki, $bamboo;
    like($verdict{'/jira/status'}, qr/^right: Jira is "RUNNING"/);
    like($verdict{'/jira/rest/api/2/serverInfo'}, qr/^wrong: .*people come to https:\/\/people.example.test\/jira/);
    like($verdict{'/synchrony/heartbeat'}, qr/^right/);
    like($verdict{'/bamboo/rest/api/latest/status'}, qr/^wrong: httpd itself answers 503/);
    is(scalar keys %verdict, 8, 'nothing else was asked');
    # The state table: Jira answers 200 while it starts, Bitbucket's MAINTENANCE is fine.
    get(backend_port('jira-http'), '/jira/control?state=STARTING');
    my ($starting) = grep { $_->{path} eq '/jira/status' } @{ json('check')->{applications}[0]{check} };
    is($starting->{verdict}, 'wrong', 'STARTING is not ready, whatever the status');
    get(backend_port('jira-http'), '/jira/control?reset=1');
};

subtest 'neither cookies nor a login go along with a check' => sub {
    my $tomcat = Atl::Tomcat->start('jira:/jira');
    $tomcat->inner(qq{<Valve className="org.apache.catalina.valves.AccessLogValve" directory="$ENV{ATL_LOGS}" prefix="asked-$$" suffix=""}
        . ' fileDateFormat="" buffered="false" pattern="%m %U cookie=%{Cookie}i login=%{Authorization}i"/>');
    $tomcat->restart;
    my $own = Atl::Server->start(text => sub {
        return "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\nServerName https://people.example.test\nAtlassianApp jira http://127.0.0.1:"
            . $tomcat->port . "/jira\n<Location /atl>\nSetHandler atlassian-status\n</Location>\n</VirtualHost>\n";
    });
    my @secrets = ('Cookie: JSESSIONID=stolen', 'Authorization: Basic eDp5');
    my $asked = sub { [sort grep { !m{/control} } Atl::Backends::slurp("$ENV{ATL_LOGS}/asked-$$") =~ /^GET (.*)$/mg] };
    is(request($own->port, POST => '/atl?check', @HOST, headers => \@secrets)->{status}, 200);
    get($own->port, '/jira/echo', @HOST, headers => \@secrets);
    # Each line is written after its answer, by whichever thread gave that.
    ok(wait_until(sub { @{ $asked->() } >= 4 }), 'all is logged');
    is_deeply($asked->(), ['/jira/echo cookie=JSESSIONID=stolen login=Basic eDp5', map { "$_ cookie=- login=-" }
            qw(/jira/rest/api/2/serverInfo /jira/rest/applinks/1.0/manifest /jira/status)], 'what Tomcat was sent');
    $own->stop;
    $tomcat->stop;
};

subtest 'numbers outlive a reload, whatever it does to the lines' => sub {
    my $before = json('json');
    my $text = Atl::Backends::slurp($server->file);
    my $reload = sub {
        my $count = () = Atl::Backends::slurp($server->error_log) =~ /resuming normal operations/g;
        Atl::Backends::spew($server->file, $_[0]);
        $server->signal('USR1');
        ok(wait_until(sub { $count < (() = Atl::Backends::slurp($server->error_log) =~ /resuming normal operations/g) }), 'reloaded');
    };
    # In front of the others one that is new, and Jira's line last.
    my ($line) = $text =~ /^( *AtlassianApp jira .*\n)/m;
    (my $changed = $text) =~ s/\Q$line\E/    AtlassianApp crowd http:\/\/127.0.0.1:1\/crowd\n/;
    $changed =~ s/(    <Location "\/atl">)/$line$1/;
    $reload->($changed);
    # A child of the last configuration may still answer.
    my %app;
    wait_until(sub { %app = map { $_->{product} => $_ } @{ json('json')->{applications} }; $app{crowd} });
    is($app{jira}{requests}{total}, $before->{applications}[0]{requests}{total}, 'the moved line keeps its numbers');
    is($app{jira}{backends}[0]{requests}{total}, $before->{applications}[0]{backends}[0]{requests}{total}, 'and its backend');
    is($app{crowd}{requests}{total}, 0, 'the new one begins at nothing');
    is($app{jira}{findings}[0]{count}, $before->{applications}[0]{findings}[0]{count}, 'findings too');
    # More lines than there is room for.
    my $many = join '', map { "    AtlassianApp fisheye http://127.0.0.1:1/more$_\n" } 1 .. 60;
    (my $full = $changed) =~ s/(    <Location "\/atl">)/$many$1/;
    $reload->($full);
    wait_until(sub { %app = map { $_->{product} . $_->{context} => $_ } @{ json('json')->{applications} }; keys %app > 4 });
    is(scalar keys %app, 64);
    is($app{'jira/jira'}{requests}{total}, $before->{applications}[0]{requests}{total}, 'kept in a larger block');
    $reload->($text);
    my $now;
    ok(wait_until(sub { $now = json('json')->{applications}; @$now == @{ $before->{applications} } }), 'as many lines as before');
    is($now->[0]{requests}{total}, $before->{applications}[0]{requests}{total}, 'and back again');
};

# ---------------------------------------------------------------------------------------------- a browser

subtest 'in Chromium' => sub {
    my $driver = npm_directory();
    my $shots  = "$driver/screenshots";
    make_path($shots);
    local $ENV{NODE_PATH} = "$driver/node_modules";
    open my $seen, '-|', 'node', "$ENV{ATL_SRCDIR}/t/browser/status-page.cjs", "http://127.0.0.1:$port", '/atl', '/jira/echo',
        '/bamboo/asked/for?page=1', $shots or die "node: $!\n";
    my $lines = 0;
    while (my $line = <$seen>) {
        my $thing = JSON::PP::decode_json($line);
        ok($thing->{ok}, $thing->{name}) or diag $thing->{note};
        $lines++;
        $bamboo->launch if $thing->{name} eq 'down';
    }
    ok(close $seen, 'to the end');
    cmp_ok($lines, '>=', 25, "$lines things seen");
    ok(-s "$shots/$_.png", "screenshot: $_") for qw(desktop checked dark phone unavailable unavailable-dark);
};

$bamboo->stop;
my @log = grep { !/ATLP10(?:01|12|29): |AH00957|AH01114|AH01630|AH00898|ATLP0303|ATLP0306/ } $server->stop;
is("@log", '', 'nothing unexpected in the log');
done_testing;
