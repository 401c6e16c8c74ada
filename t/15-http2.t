# HTTP/2 to the client, HTTP/1.1 to the application: the same requests, streaming both ways. Where mod_http2 cannot
# work (prefork) the same clients are served over HTTP/1.1.
use Atl::Test;

use Compress::Raw::Zlib qw(crc32);

use Atl::Backends ();
use Atl::Certificates;
use Atl::Memory;
use Atl::Pattern;
use Atl::Requests;
use Atl::Server;

my $HTTP2 = mpm() ne 'prefork';
my $BOUND = 64 << 20;
my ($certificate, $authority) = Atl::Certificates->usual;
my $apps = Atl::Requests::own_vhost('apps');
my $jira = backend_port('jira-http');
my $server = Atl::Server->start(ports => 3, text => sub {
    my ($clear, $tls, $table) = @_;
    my $site = "AtlassianApp jira http://127.0.0.1:$jira/jira";
    my $protocols = $HTTP2 ? "Protocols h2 h2c http/1.1\n" : '';
    my $https = "SSLEngine on\nSSLCertificateFile $certificate";
    my $docs = "$ENV{ATL_STAGED}/t/htdocs";
    return join "\n", (map { "Listen 127.0.0.1:$_" } @_), $protocols, "DocumentRoot $docs\n<Directory $docs>\nRequire all granted\n</Directory>",
        "<VirtualHost *:$clear>\n$site\n</VirtualHost>",
        "<VirtualHost *:$tls>\nServerName localhost\n$https\n$site\n</VirtualHost>",
        "<VirtualHost *:$table>\n$apps\n$https\n</VirtualHost>\n";
});
my %base = (clear => 'http://127.0.0.1:' . $server->port, tls => 'https://localhost:' . $server->port(1),
    table => 'https://localhost:' . $server->port(2));
my $scratch = "$ENV{ATL_LOGS}/" . unique('http2');

# What every curl here is told: HTTP/2 or nothing on a clear connection, ALPN over TLS, paths as they are.
sub command {
    my ($base, @argument) = @_;
    my $version = !$HTTP2 ? '--http1.1' : $base eq 'clear' ? '--http2-prior-knowledge' : '--http2';
    $version = '--http2' if $base ne 'clear';
    return ('curl', '-q', '-sS', '--no-progress-meter', '-g', '--noproxy', '*', '--path-as-is', '--cacert', $authority, '--max-time', 120, $version, @argument);
}

# ask(BASE, TARGET, CURL OPTIONS): an answer as of Atl::Raw, with {protocol} "2" or "1.1".
sub ask {
    my ($base, $target, @option) = @_;
    unlink "$scratch.head", "$scratch.body";
    my ($exit, $out, $err) = Atl::Server::run_captured($scratch, command($base, '-D', "$scratch.head", '-o', "$scratch.body",
        '-w', '%{http_version} %{response_code}', @option, "$base{$base}$target"));
    die "curl $target: exit $exit, $err" if $exit;
    my ($protocol, $status) = split / /, $out;
    my ($head) = (split /\r\n\r\n/, Atl::Backends::slurp("$scratch.head"))[-1];
    my @headers = map { /^([^:]+):\s*(.*)$/ ? [$1, $2] : () } split /\r\n/, $head;
    return bless { protocol => $protocol, status => $status, headers => \@headers, head => $head,
        body => Atl::Backends::slurp("$scratch.body") }, 'Atl::Raw::Response';
}

my $expected = $HTTP2 ? '2' : '1.1';
for my $base ('clear', 'tls') {
    subtest "$base: what the application sees" => sub {
        my $r = ask($base, '/jira/echo/a%20b?c=%2F', '-H', 'Host: people.example.test:8443', '-H', 'X-Forwarded-Host: evil.example',
            '-H', 'X-Forwarded-For: 6.6.6.6', '-b', 'a=b; c=d', '-H', 'X-Many: 1');
        is("$r->{protocol} $r->{status}", "$expected 200");
        my $seen = $r->echo;
        is("$seen->{method} $seen->{requestURI} $seen->{queryString} $seen->{protocol}", 'GET /jira/echo/a%20b c=%2F HTTP/1.1');
        is($seen->{header}{host}[0], 'people.example.test:8443', 'Host is :authority');
        is($seen->{header}{'x-forwarded-host'}[0], 'people.example.test:8443');
        is($seen->{header}{'x-forwarded-for'}[0], '127.0.0.1');
        is($seen->{header}{'x-forwarded-proto'}[0], $base eq 'tls' ? 'https' : 'http');
        is($seen->{header}{'x-forwarded-port'}[0], '8443');
        is_deeply($seen->{cookies}, [['a', 'b'], ['c', 'd']], 'cookies are whole');
        is_deeply([grep { /^:|^(?:te|upgrade|http2-settings|proxy-connection)$/ } sort keys %{ $seen->{header} }], [],
            "nothing of HTTP/2's own");
    };

    subtest "$base: answers" => sub {
        is(ask($base, '/jira/redirect?to=/next', '-H', 'Host: people.example.test')->header('Location'),
            ($base eq 'tls' ? 'https' : 'http') . '://people.example.test/jira/next', 'redirect');
        my $cookie = ask($base, '/jira/cookie?name=a&value=b&path=/jira')->header('Set-Cookie');
        is($cookie, $base eq 'tls' ? 'a=b; Path=/jira; Secure' : 'a=b; Path=/jira', 'cookie');
        my $head = ask($base, '/jira/download?bytes=5000000000', '-I');
        is("$head->{status} " . $head->header('Content-Length'), '200 5000000000', 'HEAD');
        is(ask($base, '/jira/download?bytes=9', '-H', 'If-None-Match: "bytes-9"')->{status}, 304);
        is(ask($base, '/jira/status-code?code=204')->{status}, 204);
        my $part = ask($base, '/jira/download?bytes=300000', '-r', '65500-131071');
        is("$part->{status} " . $part->header('Content-Range'), '206 bytes 65500-131071/300000');
        ok($part->{body} eq Atl::Pattern::bytes(65_500, 65_572), 'that piece');
        ok(ask($base, '/jira/download?bytes=300000&chunked=1&trailer=end')->{body} eq Atl::Pattern::bytes(0, 300_000), 'with a trailer');
        is(ask($base, '/jira/expect?refuse=413', '--data-binary', 'x' x 100)->{status}, 413, 'refused');
        is(ask($base, '/none')->{status}, 404, 'not an app');
    };

    subtest "$base: 300 MiB down" => sub {
        my $memory = Atl::Memory->watch($server->pid);
        my ($size, $at, $good, $looked) = (300 << 20, 0, 1, 0);
        my $period = length Atl::Pattern::block();
        my $pattern = Atl::Pattern::bytes(0, $period + (1 << 20));
        open my $curl, '-|', command($base, "$base{$base}/jira/download?bytes=$size&chunked=1") or die "curl: $!\n";
        while ((my $n = sysread $curl, my $piece, 1 << 20)) {
            $good &&= $piece eq substr $pattern, $at % $period, $n;
            $at += $n;
            is_deeply([$memory->spool_files], [], 'no file holds it') if $at >= 100 << 20 && !$looked++;
        }
        ok(close $curl, 'to the end');
        is($at, $size);
        ok($good, 'every byte is right');
        cmp_ok($memory->grown, '<', $BOUND, 'in bounded memory');
    };

    subtest "$base: 300 MiB up" => sub {
        my $memory = Atl::Memory->watch($server->pid);
        my $id = unique('h2up');
        my $piece = Atl::Pattern::bytes(0, 1 << 20);
        local $SIG{PIPE} = 'IGNORE';
        open my $curl, '|-', command($base, '-o', "$scratch.told", '-X', 'POST', '-T', '-', "$base{$base}/jira/upload?sha256=0&id=$id") or die "curl: $!\n";
        binmode $curl;
        my $crc = crc32('');
        for my $n (1 .. 300) {
            print {$curl} $piece;
            $curl->flush if $n == 8;
            ok(wait_until(sub { get($server->port, "/jira/upload/progress?id=$id")->json->{bytes} >= 6 << 20 }), 'it arrives while it is sent') if $n == 8;
            is_deeply([$memory->spool_files], [], 'no file holds it') if $n == 100;
            $crc = crc32($piece, $crc);
        }
        ok(close $curl, 'to the end');
        my $told = JSON::PP->new->decode(Atl::Backends::slurp("$scratch.told"));
        is($told->{bytes}, 300 << 20);
        is($told->{crc32}, sprintf('%08x', $crc), 'unchanged');
        cmp_ok($memory->grown, '<', $BOUND, 'in bounded memory');
    };

    subtest "$base: an answer arrives while it is made" => sub {
        my $id = unique('h2slow');
        open my $curl, '-|', command($base, '-N', "$base{$base}/jira/slow?id=$id") or die "curl: $!\n";
        sysread $curl, my $first, 100;
        is($first, "first\n");
        get($server->port, "/jira/slow/release?id=$id");
        is(join('', <$curl>), "second\n");
        ok(close $curl);
    };
}

subtest 'many requests at once' => sub {
    my @held = map { unique('h2held') } 1 .. 6;
    my @all = map { ('-o', "$scratch.$_", "$base{tls}/jira/slow?id=$_") } @held;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', "$scratch.connects" or POSIX::_exit(1);
        exec command('tls', '-Z', ($HTTP2 ? () : '--parallel-immediate'), '-w', '%{num_connects}\n', @all) or POSIX::_exit(1);
    }
    my $waiting = sub { get($server->port, "/jira/slow/waiting?id=$_[0]")->json->{waiting} };
    ok(wait_until(sub { !grep { !$waiting->($_) } @held }), 'all are with the application');
    get($server->port, "/jira/slow/release?id=$_") for reverse @held;
    waitpid $pid, 0;
    is($?, 0);
    is(Atl::Backends::slurp("$scratch.$_"), "first\nsecond\n", 'answered') for @held;
    my $connects = 0;
    $connects += $_ for split /\n/, Atl::Backends::slurp("$scratch.connects");
    is($connects, $HTTP2 ? 1 : 6, $HTTP2 ? 'over one connection' : 'over a connection each');
};

subtest 'prior knowledge' => sub {
    my ($exit, $out) = Atl::Server::run_captured($scratch, 'curl', '-q', '-s', '--http2-prior-knowledge', '-w', '%{http_version}', '-o',
        "$scratch.body", "$base{clear}/jira/echo");
    $HTTP2 ? is("$exit $out", '0 2', 'is met') : isnt($exit, 0, 'is wrong under prefork');
};

subtest 'the table of requests' => sub {
    my $over = 0;
    my $rows = Atl::Requests::check(sub {
        my $r = ask('table', $_[0], '-H', 'Host: apps.example.test');
        $over++ if $r->{protocol} eq $expected;
        return $r;
    });
    is($over, scalar @Atl::Requests::ROWS, "every one over HTTP/$expected");
};

# ATLP1001: the finding about the redirect over TLS, of an application that was told nothing.
is_deeply([grep { !/AH01630|AH10244|ATLP1001/ } $server->stop], [], 'the error log is clean');
unlink glob "$scratch*";
done_testing;
