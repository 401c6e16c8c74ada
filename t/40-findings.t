# Each finding: provoked by a real misconfiguration, told once with its cure, and gone when that cure is applied.
use Atl::Test;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();

use Atl::Backends ();
use Atl::Httpd ();
use Atl::Server;
use Atl::StandIn;
use Atl::Tomcat;

my @HOST = (host => 'people.example.test');
my $DIR  = $ENV{ATL_LOGS};

# site(SERVERNAME, LINES...): an httpd with one virtual host and its status page; more modules than usual before.
our @MORE;
my @blocked;
sub site {
    my ($name, @lines) = @_;
    return Atl::Server->start(text => sub { Atl::Httpd::load_lines(@MORE) . site_text($_[0], $name, @lines) });
}

sub site_text {
    my ($port, $name, @lines) = @_;
    return join "\n", "Listen 127.0.0.1:$port", "<VirtualHost *:$port>", "ServerName $name", @lines,
        '<Location "/atl">', 'SetHandler atlassian-status', 'Require all granted', '</Location>', '</VirtualHost>', '';
}

sub status {
    my ($server, $query) = @_;
    my $r = request($server->port, $query ? 'POST' : 'GET', '/atl?' . ($query // 'json'), @HOST);
    is($r->{status}, 200, 'status page') or diag $r->{body};
    return JSON::PP::decode_json($r->{body});
}

# finding(SERVER, ID): of the first application that has it, or undef.
sub finding {
    my ($server, $id) = @_;
    my ($found) = grep { $_->{id} eq "ATLP$id" } map { @{ $_->{findings} } } @{ status($server)->{applications} };
    return $found;
}

# change_line(SERVER, CURE): the AtlassianApp line a cure says to write, in place of the first one; reloaded.
sub change_line {
    my ($server, $cure) = @_;
    my ($line) = $cure =~ /^(AtlassianApp .*)$/m or die "no line to write in: $cure";
    my $text = Atl::Backends::slurp($server->file);
    $text =~ s/^AtlassianApp .*$/$line/m;
    return reload($server, $text);
}

sub reload {
    my ($server, $text) = @_;
    my %old = map { $_ => 1 } $server->children;
    my $before = () = Atl::Backends::slurp($server->error_log) =~ /resuming normal operations/g;
    Atl::Backends::spew($server->file, $text);
    $server->signal('USR1');
    ok(wait_until(sub {
        my $now = () = Atl::Backends::slurp($server->error_log) =~ /resuming normal operations/g;
        # A child of before may still take a connection, and serve it as before.
        $now > $before && !grep { $old{$_} } $server->children;
    }), 'reloaded');
    return 1;
}

# round_trip(ID => name, SERVER, provoke => CODE, apply => CODE(cure), noise => PATTERN): noise is what httpd itself says.
sub round_trip {
    my ($id, $server, %do) = @_;
    return subtest "ATLP$id $do{name}" => sub {
        is(finding($server, $id), undef, 'not found yet');
        $do{provoke}->() for 1 .. 2;
        # What httpd itself answers is looked at once it is logged, which its client need not wait for.
        my $found;
        ok(wait_until(sub { ($found = finding($server, $id)) && $found->{count} == 2 }), 'counted') or return;
        like($found->{$_}, qr/\w/, "$_: $found->{$_}") for qw(symptom cause cure);
        like($found->{example}, qr{^/[^?]*$}, "example: $found->{example}");
        $do{apply}->($found->{cure});
        $do{provoke}->();
        my $after = finding($server, $id);
        is($after->{count}, 2, 'gone after the cure');
        my @lines = grep { !$do{noise} || $_ !~ $do{noise} } $server->stop;
        is(scalar(grep { /atlassian_proxy:warn.*ATLP$id: / } @lines), 1, 'logged once, at warn');
        my @other = grep { !/ATLP$id: / } @lines;
        is("@other", '', 'and nothing else');
    };
}

# pasted(TOMCAT): what an administrator does with a cure for server.xml.
sub pasted {
    my ($tomcat) = @_;
    return sub { $tomcat->paste($_[0]); $tomcat->restart };
}

sub asks {
    my ($server, $target, @option) = @_;
    return sub { get($server->port, $target, @HOST, @option) };
}

# ---------------------------------------------------------------------------------------------- addresses

for my $row (
    [1001, 'no scheme', {}, '/jira/redirect?to=/next'],
    [1002, 'wrong proxyPort', { proxyName => 'people.example.test', proxyPort => 'OWN', scheme => 'https', secure => 'true' }, '/jira/redirect?to=/next'],
    [1003, 'proxyName is the backend', { proxyName => '127.0.0.1', proxyPort => 'OWN' }, '/jira/redirect?to=/next'],
    [1030, 'http in pages', { proxyName => 'people.example.test', proxyPort => '80' }, '/jira/html'],
    [1009, 'no secure', { proxyName => 'people.example.test', proxyPort => '443', scheme => 'https' }, '/jira/session'],
) {
    my ($id, $name, $attributes, $target) = @$row;
    my $tomcat = Atl::Tomcat->start('jira:/jira');
    $tomcat->connector(map { $_ => $attributes->{$_} eq 'OWN' ? $tomcat->port : $attributes->{$_} } keys %$attributes);
    $tomcat->restart;
    my $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip($id, $server, name => $name, provoke => asks($server, $target), apply => pasted($tomcat));
    $tomcat->stop;
}

{
    my $tomcat = Atl::Tomcat->start('jira:/jira', proxyName => 'old.example.test', proxyPort => 443, scheme => 'https', secure => 'true');
    $tomcat->context(useRelativeRedirects => 'false');
    $tomcat->restart;
    my $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip(1004, $server, name => 'stale proxyName', provoke => asks($server, '/jira'), apply => pasted($tomcat));
    $tomcat->stop;
}

{
    # A page that must be secure (CONFIDENTIAL), a container that believes it is not.
    my $tomcat = Atl::Tomcat->start('jira:/jira', proxyName => 'people.example.test', redirectPort => 443);
    $tomcat->inner('<Valve className="org.apache.catalina.valves.rewrite.RewriteValve"/>');
    Atl::Backends::spew("$tomcat->{home}/conf/Catalina/localhost/rewrite.config", '');
    my $rules = "RewriteCond %{HTTPS} !=on\nRewriteRule ^/secure/(.*)\$ https://people.example.test/jira/secure/\$1 [R=302,L]\n";
    Atl::Backends::spew("$tomcat->{home}/webapp/WEB-INF/rewrite.config", $rules);
    system('cp', '-r', "$ENV{ATL_BACKENDS}/build/tomcat/product/WEB-INF/.", "$tomcat->{home}/webapp/WEB-INF/") == 0 or die;
    $tomcat->context(docBase => "$tomcat->{home}/webapp");
    $tomcat->restart;
    my $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip(1005, $server, name => 'redirect loop', provoke => asks($server, '/jira/secure/x'), apply => pasted($tomcat));
    $tomcat->stop;
}

# ---------------------------------------------------------------------------------------------- context and cookies

{
    my $tomcat = Atl::Tomcat->start('jira:/other', proxyName => 'people.example.test', proxyPort => 443, scheme => 'https', secure => 'true');
    my $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip(1007, $server, name => 'another context path', provoke => asks($server, '/jira/'), apply => pasted($tomcat));
    $tomcat->stop;
}

{
    my $tomcat = Atl::Tomcat->start('jira:/jira', proxyName => 'people.example.test', proxyPort => 443, scheme => 'https', secure => 'true');
    $tomcat->context(sessionCookiePath => '/other');
    $tomcat->restart;
    my $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip(1010, $server, name => 'cookie for another path', provoke => asks($server, '/jira/session'),
        apply => sub { $tomcat->context(sessionCookiePath => undef); pasted($tomcat)->(@_) });
    $tomcat->context(sessionCookiePath => '/');
    $tomcat->restart;
    $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira',
        'AtlassianApp crowd http://127.0.0.1:1/crowd');
    round_trip(1011, $server, name => 'cookie for the whole host', provoke => asks($server, '/jira/session'),
        apply => sub { like($_[0], qr/remove sessionCookiePath/); $tomcat->context(sessionCookiePath => undef); $tomcat->restart });
    $tomcat->stop;
}

{
    # A base URL of before its context path was changed: people are sent to the old one.
    my $tomcat = Atl::Tomcat->start('jira:/jira', proxyName => 'people.example.test', proxyPort => 443, scheme => 'https', secure => 'true');
    $tomcat->inner('<Valve className="org.apache.catalina.valves.rewrite.RewriteValve"/>');
    system('cp', '-r', "$ENV{ATL_BACKENDS}/build/tomcat/product/.", "$tomcat->{home}/webapp/") == 0 or die;
    my $rules = "$tomcat->{home}/webapp/WEB-INF/rewrite.config";
    Atl::Backends::spew($rules, "RewriteRule ^/\$ https://people.example.test/secure/Dashboard.jspa [R=302,L]\n");
    $tomcat->context(docBase => "$tomcat->{home}/webapp");
    $tomcat->restart;
    my $server = site('https://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip(1008, $server, name => 'redirect out of the context', provoke => asks($server, '/jira/'),
        apply => sub { like($_[0], qr{path="/jira"}); Atl::Backends::spew($rules, "RewriteRule ^/\$ https://people.example.test/jira/secure/Dashboard.jspa [R=302,L]\n"); $tomcat->restart });
    $tomcat->stop;
}

# ---------------------------------------------------------------------------------------------- connections

my $REFUSED = qr/AH00957|AH01114/;

{
    my $tomcat = Atl::Tomcat->start('jira:/jira');
    my $server = site('http://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    $tomcat->stop;
    round_trip(1012, $server, name => 'not running', provoke => asks($server, '/jira/x'), noise => $REFUSED,
        apply => sub { like($_[0], qr/start Jira/); $tomcat->launch });
    $tomcat->stop;
}

{
    my $port = backend_port('jira-http');
    my $server = site('http://people.example.test', "AtlassianApp jira http://nowhere.invalid:$port/jira");
    round_trip(1014, $server, name => 'no such host', provoke => asks($server, '/jira/x'), noise => qr/AH00898|AH10477/,
        apply => sub { like($_[0], qr/getent hosts nowhere.invalid/); change_line($server, "AtlassianApp jira http://127.0.0.1:$port/jira") });
}

{
    # A queue that is full: the kernel drops what comes after.
    my $port = Atl::Backends::free_port();
    my $deaf = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1) or die $!;
    my @fill = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Blocking => 0) } 1 .. 4;
    my $server = site('http://people.example.test', "AtlassianApp jira http://127.0.0.1:$port/jira connectiontimeout=1");
    round_trip(1015, $server, name => 'connections dropped', provoke => asks($server, '/jira/x'), noise => $REFUSED,
        apply => sub { like($_[0], qr/curl/); change_line($server, 'AtlassianApp jira http://127.0.0.1:' . backend_port('jira-http') . '/jira') });
}

{
    my $slow = backend_port('jira-http');
    # httpd's own clock: what never answers is given up after as long as Jira's line allows at first.
    my $silent = Atl::StandIn->listen;
    my $server = site('http://people.example.test', "AtlassianApp jira http://127.0.0.1:$slow/jira timeout=4",
        'AtlassianApp crowd http://127.0.0.1:' . $silent->port . '/crowd timeout=4 quiet=ATLP1017');
    my ($cured, @seen);
    round_trip(1017, $server, name => 'answer too late', noise => qr/AH01102|AH00898/,
        provoke => sub {
            my $id = unique('findings');
            my $c = raw($server->port);
            $c->send("GET /jira/slow?before=1&id=$id HTTP/1.1\r\nHost: people.example.test\r\nConnection: close\r\n\r\n");
            is(get($server->port, '/crowd/x', @HOST)->{status}, 503, 'time is over');
            # Until httpd has given up; after the cure it waits on.
            push @seen, $c->response->{status} if !$cured;
            get($slow, "/jira/slow/release?id=$id");
            push @seen, $c->response->{status} if $cured;
        },
        apply => sub { like($_[0], qr/timeout=12$/m); $cured = change_line($server, $_[0]) });
    is("@seen", '503 503 200', 'as the client sees it');
}

# blocked(KIND): an address no packet gets to, by a route of this kind; nobody else's, by the number of this process
# (198.18.0.0/15 is for tests: RFC 2544).
sub blocked {
    my ($kind) = @_;
    my $ip = sprintf '198.%d.%d.%d', $kind eq 'prohibit' ? 18 : 19, $$ >> 8 & 255, $$ & 255;
    system("ip route replace $kind $ip/32") == 0 or die "routes cannot be changed: run this file as root\n";
    push @blocked, "$kind $ip/32";
    return $ip;
}

# Whatever way this file ends, the machine's routes are as before.
END {
    local $?;
    for (@blocked) {
        my (undef, $ip) = split;
        system "ip route del $_ 2>/dev/null; ip addr del $ip dev lo 2>/dev/null";
    }
}

for my $row ([1016, 'no way there', 'unreachable', 'ip route get IP'],
    # No SELinux here: a route that is prohibited gives connect() the same EACCES, (13)Permission denied.
    [1013, 'permission denied', 'prohibit', 'setsebool -P httpd_can_network_connect 1']
) {
    my ($id, $name, $kind, $cure) = @$row;
    my $ip = blocked($kind);
    $cure =~ s{IP}{$ip};
    my $server = site('http://people.example.test', "AtlassianApp jira http://$ip:8080/jira");
    round_trip($id, $server, name => $name, provoke => asks($server, '/jira/x'), noise => qr/$REFUSED|ATLP1012/,
        apply => sub { like($_[0], qr/\Q$cure\E/); system("ip route del $kind $ip/32 && ip addr add $ip/32 dev lo") });
}

# ---------------------------------------------------------------------------------------------- TLS to the application

my $tls = Atl::Tomcat->start('jira:/jira');
{
    system(qq{openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost }
        . qq{-keyout $DIR/own.key -out $DIR/own.crt 2>/dev/null && chmod 644 $DIR/own.crt}) == 0 or die 'openssl';
    $tls->stop;
    my $xml = $tls->xml;
    $xml =~ s{(<Connector[^>]*?)/>}{$1 SSLEnabled="true"><SSLHostConfig><Certificate certificateFile="$DIR/own.crt" certificateKeyFile="$DIR/own.key"/></SSLHostConfig></Connector>}s;
    Atl::Backends::spew("$tls->{home}/conf/server.xml", $xml);
    $tls->launch;
}
my $HANDSHAKE = qr/ATLP0401|AH02039|AH01084|AH00898|AH01097/;

{
    my $server = site('http://people.example.test', 'AtlassianApp jira https://localhost:' . $tls->port . '/jira', 'LogLevel warn');
    round_trip(1018, $server, name => 'certificate not trusted', provoke => asks($server, '/jira/x'), noise => $HANDSHAKE,
        apply => sub { (my $cure = $_[0]) =~ s/<file>/$DIR\/own.crt/ or die; change_line($server, $cure) });
    $server = site('http://people.example.test', 'AtlassianApp jira https://127.0.0.1:' . $tls->port . "/jira ca=$DIR/own.crt",
        'LogLevel warn');
    round_trip(1019, $server, name => 'certificate for another name', provoke => asks($server, '/jira/x'), noise => $HANDSHAKE,
        apply => sub { (my $cure = $_[0]) =~ s/<name in the certificate>/localhost/ or die; $cure =~ s/$/ ca=$DIR\/own.crt/; change_line($server, $cure) });
    my $plain = backend_port('jira-http');
    $server = site('http://people.example.test', "AtlassianApp jira https://127.0.0.1:$plain/jira");
    round_trip(1020, $server, name => 'https to an http port', provoke => asks($server, '/jira/x'), noise => $HANDSHAKE,
        apply => sub { change_line($server, $_[0]) });
    $server = site('http://people.example.test', 'AtlassianApp jira http://localhost:' . $tls->port . '/jira');
    round_trip(1021, $server, name => 'http to an https port', provoke => asks($server, '/jira/x'),
        apply => sub { (my $cure = $_[0]) =~ s/$/ ca=$DIR\/own.crt/; change_line($server, $cure) });
}
$tls->stop;

# ---------------------------------------------------------------------------------------------- Synchrony

{
    my ($wiki, $synchrony) = (backend_port('confluence-http'), backend_port('synchrony'));
    my $server = site('http://confluence.example.test', "AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$wiki");
    my $rightly = sub { like($_[0], qr{synchrony=http://127.0.0.1:8091$}m); change_line($server, "AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$synchrony") };
    round_trip(1023, $server, name => 'Synchrony sent to Confluence', provoke => asks($server, '/synchrony/heartbeat'), apply => $rightly);

    my $other = backend_port('jira-root-http');
    $server = site('http://confluence.example.test', "AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$other");
    round_trip(1022, $server, name => 'WebSocket not accepted', apply => $rightly, provoke => sub {
        my $c = raw($server->port);
        $c->send("GET /synchrony/v1/bayeux-sync1 HTTP/1.1\r\nHost: confluence.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            . "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        $c->response;
        $c->close;
    });
}

# ---------------------------------------------------------------------------------------------- limits of the container

for my $row (
    [1024, 'large headers', { maxHttpHeaderSize => undef }, '/jira/echo', ['Cookie: a=' . 'x' x 4700, 'X-B: ' . 'y' x 4700]],
    [1025, 'raw brackets', { relaxedPathChars => undef, relaxedQueryChars => undef }, '/jira/echo?a[0]=|', []],
) {
    my ($id, $name, $attributes, $target, $headers) = @$row;
    my $tomcat = Atl::Tomcat->start('jira:/jira');
    $tomcat->connector(%$attributes);
    $tomcat->restart;
    my $server = site('http://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    round_trip($id, $server, name => $name, provoke => asks($server, $target, headers => $headers), apply => pasted($tomcat));
    $tomcat->stop;
}

# ---------------------------------------------------------------------------------------------- uploads

# paste_lines(SERVER, CURE, DIRECTIVE): what a cure says to write into the virtual host, in place of a directive there.
sub paste_lines {
    my ($server, $cure, $directive) = @_;
    (my $lines = $cure) =~ s/^in the virtual host of line \d+ of .*:\n// or die $cure;
    my $text = Atl::Backends::slurp($server->file);
    $text =~ s/^$directive .*$/$lines/m or die $text;
    return reload($server, $text);
}

{
    my $line = 'AtlassianApp jira http://127.0.0.1:' . backend_port('jira-http') . '/jira';
    local @MORE = qw(unique_id security2);
    my $server = site('http://people.example.test', $line, 'SecRuleEngine On', 'SecRequestBodyAccess On', 'SecRequestBodyLimit 131072');
    round_trip(1031, $server, name => 'mod_security\'s limit', noise => qr/ModSecurity/,
        provoke => sub { request($server->port, POST => '/jira/upload', @HOST, body => 'x' x 200_000) },
        apply => sub { paste_lines($server, $_[0], 'SecRequestBodyLimit') });
}

{
    my $line = 'AtlassianApp jira http://127.0.0.1:' . backend_port('jira-http') . '/jira';
    my $server = site('http://people.example.test', $line, 'RequestReadTimeout body=1');
    my ($cured, @seen);
    round_trip(1032, $server, name => 'a pause in an upload', noise => qr/AH02608|AH01097/,
        provoke => sub {
            my $id = unique('slow');
            my $c = raw($server->port)->send("POST /jira/upload?id=$id HTTP/1.1\r\nHost: people.example.test\r\n"
                . "Connection: close\r\nContent-Length: 200000\r\n\r\n" . 'x' x 100_000);
            # Until httpd has given up; after the cure longer than it waited before.
            IO::Select->new($c->socket)->can_read($cured ? 1.7 : 120) or $c->send('x' x 100_000);
            push @seen, $c->response->{status};
        },
        apply => sub { $cured = paste_lines($server, $_[0], 'RequestReadTimeout') });
    is("@seen", '408 408 200', 'as the client sees it');
}

{
    # More than Tomcat swallows (2 MiB) of what it refuses.
    my $tomcat = Atl::Tomcat->start('jira:/jira');
    my $server = site('http://people.example.test', 'AtlassianApp jira http://127.0.0.1:' . $tomcat->port . '/jira');
    my @seen;
    round_trip(1033, $server, name => 'an upload nobody reads', apply => pasted($tomcat), noise => qr/AH01084|AH01097|AH01102|AH10154/,
        provoke => sub { push @seen, request($server->port, POST => '/jira/expect?refuse=400', @HOST, body => 'x' x 30_000_000)->{status} });
    is("@seen", '502 502 400', 'as the client sees it');
    $tomcat->stop;
}

# ---------------------------------------------------------------------------------------------- seen in answers only

{
    # The stand-in says on demand what the product says by itself.
    my $port = backend_port('jira-http');
    my $server = site('http://people.example.test', "AtlassianApp jira http://127.0.0.1:$port/jira");
    my $body = 'XSRF+check+failed';
    round_trip(1027, $server, name => 'XSRF check', apply => sub { like($_[0], qr/proxyName="people.example.test"/); $body = 'other' },
        provoke => sub { request($server->port, POST => "/jira/status-code?code=403&body=$body", @HOST, headers => ['Origin: http://people.example.test'], body => 'x') });
    # Tomcat's own compression="force" keeps to Accept-Encoding: only an application's own filter does this.
    $server = site('http://people.example.test', "AtlassianApp jira http://127.0.0.1:$port/jira compression=on");
    my $encoding = 'gzip';
    round_trip(1026, $server, name => 'compressed without being asked', apply => sub { like($_[0], qr/compression="off"/); $encoding = 'identity' },
        provoke => sub { get($server->port, "/jira/headers?Content-Encoding=$encoding", @HOST) });
    $server = site('http://people.example.test', "AtlassianApp jira http://127.0.0.1:$port/jira");
    my $slashes = '//';
    round_trip(1006, $server, name => 'double slash', apply => sub { like($_[0], qr{http://people.example.test/jira$}m); $slashes = '/' },
        provoke => sub { get($server->port, "/jira/redirect?location=http://people.example.test/jira${slashes}login", @HOST) });
}

{
    my $port = backend_port('jira-http');
    my $text = qq{AtlassianApp jira http://127.0.0.1:$port/jira\n<Location "/jira">\nAuthType Basic\nAuthName x\nAuthUserFile "$DIR/none"\nRequire valid-user\n</Location>};
    my $server = site('http://people.example.test', $text);
    round_trip(1028, $server, name => 'login in front of applinks', provoke => asks($server, '/jira/rest/applinks/1.0/manifest'),
        apply => sub {
            my $text = Atl::Backends::slurp($server->file);
            $text =~ s/(<Location "\/atl">)/$_[0]\n$1/;
            reload($server, $text);
        });
}

{
    my $jira = backend_port('jira-http');
    my $server = site('http://people.example.test', "AtlassianApp jira http://127.0.0.1:$jira/jira");
    get($jira, '/jira/control?baseUrl=http://old.example.test/jira');
    round_trip(1029, $server, name => 'base URL', provoke => sub { status($server, 'check') },
        apply => sub { like($_[0], qr{Base URL:\nhttp://people.example.test/jira$}m); get($jira, '/jira/control?baseUrl=http://people.example.test/jira') });
    get($jira, '/jira/control?reset=1');
}

done_testing;
