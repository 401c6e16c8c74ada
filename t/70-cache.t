# cache=on: what is kept of an application's static files, for whom, and above all what is not.
use Atl::Test;

use Atl::Certificates ();
use Atl::Clients 'ask';
use Atl::Http2;
use Atl::Report;
use Atl::Server;

my $jira = backend_port('jira-http');
my $bitbucket = backend_port('bitbucket-http');
my $root = "$ENV{ATL_LOGS}/cache-$$";
mkdir $root or die "$root: $!";
chmod 0777, $root;
my $HOST = 'jira.example.test';

sub text {
    my ($more, $port) = @_;
    return <<"END";
Listen 127.0.0.1:$port
CacheRoot "$root"
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
<IfModule prefork.c>
    MaxRequestWorkers 60
</IfModule>
<IfModule !prefork.c>
    StartServers 1
    ServerLimit 1
    ThreadsPerChild 60
    MaxRequestWorkers 60
    MinSpareThreads 1
    MaxSpareThreads 60
</IfModule>
<VirtualHost *:$port>
    ServerName http://$HOST
    ServerAlias alias.example.test
    AtlassianApp jira http://127.0.0.1:$jira/jira cache=on $more
    AtlassianApp bitbucket http://127.0.0.1:$bitbucket/bitbucket
    <Location "/jira/s/locked">
        Require ip 127.0.0.9
    </Location>
    <Location "/jira/s/balanced">
        Header add Set-Cookie "ROUTEID=.1"
    </Location>
    <Location "/jira/s/always">
        Header always add Set-Cookie "ROUTEID=.1"
    </Location>
    <Location "/jira/s/notkept">
        CacheDisable on
    </Location>
</VirtualHost>
END
}

my $server = Atl::Server->start(text => sub { text('', $_[0]) });
my $port = $server->port;

# A file nobody has asked for; the query says what its answer is like, below what words its path has besides.
sub file {
    my ($query, $below) = @_;
    return '/jira/s/' . ($below ? "$below/" : '') . unique('file') . '/_/images/x.css'
        . (defined $query && length $query ? "?$query" : '');
}

sub fetch {
    my ($target, @option) = @_;
    return get($port, $target, host => $HOST, @option);
}

# How often the application was asked for it, whatever the query.
sub asked {
    my ($context, $file) = $_[0] =~ m{^/(\w+)(/s/[^?;]*)};
    return get($context eq 'jira' ? $jira : $bitbucket, "/$context/s/count?file=$file")->{body} =~ /"served":\s*(\d+)/
        ? $1 : die 'no count';
}

# ------------------------------------------------------------------ answers

my $year = 'Cache-Control=public,max-age%3D31536000';
my @kept = (
    ['public, for a year', ''],
    ['max-age', 'Cache-Control=public,+max-age%3D60&Expires='],
    ['s-maxage before max-age', 'Cache-Control=max-age%3D0,+s-maxage%3D60,+PUBLIC'],
    ['max-age before Expires', 'Cache-Control=public,max-age%3D60&Expires=Thu,+01+Jan+1970+00:00:00+GMT'],
    ['Expires alone', 'Cache-Control=public'],
    ['Vary: Accept-Encoding', 'Vary=Accept-Encoding'],
    ['compressed, and says so', 'Content-Encoding=br&Vary=User-Agent,+accept-encoding'],
);
for my $case (@kept) {
    my ($name, $query) = @$case;
    my $target = file($query);
    my $first = fetch($target);
    is($first->{status}, 200, "$name: 200");
    my $second = fetch($target);
    is(asked($target), 1, "$name: asked for once");
    is("$second->{status} $second->{body}", "200 $first->{body}", '... and the answer is the same');
    is($second->header('X-Served'), $first->header('X-Served'), '... with its headers');
    like($second->header('Age'), qr/^\d+$/, '... and an age');
}

my @never = (
    ['a cookie', 'Set-Cookie=JSESSIONID%3Dsecret'],
    ['private', 'Cache-Control=private,max-age%3D60'],
    ['public and private', 'Cache-Control=public,+private,+max-age%3D60'],
    ['private for one header', 'Cache-Control=public,max-age%3D60,private%3D%22X-A%22'],
    ['no-store', 'Cache-Control=public,no-store,max-age%3D60'],
    ['no-cache', 'Cache-Control=public,no-cache,max-age%3D60'],
    ['not said to be public', 'Cache-Control=max-age%3D31536000'],
    ['public only in a quoted string', 'Cache-Control=max-age%3D60,x%3D%22,public,%22'],
    ['no Cache-Control', 'Cache-Control='],
    ['max-age=0', 'Cache-Control=public,max-age%3D0'],
    ['s-maxage=0', 'Cache-Control=public,max-age%3D60,s-maxage%3D0'],
    ['expired', 'Cache-Control=public&Expires=Thu,+01+Jan+1970+00:00:00+GMT'],
    ['no date', 'Cache-Control=public&Expires=0'],
    ['Vary: Cookie', "$year&Vary=Accept-Encoding,+Cookie"],
    ['Vary: Authorization', "$year&Vary=Authorization"],
    ['Vary: *', "$year&Vary=*"],
    ['compressed for everybody', "$year&Content-Encoding=br"],
    map { ["status $_", "$year&~status=$_"] } 201, 203, 206, 301, 302, 404, 410, 500);
for my $case (@never) {
    my ($name, $query) = @$case;
    my $target = file($query);
    my @got = map { fetch($target) } 1, 2;
    is(asked($target), 2, "$name: asked for each time");
    is($got[1]->header('Age'), undef, '... and nothing is said of an age');
}

for my $where ((map { file('', $_) } qw(balanced always notkept)), file() =~ s{/_/}{/}r, file() =~ s{/_/}{/__/}r) {
    fetch($where) for 1, 2;
    is(asked($where), 2, "$where is not kept");
}
my $elsewhere = file() =~ s/jira/bitbucket/r;
fetch($elsewhere) for 1, 2;
is(asked($elsewhere), 2, 'no cache=on, nothing kept');

# What products say of a person in every answer is not repeated to the next one.
my $named = file('X-AUSERNAME=alice&X-AREQUESTID=1');
is(fetch($named)->header('X-AUSERNAME'), 'alice', 'a header with a name passes');
my $other = fetch($named);
is(join(' ', asked($named), map { $_ // 'none' } $other->header('X-AUSERNAME'), $other->header('X-AREQUESTID')), '1 none none',
    '... once');

# Two people, and a file that is not the same for both although its address says so.
for my $said ('Cache-Control=private,max-age%3D60', 'Cache-Control=max-age%3D60', "$year&Vary=Cookie", "$year&Set-Cookie=a%3Db") {
    my $target = file("~who&$said");
    for my $who (qw(alice bob alice)) {
        like(fetch($target, headers => ["Cookie: who=$who"])->{body}, qr/ who=$who /, "$who gets what is his: $said");
    }
}

# Applications say "public" of whatever is forwarded from below /s/: a page that somebody has made another ask for there,
# and reads it from here, is no file.
for my $page ('browse/SECRET-1', 'secure/ViewProfile.jspa', 'rest/api/2/myself', 'download/attachments/1/x.png', 'x.css',
    'download/resources/_/secure/x', 'images/x/_/browse/SECRET-1', 'images/download/attachments/1/x.png') {
    my $target = file('~who') =~ s{images/x\.css}{$page}r;
    my @got = map { fetch($target, headers => ["Cookie: who=$_"])->{body} =~ / who=(\w+) / ? $1 : 'nobody' } qw(alice bob);
    report_row('cache=on', "bob asks for what alice was shown, /s/1/_/$page", 'his own', "@got" eq 'alice bob' ? 'his own' : "@got");
    is("@got", 'alice bob', "/s/1/_/$page: each gets his own");
}

# ------------------------------------------------------------------ requests

# What an application could read in another way goes there, and none is answered with another's answer.
my $plain = file();
fetch($plain);
my ($name) = $plain =~ m{/s/([^/]+)};
for my $spelling ("/jira/s/$name/_/images/x.css;a=b", "/jira/s/$name;a/_/images/x.css", "/jira/s/x/..;/$name/_/x.css",
    "/jira/s%2F$name/_/images/x.css", "/jira/s/$name/_%2Fimages/x.css") {
    is(fetch($spelling)->header('Age'), undef, "$spelling is not answered from what is kept");
}
for my $pair (['%3Fa?b', '?a?b'], ['%2Fy', '/y'], [';v=1', ''], ['%21', '!']) {
    my $file = file();
    my ($odd, $even) = map { "$file$_" } @$pair;
    fetch($odd) for 1, 2;
    is(fetch($even)->header('Age'), undef, "$odd leaves nothing for $even");
}
my $query = file('v=1');
fetch($query) for 1, 2;
is(fetch($query =~ s/v=1/v=2/r)->header('Age'), undef, 'another query is another file');
is(asked($query), 2, '... asked for once each');

for my $case (['another Host', host => 'evil.example.test'], ['an alias', host => 'alias.example.test'],
    ['another port', host => "$HOST:81"], ['a login', headers => ['Authorization: Basic YTpi']],
    ['a POST', method => 'POST'], ['a body', body => 'x']) {
    my ($name, %option) = @$case;
    my $method = delete $option{method} // 'GET';
    my $target = file();
    for (1, 2) {
        request($port, $method, $target, host => $HOST, %option);
    }
    is(asked($target), 2, "$name: not from the cache");
    fetch($target);
    is(asked($target), 3, "... nor into it");
    request($port, $method, $target, host => $HOST, %option);
    is(asked($target), 4, "... nor from what is there by now");
}

# Access rules are asked each time.
my $locked = file('', 'locked');
my %from = (good => '127.0.0.9', bad => '127.0.0.1');
is(ask($port, $locked, from => $from{$_}, host => $HOST)->{status}, $_ eq 'good' ? 200 : 403, "$_ address") for qw(good bad good bad);
is(asked($locked), 1, 'kept all the same');

# Parts, heads, conditions.
my $whole = file("ETag=%22v1%22");
my $body = fetch($whole)->{body};
my $part = fetch($whole, headers => ['Range: bytes=3-5']);
is("$part->{status} $part->{body}", '206 ' . substr($body, 3, 3), 'a range of what is kept');
my $head = request($port, HEAD => $whole, host => $HOST);
is("$head->{status} " . $head->header('Content-Length') . " $head->{body}", '200 ' . length($body) . ' ', 'its head');
is(fetch($whole, headers => ['If-None-Match: "v1"'])->{status}, 304, 'unchanged');
is(fetch($whole, headers => ['If-None-Match: "v0"'])->{status}, 200, 'changed');
is(asked($whole), 2, 'all from what is kept, but for what mod_cache has confirmed by the application');
for my $case (['a HEAD', 'HEAD'], ['a range', 'GET', 'Range: bytes=3-5'], ['a condition', 'GET', 'If-None-Match: "v1"']) {
    my ($name, $method, @headers) = @$case;
    my $target = file("ETag=%22v1%22");
    request($port, $method, $target, host => $HOST, headers => \@headers);
    my $r = fetch($target);
    is("$r->{status} " . length $r->{body}, '200 ' . length fetch($target)->{body}, "$name leaves no half a file behind");
}

if (mpm() ne 'prefork') {
    my $target = file();
    my @fields = ([':method', 'GET'], [':path', $target], [':scheme', 'http'], [':authority', $HOST]);
    my @got = map { Atl::Http2::request($port, @fields) } 1 .. 3;
    is($got[2]{body}, $got[0]{body}, 'HTTP/2: the same answer');
    is(fetch($target)->{body}, $got[0]{body}, '... as over HTTP/1.1');
    is(asked($target), 1, '... and the application is asked once');
}

# ------------------------------------------------------------------ many at once

# herd(QUERY): fifty requests while the application takes its time. Returns their answers and how often it was asked.
sub herd {
    my ($query) = @_;
    my $gate = unique('gate');
    my $target = file("~gate=$gate" . ($query ? "&$query" : ''));
    my @clients = map { raw($port) } 1 .. 50;
    my $ask = sub { $_[0]->send("GET $target HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\n\r\n") };
    $ask->($clients[0]);
    ok(wait_until(sub { get($jira, "/jira/slow/waiting?id=$gate")->{body} =~ /true/ }), 'the application is at work');
    # Nobody waits longer than five seconds for another one: all come at once, and the first is let go.
    $ask->($_) for @clients[1 .. 49];
    my @answers;
    # Whoever comes to the gate later is let through too.
    for my $client (@clients) {
        wait_until(sub { get($jira, "/jira/slow/release?id=$gate"); IO::Select->new($client->socket)->can_read(0.05) });
        push @answers, $client->response;
    }
    return (asked($target), @answers);
}

my ($times, @answers) = herd('');
is(scalar(grep { $_->{status} == 200 && $_->{body} eq $answers[0]{body} } @answers), 50, 'fifty at once: all are answered');
cmp_ok($times, '<=', mpm() eq 'prefork' ? 50 : 1, "... and the application is asked $times times");
($times, @answers) = herd('Cache-Control=private');
is(scalar(grep { $_->{status} == 200 } @answers), 50, 'fifty for what is not to be kept: all are answered');
is($times, 50, '... each by the application');

# ------------------------------------------------------------------ reloads

# reload(MORE): waits for the child that has the new configuration.
sub reload {
    my ($more) = @_;
    my %old = map { $_ => 1 } $server->children;
    Atl::Backends::spew($server->file, text($more, $port));
    $server->signal('USR1');
    ok(wait_until(sub { my @now = $server->children; @now && !grep { $old{$_} } @now }), 'reloaded');
    return;
}

my $lasting = file();
fetch($lasting) for 1, 2;
reload('');
fetch($lasting);
is(asked($lasting), 1, 'a reload keeps what is kept');
reload('timeout=9');
fetch($lasting) for 1, 2;
is(asked($lasting), 2, 'a changed line has it asked for anew');

subtest 'over TLS, in more pieces than one' => sub {
    my ($pem) = Atl::Certificates->usual;
    my $tls = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
CacheRoot "$root"
<VirtualHost *:$_[0]>
    ServerName https://$HOST:$_[0]
    SSLEngine on
    SSLCertificateFile "$pem"
    AtlassianApp jira http://127.0.0.1:$jira/jira cache=on
</VirtualHost>
END
    for my $size (1, 65_344, 65_345, 500_000) {
        my $target = '/jira/s/' . unique('large') . "/_/download/batch/bytes-$size/x.js";
        my ($first, $second) = map { ask($tls->port, $target, tls => 1, host => $HOST . ':' . $tls->port) } 1 .. 2;
        is(length $first->{body}, $size, "$size bytes");
        ok($second->{body} eq $first->{body}, 'the same from what is kept');
        like($second->header('Age'), qr/^\d+$/, '... which it is');
    }
    is_deeply([$tls->stop], [], 'the error log is clean');
};

is_deeply([grep { !/AH01630/ } $server->stop], [], 'nothing in the log but who was refused');
system 'rm', '-rf', $root;

# ------------------------------------------------------------------ what is missing

my $vhost = "<VirtualHost *:80>\nServerName a.example.test\nAtlassianApp jira cache=on\n</VirtualHost>\n";
my ($exit, $out, $err) = configtest({ modules => [grep { !/^cache/ } @Atl::Run::MODULES] }, $vhost);
like($err, qr/AtlassianApp: needs httpd modules that are not loaded; on Debian or Ubuntu: a2enmod cache cache_disk;/, 'modules');
($exit, $out, $err) = configtest($vhost);
is($exit, 1, 'no CacheRoot: not accepted');
like($err, qr/ATLP0801: AtlassianApp on line 3 of \S+: cache=on needs a directory/, '... and says what to write');
($exit, $out, $err) = configtest("CacheRoot /var/cache/x\n$vhost");
is("$exit $err", "0 Syntax OK\n", 'CacheRoot outside of the virtual host');
($exit, $out, $err) = configtest("CacheRoot /var/cache/x\n" . $vhost =~ s/ServerName.*\n//r);
like($err, qr/ATLP0801: AtlassianApp on line 3 of \S+: cache=on needs the virtual host's name/, 'no ServerName');
($exit, $out, $err) = configtest("AtlassianApp jira cache=yes\n");
like($err, qr/AtlassianApp: cache=: "yes" is not known; it is one of: off, on/, 'another value');

done_testing;
