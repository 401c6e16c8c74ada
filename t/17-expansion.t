# The configuration that the module prints serves the same requests in stock httpd, without the module.
use Atl::Test;

use Atl::Requests;
use Atl::Server;

allow_log(qr/ATLP1001: AtlassianApp jira at /, 'an application without scheme="https", logged once');

# stock(INSIDE): the same virtual host with what the dump says at its end in place of AtlassianApp lines.
sub stock {
    my ($inside) = @_;
    my ($exit, $out, $err) = configtest("<VirtualHost *:80>\n$inside</VirtualHost>\n", '-D', 'DUMP_ATLASSIAN_APPS');
    is($exit, 0, 'the dump comes with a good configtest') or diag $err;
    $inside =~ s/^\s*AtlassianApp .*\n//mg or die 'no AtlassianApp line';
    return ($inside . $out, $out);
}

# serve(INSIDE): stock httpd with that virtual host.
sub serve {
    my ($inside) = @_;
    my $docs = "$ENV{ATL_STAGED}/t/htdocs";
    return Atl::Server->start(module => '', text => sub {
        "Listen 127.0.0.1:$_[0]\nDocumentRoot $docs\n<Directory $docs>\nRequire all granted\n</Directory>\n"
            . "<VirtualHost *:$_[0]>\n$inside\n</VirtualHost>\n"
    });
}

my ($text, $dump) = stock(Atl::Requests::own_vhost('apps'));
unlike($text, qr/^\s*AtlassianApp/m, 'no line of ours is left');
my $server = serve($text);
my $rows = Atl::Requests::check(sub { get($server->port, $_[0], host => 'apps.example.test') }, 1);
cmp_ok($rows, '>=', 45, "$rows rows in stock httpd");

# What the application is told, header by header.
my @sent = ('X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: gopher', 'X-Real-IP: 6.6.6.6', 'Forwarded: for=6.6.6.6',
    'Accept-Encoding: gzip, br', 'Cookie: a=b', 'Authorization: Basic eA==', 'Upgrade: h2c', 'Connection: x-named, Upgrade', 'X-Named: 1');
for my $target ('/jira/a', '/wiki/b', '/fisheye/c') {
    my %seen = map {
        my $header = get($_, $target, host => 'apps.example.test', headers => \@sent)->echo->{header};
        ($_ => $header)
    } vhost_port('apps'), $server->port;
    is_deeply($seen{ $server->port }, $seen{ vhost_port('apps') }, "the same headers reach $target");
    is($seen{ $server->port }{'x-forwarded-for'}[0], '127.0.0.1', 'and the client is the true one');
}
is_deeply([grep { !/AH01630|AH10244/ } $server->stop], [], 'stock httpd has nothing to complain of');

# The other virtual hosts, by the request that makes each what it is.
for my $row (
    ['rootapp', 'rootapp.example.test', '/a%20b;c/d', '/local/file.txt', '/wiki/x'],
    ['untold', 'untold.example.test', '/jira/gzip', '/wiki/gzip', '/synchrony-proxy/x', '/wiki/synchrony-proxy/healthcheck'],
    ['offloaded', 'offloaded.example.test', '/jira/redirect?to=/next', '/jira/cookie?name=a&path=/jira'],
    ['second', 'second.example.test', '/synchrony-2/heartbeat', '/synchrony/heartbeat', '/synchrony-proxy/healthcheck', '/page'],
) {
    my ($name, $host, @targets) = @$row;
    my ($text) = stock(Atl::Requests::own_vhost($name));
    my $server = serve($text);
    for my $target (@targets) {
        my ($ours, $stock) = map {
            my $r = get($_, $target, host => $host, headers => ['Accept-Encoding: gzip']);
            my %what = (status => $r->{status}, location => $r->header('Location'), cookie => $r->header('Set-Cookie'),
                encoding => $r->header('Content-Encoding'), vary => $r->header('Vary'), asked => $r->header('X-Saw-Accept-Encoding'));
            # mod_deflate leaves tiny answers alone and then says no Vary, mod_headers cannot know.
            delete $what{vary} if !$what{encoding};
            $what{uri} = (eval { $r->echo } || {})->{requestURI} if $r->{status} == 200;
            \%what
        } vhost_port($name), $server->port;
        is_deeply($stock, $ours, "$name: the same answer to $target");
    }
    is_deeply([$server->stop], [], "$name: nothing in the log");
}

# As a reader sees it.
like($dump, qr/^# <VirtualHost \S+> in \S+:1, which people reach as https:\/\/apps\.example\.test$/m);
like($dump, qr/^#     AtlassianApp crowd http:\S+   \(\S+:\d+\)$/m, 'each line with its place');
like($dump, qr/In Jira itself, at https:\/\/apps\.example\.test\/jira:\n\s+#   <install>\/conf\/server\.xml:\n.*?proxyName="apps\.example\.test" proxyPort="443"\n.*?scheme="https" secure="true"/s);
like($dump, qr/bitbucket\.properties\s+\(5\.0 and later\):\n.*?server\.proxy-name=apps\.example\.test\n.*?server\.context-path=\/bitbucket/s);
like($dump, qr/<web-server context="\/fisheye" site-url="https:\/\/apps\.example\.test\/fisheye">/);
like($dump, qr/crowd\.xml with <Context path="\/crowd"/);

my ($exit, $none) = configtest("ServerName a\n", '-D', 'DUMP_ATLASSIAN_APPS');
is("$exit $none", "0 # no AtlassianApp line in this configuration\n");
my ($quiet, $nothing) = configtest("AtlassianApp jira\n");
is("$quiet $nothing", '0 ', 'without the define nothing is printed');

done_testing;
