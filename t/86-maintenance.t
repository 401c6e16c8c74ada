# Planned maintenance: while a file exists, people and programs are told; what must go on goes on.
use Atl::Test;

use File::Path 'make_path';
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

use Atl::Backends ();
use Atl::Httpd ();
use Atl::Server;

# Where httpd's user gets.
my $dir = "$ENV{ATL_STAGED}/t/maintenance-$$";
make_path($dir);
chmod 0755, $dir;
my %port = map { $_ => backend_port($_) } qw(jira bamboo confluence synchrony bitbucket);

sub vhost {
    my ($port) = @_;
    return <<"END";
<VirtualHost *:$port>
    ServerName https://people.example.test
    AtlassianApp jira http://127.0.0.1:$port{jira}/jira maintenance=$dir/jira
    AtlassianApp confluence http://127.0.0.1:$port{confluence}/wiki synchrony=http://127.0.0.1:$port{synchrony} maintenance=$dir/wiki
    AtlassianApp bamboo http://127.0.0.1:$port{bamboo}/bamboo maintenance=maintenance-$$/bamboo
    AtlassianApp bitbucket http://127.0.0.1:$port{bitbucket}/bitbucket admin=127.0.0.0/24 maintenance=$dir/bitbucket
    <Location "/jira/closed">
        Require all denied
    </Location>
    <Location "/bamboo">
        ErrorDocument 503 "the administrator's own words"
    </Location>
</VirtualHost>
END
}

# One child: each looks for itself, so that several notice within a second of each other.
my $one = mpm() eq 'prefork'
    ? "MinSpareServers 1\nMaxSpareServers 1\nServerLimit 1\nMaxRequestWorkers 1\n"
    : "ThreadsPerChild 25\nServerLimit 1\nMaxRequestWorkers 25\nMinSpareThreads 1\nMaxSpareThreads 25\n";
my $server = Atl::Server->start(text => sub { "StartServers 1\n${one}Listen 127.0.0.1:$_[0]\n" . vhost($_[0]) });
my @HOST = (host => 'people.example.test');
my @BROWSER = (@HOST, headers => ['Accept: text/html']);

sub file {
    my ($name, $text) = @_;
    Atl::Backends::spew("$dir/$name.new", $text);
    chmod 0644, "$dir/$name.new";
    rename "$dir/$name.new", "$dir/$name" or die $!;
    return;
}

sub ask { return get($server->port, $_[0], @BROWSER) }
sub becomes {
    my ($path, $status, $name) = @_;
    ok(wait_until(sub { ask($path)->{status} == $status }), $name);
    return ask($path);
}

is(ask('/jira/page')->{status}, 200, 'before');

subtest 'people' => sub {
    file(jira => "until: " . POSIX::strftime('%Y-%m-%dT%H:%MZ', gmtime(time + 7200)) . "\nA <b>new</b> Jira & more.\n\nSee intranet.\n");
    my $r = becomes('/jira/page', 503, 'noticed without a reload');
    is($r->header('Content-Type'), 'text/html; charset=utf-8');
    is($r->header('Cache-Control'), 'no-store');
    like($r->{body}, qr{<h1>Jira is under maintenance</h1>\n<p>A &lt;b&gt;new&lt;/b&gt; Jira &amp; more\.</p>\n<p>See intranet\.\n</p>\n}, 'their words');
    like($r->{body}, qr{expected back at <time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:00Z">\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d{4}</time>});
    my $seconds = $r->header('Retry-After');
    ok($seconds > 7000 && $seconds <= 7201, "Retry-After is its end: $seconds");
    like($r->header('Content-Security-Policy'), qr/^default-src 'none'/);
    my $post = request($server->port, POST => '/jira/save', @BROWSER, body => 'a=b');
    is($post->{status}, 503);
    unlike($post->{body}, qr/<script|refresh/, 'a form is not sent again by itself');
    my $head = request($server->port, HEAD => '/jira/', @BROWSER);
    is("$head->{status} $head->{body}", '503 ', 'HEAD');
    is(ask('/bitbucket/page')->{status}, 200, 'the others go on');
};

subtest 'programs' => sub {
    my $r = get($server->port, '/jira/rest/api/2/issue/A-1', @HOST);
    is($r->{status}, 503);
    my $said = JSON::PP::decode_json($r->{body});
    is("$said->{error} $said->{state}", 'unavailable maintenance');
    is($said->{text}, "A <b>new</b> Jira & more.\n\nSee intranet.\n");
    like($said->{until}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/);
    is($said->{retryAfter}, $r->header('Retry-After'), 'both say the same') or diag $r->{body};
    like(get($server->port, '/jira/x', @HOST)->{body}, qr/^Jira is under maintenance\. A <b>new<\/b> Jira .* It is expected back at /s, 'curl');
};

subtest 'what must go on' => sub {
    is(ask('/jira/status')->{status}, 200, 'status checks');
    is(ask('/jira/rest/applinks/1.0/manifest')->{status}, 200, 'application links');
    is(ask('/jira;x/./status')->{status}, 200, 'as the application reads the path');
    is(ask('/jira/status/../page')->{status}, 503, 'and no way around');
    is(ask('/jira/closed')->{status}, 403, 'nobody is told who may not come in');
    file(bamboo => '');
    my $r = becomes('/bamboo/page', 503, 'a path below ServerRoot, an empty file');
    is($r->{body}, "the administrator's own words", 'an ErrorDocument wins');
    is($r->header('Retry-After'), 60, 'with Retry-After');
    is(ask('/bamboo/agentServer/message')->{status}, 200, 'agents');
    is(ask('/bamboo/rest/api/latest/status')->{status}, 200);
};

subtest 'administrators see the application' => sub {
    file(bitbucket => 'x');
    my $admin = sub { get($server->port, '/bitbucket/page', @BROWSER)->{status} };
    my $stranger = sub {
        my $other = IO::Socket::INET->new(LocalAddr => '127.0.1.1', PeerAddr => '127.0.0.1', PeerPort => $server->port) or die $!;
        print {$other} "GET /bitbucket/page HTTP/1.0\r\nHost: people.example.test\r\n\r\n";
        return scalar <$other>;
    };
    ok(wait_until(sub { $stranger->() =~ /^HTTP\S+ 503 / }), 'a stranger gets the page');
    is($admin->(), 200, 'an address of admin= does not');
    unlink "$dir/bitbucket";
};

subtest 'editors' => sub {
    file(wiki => 'x');
    becomes('/wiki/page', 503, 'Confluence');
    my $r = ask('/synchrony/heartbeat');
    is("$r->{status} $r->{body}", '503 ', 'Synchrony: a bare 503');
    my $c = raw($server->port)->send("GET /synchrony/v1/bayeux-sync1 HTTP/1.1\r\nHost: people.example.test\r\nConnection: Upgrade\r\n"
        . "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    is($c->head->{status}, 503, 'no WebSocket');
    unlink "$dir/wiki";
    becomes('/wiki/page', 200, 'over');
};

subtest 'the file' => sub {
    file(jira => 'other words');
    ok(wait_until(sub { ask('/jira/page')->{body} =~ /<p>other words<\/p>/ }), 'changes count');
    file(jira => "until: 2001-01-01 00:00\n" . 'x' x 20_000);
    ok(wait_until(sub { ask('/jira/page')->{body} =~ /<p>x+/ }), 'a long one');
    my $r = ask('/jira/page');
    cmp_ok(length $r->{body}, '<', 10_000, 'is cut');
    unlike($r->{body}, qr/expected back/, 'a time that has passed is not told');
    is($r->header('Retry-After'), 60);
    file(jira => "until: Tuesday\nx");
    ok(wait_until(sub { ask("/jira/page")->{status} == 503 && Atl::Backends::slurp($server->error_log) =~ m{:warn\].* ATLP0915: \\?"until: Tuesday\\?" is no time} }), "no time: said in the log");
    unlink "$dir/jira";
    becomes('/jira/page', 200, 'over');
    ok(wait_until(sub { Atl::Backends::slurp($server->error_log) =~ /:info\].* ATLP0911: .*maintenance=\Q$dir\E\/jira of AtlassianApp on line \d+ of / }), 'said in the log');
    mkdir "$dir/jira";
    ok(wait_until(sub { ask('/jira/page')->{status} == 200 && Atl::Backends::slurp($server->error_log) =~ /ATLP0913: this is not a file/ }), 'a directory announces nothing, and is said');
    rmdir "$dir/jira";
    becomes('/jira/page', 200, 'gone');
    Atl::Backends::spew("$dir/jira.new", 'secret words');
    chmod 0, "$dir/jira.new";
    rename "$dir/jira.new", "$dir/jira";
    $r = becomes('/jira/page', 503, 'a file nobody can read announces it');
    unlike($r->{body}, qr/secret|other/, 'without words');
    like(Atl::Backends::slurp($server->error_log), qr/ATLP0912: .*cannot read the file/);
    unlink "$dir/jira";
    becomes('/jira/page', 200, 'over');
    chmod 0, $dir;
    ok(wait_until(sub { ask('/jira/page')->{status} == 200 && Atl::Backends::slurp($server->error_log) =~ /ATLP0914: / }), 'where nobody can look: said');
    chmod 0755, $dir;
};

subtest 'no system call for a request' => sub {
    my $trace = "$dir/trace";
    my @children = $server->children;
    my $pid = fork // die;
    if (!$pid) {
        open STDERR, '>', "$trace.err";
        exec 'strace', '-f', '-ttt', '-e', 'trace=%file', '-o', $trace, map({ ('-p', $_) } @children) or POSIX::_exit(127);
    }
    my $attached = wait_until(sub { (() = Atl::Backends::slurp("$trace.err") =~ /attached/g) >= @children });
    ok($attached, 'strace is there') or diag Atl::Backends::slurp("$trace.err");
    # For some seconds, so that there is something to look at.
    my ($requests, $end) = (0, time + 3);
    while ($requests < 300 || time < $end) {
        get($server->port, '/jira/echo', @HOST);
        $requests++;
    }
    kill 'INT', $pid;
    waitpid $pid, 0;
    my @lines = grep { /"\Q$dir\E\/jira"/ } split /\n/, Atl::Backends::slurp($trace);
    my @times = map { /^\d+\s+(\d+)\./ ? $1 : () } @lines;
    cmp_ok(scalar @times, '>', 0, 'the file is looked at');
    my $bound = @times ? ($times[-1] - $times[0] + 2) * @children : 0;
    cmp_ok(scalar @times, '<=', $bound, "once a second for each of @{[scalar @children]} children at most: @{[scalar @times]} looks for $requests requests");
    cmp_ok($bound, '<', $requests, 'which is not every request');
};

my @log = grep { !/ATLP091[2345]: |AH01630|AH00161/ } $server->stop;
is("@log", '', 'nothing unexpected in the log');

subtest 'configtest' => sub {
    my ($exit, $out, $err) = configtest("AtlassianApp jira maintenance=$dir\nAtlassianApp bamboo 127.0.0.1/b maintenance=$dir/none/x\n");
    is($exit, 0);
    like($err, qr/ATLP0916: AtlassianApp on line 1 of \S+: maintenance=\Q$dir\E: this is a directory;/);
    like($err, qr/ATLP0916: AtlassianApp on line 2 of \S+: maintenance=\Q$dir\E\/none\/x: its directory is not there;/);
    ($exit, $out, $err) = configtest("AtlassianApp jira maintenance=$dir/\n");
    isnt($exit, 0);
    like($err, qr/maintenance=: ".*" is a directory; name a file in it/);
};

subtest 'in stock httpd' => sub {
    my ($exit, $dump) = configtest(vhost(80), '-D', 'DUMP_ATLASSIAN_APPS');
    my $text = vhost(80) =~ s/^\s*AtlassianApp .*\n//mgr =~ s/^<\/?VirtualHost.*\n//mgr;
    my $stock = Atl::Server->start(module => '', text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\n$text$dump\n</VirtualHost>\n" });
    my $status = sub { join ' ', map { get($stock->port, $_, @HOST)->{status} } @_ };
    my @paths = ('/jira/page', '/jira/status', '/jira/statusx', '/wiki/page', '/synchrony/heartbeat', '/bamboo/page', '/bitbucket/page', '/jirafoo');
    is($status->(@paths), '200 200 200 200 200 503 200 404', 'Bamboo only');
    file($_ => 'x') for qw(jira wiki);
    unlink "$dir/bamboo";
    is($status->(@paths), '503 200 503 503 503 200 200 404', 'Jira and Confluence');
    is_deeply([$stock->stop], []);
};

done_testing;
