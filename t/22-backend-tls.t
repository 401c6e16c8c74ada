# https backends: checked by default, refused with a reason and a cure, and a 502 that says nothing private.
use Atl::Test;

use Atl::Backends ();
use Atl::Certificates;
use Atl::Haproxy;
use Atl::Server;

my $ca      = Atl::Certificates->authority('Company authority');
my $foreign = Atl::Certificates->authority('Another authority');
my $lone    = Atl::Certificates->self_signed('lone', names => ['localhost']);
my $client  = $ca->certificate('client', cn => 'reverse-proxy');
my %pem = (
    good     => $ca->certificate('good', names => ['localhost', 'app.example.test']),
    common   => $ca->certificate('common', cn => 'localhost'),
    wildcard => $ca->certificate('wildcard', names => ['*.localhost']),
    named    => $ca->certificate('named', names => ['wiki.internal.test', 'wiki2.internal.test']),
    expired  => $ca->certificate('expired', names => ['localhost'], expired => 1),
    foreign  => $foreign->certificate('foreign', names => ['localhost']),
    lone     => $lone,
    address  => $ca->certificate('address', names => ['127.0.0.1']),
    public   => $ca->certificate('public', names => ['public.example.test']),
);
my @NAMES = sort keys %pem;

# HAProxy ends TLS in front of a real Tomcat that announces nothing, and writes down what it saw of the connection.
my $saw = join '', map { "    http-request set-header $_\n" } 'X-Sni %[ssl_fc_sni]', 'X-Tls %[ssl_fc_protocol]', 'X-From %[src_port]',
    'X-Client-Cn %{+Q}[ssl_c_s_dn(cn)]';
my $tls = Atl::Haproxy->start(ports => @NAMES + 5, text => sub {
    my @port = @_;
    my $jira = backend_port('jira-http');
    my %way = (
        tls11 => "ssl-min-ver TLSv1.1 ssl-max-ver TLSv1.1 ciphers ALL:\@SECLEVEL=0",
        tls12 => 'ssl-max-ver TLSv1.2',
        asks  => 'ssl-max-ver TLSv1.2 verify required ca-file ' . $ca->file,
        asks13 => 'ssl-min-ver TLSv1.3 verify required ca-file ' . $ca->file,
    );
    return join '', (map { "listen $NAMES[$_]\n    bind 127.0.0.1:$port[$_] ssl crt $pem{ $NAMES[$_] }\n$saw    server s 127.0.0.1:$jira\n" } 0 .. $#NAMES),
        (map { "listen $_\n    bind 127.0.0.1:" . $port[@NAMES + ($_ eq 'tls11' ? 0 : $_ eq 'tls12' ? 1 : $_ eq 'asks' ? 2 : 3)]
            . " ssl crt $pem{good} $way{$_}\n$saw    server s 127.0.0.1:$jira\n" } sort keys %way),
        "listen confluence\n    bind 127.0.0.1:$port[@NAMES + 4] ssl crt $pem{good}\n$saw    use_backend synchrony if { path_beg /synchrony }\n"
            . '    server s 127.0.0.1:' . backend_port('confluence-http') . "\n"
            . "backend synchrony\n    server s 127.0.0.1:" . backend_port('synchrony') . "\n";
});
my %port = map { $NAMES[$_] => $tls->port($_) } 0 .. $#NAMES;
@port{qw(tls11 tls12 asks asks13 confluence)} = map { $tls->port(@NAMES + $_) } 0 .. 4;
$port{nothing} = backend_port('jira-http');    # no TLS there

# Each site: name => [backend host, backend port's name, keys, lines].
my $ca_key = 'ca=' . $ca->file;
my %SITE = (
    good      => ['localhost', 'good', $ca_key],
    common    => ['localhost', 'common', $ca_key],
    system    => ['localhost', 'good', ''],
    named     => ['localhost', 'named', $ca_key],
    public    => ['localhost', 'public', $ca_key],
    wildcard  => ['localhost', 'wildcard', $ca_key],
    expired   => ['localhost', 'expired', $ca_key],
    foreign   => ['localhost', 'foreign', $ca_key],
    lone      => ['localhost', 'lone', ''],
    pinned    => ['localhost', 'lone', "ca=$lone"],
    address   => ['127.0.0.1', 'address', $ca_key],
    tls11     => ['localhost', 'tls11', $ca_key],
    tls11off  => ['localhost', 'tls11', 'verify=off'],
    tls12     => ['localhost', 'tls12', $ca_key],
    nothing   => ['localhost', 'nothing', $ca_key],
    silent    => ['localhost', 'asks', $ca_key],
    silent13  => ['localhost', 'asks13', $ca_key],
    vhostcert => ['localhost', 'asks', $ca_key, "SSLProxyMachineCertificateFile $client"],
    proxycert => ['localhost', 'asks', $ca_key, "<Proxy https://localhost:$port{asks}>", "SSLProxyMachineCertificateFile $client", '</Proxy>'],
    cert13    => ['localhost', 'asks13', $ca_key, "SSLProxyMachineCertificateFile $client"],
    (map { +"off-$_" => ['localhost', $_, 'verify=off'] } qw(named expired foreign lone)),
);
my @sites = sort keys %SITE;
my $server = Atl::Server->start(ports => 1, text => sub {
    my ($listen) = @_;
    return "Listen 127.0.0.1:$listen\n" . join('', map {
        my ($host, $name, $keys, @lines) = @{ $SITE{$_} };
        "<VirtualHost *:$listen>\nServerName $_.test\nServerAlias public.example.test\n"
            . join("\n", "AtlassianApp jira https://$host:$port{$name}/jira $keys", @lines) . "\n</VirtualHost>\n";
    } @sites)
        . "<VirtualHost *:$listen>\nServerName confluence.test\n"
        . "AtlassianApp confluence https://localhost:$port{confluence}/wiki $ca_key synchrony=internal\n"
        # Nobody listens there.
        . "</VirtualHost>\n<VirtualHost *:$listen>\nServerName down.test\nAtlassianApp jira http://127.0.0.1:1/jira\n"
        # An own ProxyPass is none of ours.
        . "</VirtualHost>\n<VirtualHost *:$listen>\nServerName own.test\nAtlassianApp crowd http://127.0.0.1:1/crowd\n"
        . "SSLProxyEngine on\nSSLProxyVerify require\nSSLProxyCACertificateFile " . $foreign->file . "\n"
        . "ProxyPass /own https://localhost:$port{good}/jira\n</VirtualHost>\n";
});

sub ask {
    my ($site, $target, @option) = @_;
    return get($server->port, $target // '/jira/echo', host => "$site.test:81", @option);
}

# --------------------------------------------------------------------------- what works
for my $site (qw(good common pinned tls12 vhostcert proxycert cert13), map { "off-$_" } qw(named expired foreign lone)) {
    subtest "$site: connected" => sub {
        my $r = ask($site);
        is($r->{status}, 200, 'status') or diag $r->{body};
        my $header = $r->echo->{header};
        is($header->{host}[0], "$site.test:81", 'Host is the one the browser used');
        is($header->{'x-forwarded-host'}[0], "$site.test:81");
        is($header->{'x-sni'}[0], 'localhost', "the backend's own name is asked for");
        like($header->{'x-tls'}[0], qr/^TLSv1\.[23]$/, 'TLS 1.2 or newer');
        is($r->echo->{serverName}, "$site.test", 'so the application knows the public name');
        is(($header->{'x-client-cn'} || [''])->[0], $site =~ /cert/ ? 'reverse-proxy' : '', 'client certificate');
    };
}

subtest 'connections are used again' => sub {
    my %from = map { ask('good')->echo->{header}{'x-from'}[0] => 1 } 1 .. 12;
    cmp_ok(scalar keys %from, '<', 12, 'twelve requests, ' . keys(%from) . ' connections');
};

subtest 'redirects and cookies' => sub {
    is(ask('good', '/jira/redirect?to=/next')->header('Location'), 'http://good.test:81/jira/next');
    is(ask('good', "/jira/redirect?location=https://localhost:$port{good}/jira/x")->header('Location'), 'http://good.test:81/jira/x');
    is(ask('good', '/jira/cookie?name=a&value=b&path=/jira')->header('Set-Cookie'), 'a=b; Path=/jira');
};

subtest 'Synchrony through an https Confluence' => sub {
    is(get($server->port, '/wiki/echo', host => 'confluence.test')->echo->{header}{'x-sni'}[0], 'localhost');
    is(get($server->port, '/wiki/synchrony-proxy/healthcheck', host => 'confluence.test')->{body}, 'OK');
    my $post = request($server->port, POST => '/wiki/synchrony-proxy/v1/bayeux-sync1', host => 'confluence.test', body => '[{}]');
    is($post->{status}, 200, 'the fallback without WebSocket');
};

# --------------------------------------------------------------------------- what is refused
sub log_since {
    my ($at) = @_;
    return substr Atl::Backends::slurp($server->error_log), $at;
}

my $ca_cure  = qr/copy the certificate of the authority that issued it here as PEM and add ca=FILE; as a last resort verify=off/;
my %REFUSED = (
    system   => qr/its certificate is not accepted: unable to get local issuer certificate; $ca_cure/,
    foreign  => qr/its certificate is not accepted: unable to get local issuer certificate; $ca_cure/,
    lone     => qr/its certificate is not accepted: self[- ]signed certificate; copy that certificate here as PEM and add ca=FILE; as a last/,
    expired  => qr/its certificate is not accepted: certificate has expired; renew it in the application; as a last resort verify=off/,
    named    => qr/its certificate is for wiki\.internal\.test, wiki2\.internal\.test, not for localhost; write a name the certificate has in place of localhost; as a last/,
    public   => qr/its certificate is for public\.example\.test, not for localhost/,
    wildcard => qr/its certificate is for \*\.localhost, not for localhost/,
    address  => qr/its certificate is for address, not for 127\.0\.0\.1; write a name the certificate has in place of 127\.0\.0\.1 \(an address is never compared/,
    tls11    => qr/it refuses: protocol version; httpd offers TLS 1\.2 and newer/,
    tls11off => qr/it refuses: protocol version; httpd offers TLS 1\.2 and newer/,
    nothing  => qr/it does not answer as TLS does; write http:\/\/ if that port is without TLS/,
    silent   => qr/it refuses: handshake failure; .*a certificate of its own only with SSLProxyMachineCertificateFile/,
    silent13 => qr/it refuses: certificate required; .*SSLProxyMachineCertificateFile/,
);
for my $site (sort keys %REFUSED) {
    subtest "$site: refused" => sub {
        my ($host, $name) = @{ $SITE{$site} };
        my $at = -s $server->error_log;
        # Also by the name that the browser used, which the certificate of "public" has.
        my $r = get($server->port, '/jira/echo', host => $site eq 'public' ? 'public.test' : "$site.test");
        is($r->{status}, 502, 'status');
        unlike($r->{body}, qr/localhost|127\.0\.0|$port{$name}|certificate|SSL|TLS|verif/i, 'the page says nothing private');
        unlike($r->{head}, qr/localhost|127\.0\.0|certificate/i, 'nor do its headers');
        ok(wait_until(sub { log_since($at) =~ /ATLP0401/ }), 'there is a line');
        my @lines = grep { /ATLP0401/ } split /\n/, log_since($at);
        is(scalar @lines, 1, 'one');
        like($lines[0], qr/:error\] .*ATLP0401: AtlassianApp on line \d+ of \S+\.conf: no TLS connection to https:\/\/$host:$port{$name}: /, 'that names the peer');
        like($lines[0], $REFUSED{$site}, 'the reason and the cure');
    };
}

subtest 'one failure is not told of the next request' => sub {
    my $at = -s $server->error_log;
    for (1 .. 30) {
        is(ask('lone')->{status}, 502) if $_ % 3 == 0;
        is(ask('good')->{status}, 200);
        is(get($server->port, '/jira/echo', host => 'down.test')->{status}, 503);
    }
    is(scalar(() = log_since($at) =~ /ATLP0401/g), 10, 'ten failures, ten lines');
};

subtest "an administrator's own ProxyPass stays mod_proxy's" => sub {
    my $at = -s $server->error_log;
    is(get($server->port, '/own/echo', host => 'own.test')->{status}, 500);
    unlike(log_since($at), qr/ATLP/, 'no line of ours');
};

# --------------------------------------------------------------------------- what it stands for
sub dump_of {
    my ($exit, $out, $err) = configtest("<VirtualHost *:80>\nServerName a.test\nAtlassianApp jira https://n/jira $_[0]\n</VirtualHost>\n",
        '-D', 'DUMP_ATLASSIAN_APPS');
    is($exit, 0) or diag $err;
    return $out;
}
subtest 'the dump' => sub {
    my ($bundle) = grep { -f } qw(/etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
        /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem);
    ok($bundle, 'this system has a bundle of authorities');
    my $out = dump_of('');
    like($out, qr/^\s+SSLProxyCACertificateFile "\Q$bundle\E"$/m, 'which is what certificates are checked against');
    like($out, qr/^\s+$_$/m, $_) for 'SSLProxyVerify require', 'SSLProxyCheckPeerName on', 'SSLProxyCheckPeerExpire on',
        'SSLProxyProtocol all -SSLv3 -TLSv1 -TLSv1\.1', 'ProxyPreserveHost Off';
    like(dump_of($ca_key), qr/^\s+SSLProxyCACertificateFile "\Q@{[$ca->file]}\E"$/m, 'ca=');
    my $off = dump_of('verify=off');
    like($off, qr/^\s+SSLProxyVerify none$/m, 'verify=off');
    unlike($off, qr/SSLProxyCACertificateFile/);
};
my ($exit, undef, $err) = configtest("AtlassianApp jira https://n/jira ca=/nowhere/ca.pem\n");
isnt($exit, 0, 'ca= of a file that is not there');
like($err, qr{ATLP0102: .*SSLProxyCACertificateFile.*/nowhere/ca\.pem}, 'is said');

# A library of another module may bring another libssl, and be loaded first. Whatever is asked of this one ends httpd.
subtest 'another libssl in the process' => sub {
    my $stem = "$ENV{ATL_LOGS}/another-libssl";
    my @names = qw(SSL_up_ref SSL_free SSL_is_init_finished SSL_get_verify_result SSL_get1_peer_certificate SSL_get_peer_certificate
        SSL_get_SSL_CTX SSL_set_info_callback SSL_CTX_get_info_callback SSL_alert_desc_string_long);
    Atl::Backends::spew("$stem.c", "#include <stdlib.h>\n" . join '', map { "void $_(void) { abort(); }\n" } @names);
    Atl::Backends::spew("$stem.map", 'ANOTHER_LIBSSL { ' . join('; ', @names) . "; };\n");
    my $cc = Atl::Httpd::apxs('CC');
    is(system("$cc -shared -fPIC -Wl,--version-script=$stem.map -o $stem.so $stem.c"), 0, 'is made') or return;
    my $own = Atl::Server->start(through => ['env', "LD_PRELOAD=$stem.so"], text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    ServerName good.test
    AtlassianApp jira https://localhost:$port{good}/jira $ca_key
    AtlassianApp crowd https://localhost:$port{named}/crowd $ca_key
</VirtualHost>
END
    is(get($own->port, '/jira/echo', host => 'good.test')->{status}, 200, 'an application that is trusted');
    is(get($own->port, '/crowd/echo', host => 'good.test')->{status}, 502, 'one that is not');
    is_deeply([grep { !/AH02268|AH02411|AH01084|AH01097|AH00898|AH02003|ATLP0401|ATLP10(?:18|19|20)/ } $own->stop], [], 'nothing else in its log');
};

# mod_ssl and mod_proxy have lines of their own at each failure; ours were counted above.
$tls->stop;
is_deeply([grep { !/ATLP0401|ATLP10(?:03|12|18|19|20)|AH01084|AH02039|AH01097|AH01102|AH00898|AH02003|AH02411|AH02268|AH00957|AH01114/ } $server->stop], [], 'nothing else in the log');
done_testing;
