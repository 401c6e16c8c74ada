# Nothing is told: requests full of secrets and control characters, in every way this module deals with requests, and then
# its log lines, the log as it is by default, the status page in its formats, the dump and every error page are searched.
use Atl::Test;

use MIME::Base64 'encode_base64';

use Atl::Backends ();
use Atl::Clients qw(connection exchange);
use Atl::Recorder;
use Atl::Report;
use Atl::Server;

my ($ADMIN, $STRANGER, $LB) = ('127.0.0.1', '127.0.0.9', '127.0.0.2');
my $recorder = Atl::Recorder->start;
my $closed = Atl::Backends::free_port();

# One secret for each place it can stand in, none of them part of another.
my %secret = map { $_ => "s3cr3t-$_-" . join '', map { chr 97 + rand 26 } 1 .. 8 }
    qw(query cookie password bearer body referer session answer location setcookie protocol line);
my $basic = encode_base64("admin:$secret{password}", '');

my $server = Atl::Server->start(ports => 1, text => sub {
    my ($port) = @_;
    my $jira = backend_port('jira-http');
    return <<"END";
Listen 127.0.0.1:$port
LogLevel warn atlassian_proxy:trace8
CustomLog "$ENV{ATL_LOGS}/secrets_access_log" "%h %s"
<VirtualHost *:$port>
    ServerName https://site.test
    AtlassianApp jira http://127.0.0.1:$jira/jira admin=$ADMIN,::1 trusted-proxy=$LB
    AtlassianApp confluence http://localhost:@{[$recorder->port]}/wiki synchrony=internal
    AtlassianApp bamboo http://127.0.0.1:$closed/bamboo
    <Location /atl>
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END
});
my $port = $server->port;

# httpd refuses bytes below 0x20 in a header; the terminal's sequences can begin with 0x9b too.
my @headers = ("Cookie: JSESSIONID=$secret{cookie}; seraph.rememberme.cookie=$secret{cookie}", "Authorization: Basic $basic",
    "Proxy-Authorization: Bearer $secret{bearer}", "X-Atlassian-Token: $secret{bearer}", "Referer: https://site.test/?t=$secret{referer}",
    "User-Agent: a\x9b2J\t\x9d0;evil", "X-Forwarded-Host: \x9b31m.test", "X-Forwarded-For: \x9b31m");
my @handshake = ('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    "Sec-WebSocket-Protocol: $secret{protocol}");
my $control = '%1b%5b31m%07%7f%ff%c2%9b%9b%0aATLP0701:%20forged%0d%09';

# Each way: name, path (the query and the session are added), method, more headers, address.
my @WAYS = (
    ['an answer', '/jira/echo'],
    ['not found', '/jira/status-code', query => 'code=404'],
    ["the application's own error", '/jira/status-code', query => 'code=500'],
    ['a redirect to http, with a token', '/jira/redirect', query => "location=http://site.test/jira/login%3ftoken%3d$secret{location}"],
    ['a redirect elsewhere', '/jira/redirect', query => "location=http://127.0.0.1:$closed/jira/%3ftoken%3d$secret{location}"],
    ['a cookie that is not Secure', '/jira/cookie', query => "name=JSESSIONID&value=$secret{setcookie}&path=/elsewhere"],
    ['an answer with secrets in its headers', '/jira/headers', query => "X-ASESSIONID=$secret{answer}&WWW-Authenticate=$secret{answer}"],
    ['a path that is refused', '/jira/..;/x'],
    ['an escape that is refused', '/jira/%c0%ae'],
    ['control characters', "/jira/$control"],
    ['a door', "/jira/secure/admin/$control", from => $STRANGER],
    ['a POST', '/jira/upload', method => 'POST'],
    ['too much', '/jira/' . 'x' x 8000],
    ['nobody listens', "/bamboo/$control"],
    ['nobody listens, for a program', '/bamboo/rest/api/latest/x', headers => ['Accept: application/json']],
    ['a load balancer that says strange things', '/jira/echo', from => $LB],
    ['a WebSocket where there is none', '/jira/websocket', headers => \@handshake],
    ['a false 101', '/wiki/synchrony-proxy/fake-101', headers => \@handshake],
    ['a 101 without its key', '/wiki/synchrony-proxy/bare-101', headers => \@handshake],
    ['a WebSocket', '/wiki/synchrony-proxy/websocket', headers => \@handshake, tunnel => 1],
    ['absolute', 'http://user:' . $secret{password} . '@site.test/jira/echo'],
    ['no application', "/nowhere/$control"],
    ['the status page', '/atl', query => 'json'],
    ['the status page, told to check', '/atl', query => 'check&json', method => 'POST'],
);

# $secret{body} is only sent, never part of an answer; a page may say back what its own client's URL had, not more.
my @places = sort keys %secret;
my %pages;
for my $way (@WAYS) {
    my ($name, $path, %option) = @$way;
    my $target = "$path;jsessionid=$secret{session}?" . join '&', $option{query} // (), "os_password=$secret{query}&token=$secret{query}";
    my $body = ($option{method} // '') eq 'POST' ? "os_password=$secret{body}" : '';
    my $c = connection(port => $port, from => $option{from} // $ADMIN);
    $c->send(join("\r\n", ($option{method} // 'GET') . " $target HTTP/1.1", 'Host: site.test', @headers, @{ $option{headers} // ['Connection: close'] },
        ($body ne '' ? 'Content-Length: ' . length $body : ()), '', '') . $body);
    my $r = $option{tunnel} ? $c->head : eval { $c->response };
    $pages{$name} = { status => $r ? $r->{status} : 0, text => $r ? $r->{head} . ($r->{body} // '') : '' };
    # An unclean end, for the line about it.
    $c->send("\x88\x82\0\0\0\0\x03\xe8") if $option{tunnel} && $pages{$name}{status} == 101;
    $c->close;
}
# What httpd cannot read is answered by itself.
for my $bytes ("GET /jira/$secret{query}\x01 HTTP/1.1\r\n\r\n", "GET /jira/?a=$secret{query} HTTP/1.1\r\nHost: site.test\r\nCookie $secret{cookie}\r\n\r\n",
    "GET /jira/ HTTP/1.1\r\nHost: $secret{referer} \x1b\r\n\r\n", "GET /jira/ HTTP/1.1\r\nHost: site.test\r\nAuthorization: " . $secret{bearer} x 600 . "\r\n\r\n") {
    my $r = eval { exchange($bytes, port => $port) };
    $pages{"unreadable, @{[scalar keys %pages]}"} = { status => $r ? $r->{status} : 0, text => $r ? $r->{head} . $r->{body} : '' };
}

# found(TEXT): the secrets in it, spelled as they were or in base64.
sub found {
    my ($text) = @_;
    return grep { index($text, $_ eq 'basic' ? $basic : $secret{$_}) >= 0 } @places;
}

sub told {
    my ($where, $text, $least) = @_;
    my $good = cmp_ok(length $text, '>=', $least, "$where: there is something to search");
    $good &= is_deeply([found($text)], [], "$where: no secret");
    $good &= unlike($text, qr/\Q$basic\E/, "$where: no credentials");
    $good &= is_deeply([map { sprintf '%x in %s', ord, $where } $text =~ /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g], [], "$where: no control character");
    ok(utf8::decode(my $copy = $text), "$where: UTF-8");
    my $expected = 'no secret, no control character';
    report_row('Secrets', $where, $expected, $good ? $expected : 'something else');
    return;
}

wait_until(sub { Atl::Backends::slurp($server->error_log) =~ /ATLP0301/ }) if mpm() ne 'prefork';
my $log = Atl::Backends::slurp($server->error_log);
# httpd ends its lines with the client's Referer, escaped: its own, see ErrorLogFormat.
$log =~ s/, referer: \S*$//mg;
my @own = grep { /\[atlassian_proxy:/ } split /\n/, $log;
for my $number ('0201', '0202', '0701', '1001', (mpm() eq 'prefork' ? () : qw(0301 0305))) {
    ok(scalar(grep { /ATLP$number/ } @own), "the log has ATLP$number");
}
told("this module's lines, at level trace8", join("\n", @own), 1000);
unlike($log, qr/^(?!\[).*forged/m, 'no line of the log was forged');

# httpd's own lines name the whole URL of a request it could not read, at level error: those are its own.
told("httpd's log at its default level", join("\n", grep { !/\[core:error\] .*AH10244/ } split /\n/, $log), 1000);

for my $format ('', 'json', 'prometheus', 'check&json') {
    my $method = $format =~ /check/ ? 'POST' : 'GET';
    my $r = request($port, $method => "/atl?$format&token=$secret{query}", host => 'site.test', headers => \@headers);
    is($r->{status}, 200, "status page ($format)");
    told("the status page ($format)", $r->{body}, 500);
}

my ($exit, $out, $err) = configtest(Atl::Backends::slurp($server->file), '-D', 'DUMP_ATLASSIAN_APPS');
told('the dump', $out . $err, 500);
for my $wrong ("jira http://u:$secret{line}\@127.0.0.1/jira", "jira http://127.0.0.1/jira secret=$secret{line}", "http://u:$secret{line}\@h jira",
    "jira h/jira synchrony=http://u:$secret{line}\@h", "jira h/jira trusted-proxy=u:$secret{line}\@10.0.0.1", "jira h/jira admin=u:$secret{line}\@10.0.0.1") {
    ($exit, $out, $err) = configtest("AtlassianApp $wrong\n");
    isnt($exit, 0, 'a line with a password is refused');
    unlike($out . $err, qr/\Q$secret{line}\E/, '... and the password not repeated') or diag $err;
}

# Error pages that httpd or this module made.
for my $name (sort grep { $pages{$_}{status} >= 400 } keys %pages) {
    next if $name =~ /application's own|not found/;
    my ($status, $text) = @{ $pages{$name} }{qw(status text)};
    is_deeply([found($text)], [], "page of $status, $name: no secret");
    unlike($text, qr/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/, "page of $status, $name: no control character");
}
cmp_ok(scalar(grep { $_->{status} >= 400 } values %pages), '>=', 10, 'there were error pages');

$server->stop;
done_testing;
