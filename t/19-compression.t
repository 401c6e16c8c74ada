# compression=: one side compresses, never both, and what the application sees of Accept-Encoding.
use Atl::Test;

use Compress::Raw::Zlib ();

use Atl::Run;
use Atl::Server;

my $jira = backend_port('jira-http');
my $PAGE = "<p>one line of compressible text</p>\n" x 200;
my @settings = ('', 'compression=pass', 'compression=on', 'compression=off');

# As Debian enables mod_deflate for the whole server.
my $GLOBAL = "AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css application/javascript application/json\n";
my $BROTLI = "AddOutputFilterByType BROTLI_COMPRESS text/html text/plain application/json\n";

# server(TEXT): a virtual host for each setting; ports in the order of @settings.
sub server {
    my ($global) = @_;
    return Atl::Server->start(ports => scalar @settings, modules => [@Atl::Run::MODULES[0 .. 6], qw(filter deflate brotli proxy proxy_http)], text => sub {
        my @ports = @_;
        return join '', (map { "Listen 127.0.0.1:$_\n" } @ports), $global, map {
            "<VirtualHost *:$ports[$_]>\nAtlassianApp jira http://127.0.0.1:$jira/jira $settings[$_]\n</VirtualHost>\n"
        } 0 .. $#settings;
    });
}

sub gunzip {
    my ($packed) = @_;
    my $inflate = Compress::Raw::Zlib::Inflate->new(-WindowBits => Compress::Raw::Zlib::WANT_GZIP());
    my $status = $inflate->inflate($packed, my $plain);
    return $status == Compress::Raw::Zlib::Z_STREAM_END() ? $plain : "not gzip: $status";
}

# seen(RESPONSE): what the application saw, the answer's encoding, Vary.
sub seen {
    my ($r) = @_;
    return join ' / ', map { $r->header($_) // '-' } 'X-Saw-Accept-Encoding', 'Content-Encoding', 'Vary';
}

sub whole {
    my ($r) = @_;
    return ($r->header('Content-Encoding') // '') eq 'gzip' ? gunzip($r->{body}) : $r->{body};
}

my $V = 'Accept-Encoding';
my @rows = (
    # Accept-Encoding sent,   nothing said / pass,              on,                off
    ['gzip, deflate, br',     "gzip, deflate, br / gzip / $V",  " / gzip / $V",    " / - / $V"],
    ['gzip;q=1.0, *;q=0',     "gzip;q=1.0, *;q=0 / gzip / $V",  " / gzip / $V",    " / - / $V"],
    [undef,                   " / - / $V",                      " / - / $V",       " / - / $V"],
    ['identity',              "identity / - / $V",              " / - / $V",       " / - / $V"],
    ['br',                    "br / - / $V",                    " / - / $V",       " / - / $V"],
);
for my $global ('', $GLOBAL) {
    my $server = server($global);
    my %port = map { $settings[$_] => $server->port($_) } 0 .. $#settings;
    my $where = $global ? 'beside a global DEFLATE' : 'alone';
    for my $row (@rows) {
        my ($accept, $pass, $on, $off) = @$row;
        my @sent = defined $accept ? (headers => ["Accept-Encoding: $accept"]) : ();
        for my $expected (['', $pass], ['compression=pass', $pass], ['compression=on', $on], ['compression=off', $off]) {
            my ($setting, $what) = @$expected;
            my $r = get($port{$setting}, '/jira/gzip', @sent);
            my $name = sprintf '%s, "%s", asked for %s', $where, $setting, $accept // 'nothing';
            is(seen($r), $what, $name);
            ok(whole($r) eq $PAGE, "$name: the page is whole");
        }
    }
    subtest "$where: what the application compressed without being asked is not compressed again" => sub {
        for my $setting (@settings) {
            my $r = get($port{$setting}, '/jira/headers?Content-Encoding=gzip&Content-Type=text/html', headers => ['Accept-Encoding: gzip']);
            is($r->header('Content-Encoding'), 'gzip', $setting);
            is($r->{body}, "headers\n");
        }
    };
    subtest "$where: only text" => sub {
        for my $setting (@settings) {
            my $r = get($port{$setting}, '/jira/download?bytes=100000', headers => ['Accept-Encoding: gzip']);
            is($r->header('Content-Encoding'), undef, "octets: $setting");
            is(length $r->{body}, 100_000);
        }
        my $json = get($port{'compression=on'}, '/jira/echo', headers => ['Accept-Encoding: gzip']);
        is($json->header('Content-Encoding'), 'gzip', 'JSON');
        is($json->header('Vary'), $V);
        like(gunzip($json->{body}), qr/"requestURI"/);
        my $head = request($port{'compression=on'}, HEAD => '/jira/gzip', headers => ['Accept-Encoding: gzip']);
        is($head->header('Vary'), $V, 'HEAD says so too');
    };
    subtest "$where: what the application leaves plain" => sub {
        # The administrator's own DEFLATE line means every page of this server, unless compression=off speaks against.
        my %encoding = ('' => $global ? 'gzip' : undef, 'compression=pass' => $global ? 'gzip' : undef,
            'compression=on' => 'gzip', 'compression=off' => undef);
        for my $setting (@settings) {
            my $r = get($port{$setting}, '/jira/echo', headers => ['Accept-Encoding: gzip']);
            is($r->header('Content-Encoding'), $encoding{$setting}, "JSON: \"$setting\"");
        }
    };
    subtest "$where: it is compressed as it comes" => sub {
        my $id = unique('flush');
        my $c = raw($port{'compression=on'});
        $c->send("GET /jira/slow?type=text/html&id=$id HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
        is($c->head->header('Content-Encoding'), 'gzip');
        ok($c->read_until("\r\n"), 'the first piece does not wait for the second');
        get($port{''}, "/jira/slow/release?id=$id");
        ok($c->read_until("\r\n0\r\n\r\n"), 'and comes to its end');
    };
    # It is told to the administrator, though.
    my @log = $server->stop;
    ok((grep { /ATLP1026: AtlassianApp jira .* compresses/ } @log) > 0, "$where: unasked compression is reported");
    is_deeply([grep { !/ATLP1026: AtlassianApp jira .* compresses/ } @log], [], 'nothing else in the error log');
}

subtest 'off switches Brotli off too, and on leaves it out' => sub {
    my $server = server($BROTLI);
    my %got = map { $settings[$_] => seen(get($server->port($_), '/jira/gzip', headers => ['Accept-Encoding: br'])) } 0 .. $#settings;
    is($got{'compression=pass'}, "br / br / $V", "the administrator's own line");
    is($got{'compression=off'}, " / - / $V");
    # An application that compresses without being asked is told so where compression= forbids it.
    is_deeply([grep { !/ATLP1026/ } $server->stop], [], 'the error log is clean');
};

done_testing;
