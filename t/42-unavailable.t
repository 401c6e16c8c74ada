# What people and programs get while an application is down or starting.
use Atl::Test;

use IO::Socket::INET;
use JSON::PP ();

use Atl::Server;
use Atl::Tomcat;

my %port = map { $_ => Atl::Backends::free_port() } qw(closed deaf);
# Its queue is full: the kernel drops what comes after.
my $deaf = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port{deaf}, Listen => 1) or die $!;
my @fill = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port{deaf}, Blocking => 0) } 1 .. 4;
my $jira = backend_port('jira-http');
my $bitbucket = backend_port('bitbucket-http');

my $server = Atl::Server->start(ports => 2, text => sub {
    my ($port, $other) = @_;
    return <<"END";
Listen 127.0.0.1:$port
Listen 127.0.0.1:$other
<VirtualHost *:$port>
    ServerName http://people.example.test
    AtlassianApp confluence http://127.0.0.1:$port{closed}/wiki synchrony=http://127.0.0.1:$port{closed}
    AtlassianApp bamboo http://127.0.0.1:$port{deaf}/bamboo connectiontimeout=1
    AtlassianApp jira http://127.0.0.1:$jira/jira timeout=1
    AtlassianApp bitbucket http://127.0.0.1:$bitbucket/bitbucket
    AtlassianApp crowd http://nowhere.invalid/crowd
</VirtualHost>
<VirtualHost *:$other>
    ServerName http://git.example.test
    AtlassianApp jira http://127.0.0.1:$jira/jira
    AtlassianApp fisheye http://127.0.0.1:$port{closed}/fisheye
    <Location "/fisheye">
        ErrorDocument 503 "the administrator's own words"
    </Location>
    AtlassianApp bitbucket http://127.0.0.1:$port{closed}/bitbucket
    AtlassianApp bamboo http://127.0.0.1:$port{closed}/bamboo
</VirtualHost>
END
});

my @BROWSER = (host => 'people.example.test', headers => ['Accept: text/html,application/xhtml+xml,*/*;q=0.8']);

sub is_503 {
    my ($r, $type, $name) = @_;
    is($r->{status}, 503, "$name: 503");
    is($r->header('Content-Type'), $type, "$name: $type");
    is($r->header('Retry-After'), 10, "$name: Retry-After");
    is($r->header('Cache-Control'), 'no-store', "$name: no-store");
    return $r->{body};
}

my $HTML = 'text/html; charset=utf-8';
my $TEXT = 'text/plain; charset=utf-8';

subtest 'people' => sub {
    my $page = is_503(get($server->port, '/wiki/pages/1?x=<b>', @BROWSER), $HTML, 'closed port');
    like($page, qr{<h1>Confluence is not running</h1>});
    like($page, qr{<noscript><meta http-equiv="refresh" content="10">}, 'tries again without scripts too');
    unlike($page, qr/<b>/, 'nothing of the request is in it');
    like(is_503(get($server->port, '/bamboo/', @BROWSER), $HTML, 'deaf port'), qr{<h1>Bamboo does not answer</h1>});
    like(is_503(get($server->port, '/crowd/console', @BROWSER), $HTML, 'no such host'), qr{<h1>Crowd cannot be reached</h1>});
    like(is_503(get($server->port, '/jira/slow?before=1&id=' . unique('u'), @BROWSER), $HTML, 'no answer in time'), qr{<h1>Jira does not answer</h1>});
    my $post = is_503(request($server->port, POST => '/wiki/save', @BROWSER, body => 'a=b'), $HTML, 'a form');
    unlike($post, qr/refresh|<script/, 'is not sent again by itself');
    like($post, qr/may be lost/);
    my $head = request($server->port, HEAD => '/wiki/', @BROWSER);
    is("$head->{status} $head->{body}", '503 ', 'HEAD');
};

subtest 'programs' => sub {
    my @host = (host => 'people.example.test');
    for my $row (
        ['/wiki/rest/api/content', 'Accept: text/html'], ['/wiki/x', 'Accept: application/json'], ['/wiki/x', 'X-Requested-With: XMLHttpRequest'],
        ['/bamboo/agentServer', 'Accept: application/json'],
    ) {
        my ($target, $header) = @$row;
        my $said = JSON::PP::decode_json(is_503(get($server->port, $target, @host, headers => [$header]), 'application/json', "$target $header"));
        is("$said->{error} $said->{retryAfter}", 'unavailable 10', $target);
        like($said->{state}, qr/^(?:down|silent)$/);
    }
    like(is_503(get($server->port, '/wiki/x', @host), $TEXT, 'curl'), qr/^Confluence is not running\. /);
    my $git = $server->port(1);
    like(is_503(get($git, '/bitbucket/scm/p/r.git/info/refs?service=git-upload-pack', headers => ['Accept: text/html']), $TEXT, 'git'), qr/^Bitbucket is not running/);
    like(is_503(request($git, POST => '/bitbucket/scm/p/r.git/git-receive-pack', body => 'x' x 100_000), $TEXT, 'git push'), qr/^Bitbucket/);
    like(is_503(get($git, '/bamboo/agentServer/x', headers => ['Accept: text/html']), $TEXT, 'an agent'), qr/^Bamboo/);
    for my $path ('/synchrony/heartbeat', '/wiki/synchrony-proxy/healthcheck') {
        my $r = get($server->port, $path, @BROWSER);
        is("$r->{status} $r->{body}", '503 ', "$path: bare");
    }
};

subtest 'what was sent and not answered may have been done' => sub {
    my $r = request($server->port, POST => '/jira/slow?before=1&id=' . unique('u'), @BROWSER, body => 'a=b');
    like($r->{status}, qr/^50[24]$/, 'keeps its status');
    is($r->header('Retry-After'), undef, 'and nothing is told to repeat it');
    like($r->{body}, qr{<h1>Jira does not answer</h1>});
};

subtest 'left alone' => sub {
    # Where an application has longer than a second.
    my $patient = $server->port(1);
    my $own = get($patient, '/jira/status-code?code=503&body=its+own+page', @BROWSER);
    is("$own->{status} $own->{body}", '503 its own page', "an application's own error page");
    is($own->header('Retry-After'), undef);
    like(get($patient, '/jira/status-code?code=503&container=1', @BROWSER)->{body}, qr/Tomcat/, "the container's too");
    is(get($patient, '/fisheye/', @BROWSER)->{body}, "the administrator's own words", "the administrator's ErrorDocument wins");
};

subtest 'Bitbucket in MAINTENANCE, and while it starts' => sub {
    get($bitbucket, '/bitbucket/control?state=MAINTENANCE');
    my $r = get($server->port, '/bitbucket/status', @BROWSER);
    is($r->{status} . ' ' . JSON::PP::decode_json($r->{body})->{state}, '200 MAINTENANCE', 'passes');
    is(get($server->port, '/bitbucket/mvc/maintenance', @BROWSER)->{status}, 200, 'and so does all else');
    get($bitbucket, '/bitbucket/control?state=STARTING');
    like(get($server->port, '/bitbucket/status', @BROWSER)->{body}, qr/STARTING/, 'its status page speaks for itself');
    get($bitbucket, '/bitbucket/control?reset=1');
    # Nothing but the status: the stand-in's way to say so on any page.
    my $page = is_503(get($server->port, '/bitbucket/status-code?code=503&body=', @BROWSER), $HTML, 'starting');
    like($page, qr{<h1>Bitbucket is starting</h1>});
};

my @log = grep { !/ATLP10(?:12|14|15|17): |AH00957|AH01114|AH00898|AH01102|AH10477/ } $server->stop;
is("@log", '', 'nothing unexpected in the log');
subtest 'an error page that the application has' => sub {
    my $port = backend_port('jira-http');
    my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    ServerName errors.example.test
    AtlassianApp jira http://127.0.0.1:$port/jira
    ErrorDocument 403 /jira/echo/denied
    ErrorDocument 404 /jira/echo/missing
    <Location "/jira/status-code">
        ProxyErrorOverride On 404
    </Location>
    <Location "/jira/closed">
        Require all denied
    </Location>
    <Location "/status">
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END
    like(get($server->port, '/jira/closed')->echo->{requestURI}, qr{/denied$}, 'its page') for 1 .. 3;
    like(get($server->port, '/jira/status-code?code=404')->echo->{requestURI}, qr{/missing$}, 'asked twice for one request') for 1 .. 3;
    my $flying = sub { JSON::PP::decode_json(get($server->port, '/status?json')->{body})->{applications}[0]{inFlight} };
    ok(wait_until(sub { $flying->() == 0 }), 'nothing is left in flight');
    is_deeply([grep { !/AH01630/ } $server->stop], [], 'nothing in the log');
};

subtest 'too large, where no application is' => sub {
    my $server = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\nServerName none.example.test\n</VirtualHost>\n" });
    get($server->port, '/');    # whoever answers has children
    my %before = map { $_ => 1 } $server->children;
    my $c = raw($server->port)->send("POST / HTTP/1.1\r\nHost: none.example.test\r\nContent-Length: 2000000000\r\n\r\n");
    my $r = $c->response;
    is($r ? $r->{status} : 'closed', 413, 'refused');
    my %after = map { $_ => 1 } $server->children;
    is_deeply([grep { !$after{$_} } keys %before], [], 'by a child that lives on');
    is_deeply([grep { !/AH01587|AH01588/ } $server->stop], [], 'nothing in the log');
};

done_testing;
