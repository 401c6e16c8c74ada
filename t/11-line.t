# The AtlassianApp line: what httpd -t says of every mistake, and that it says nothing of what is right.
use Atl::Test;

# vhost(LINES): a virtual host whose first line stands on line 2.
sub vhost {
    return join "\n", '<VirtualHost 127.0.0.1:80>', @_, '</VirtualHost>', '';
}

# Right, and silent.
my @right = (
    (map { "AtlassianApp $_" } qw(jira confluence bitbucket bamboo crowd fisheye crucible JIRA Stash fecru
            jira-software jira-core jira-servicedesk jira-service-management)),
    'AtlassianApp jira http://10.0.0.5:8080/jira',
    'AtlassianApp jira HTTP://Node1.Example.COM:8080/jira/',
    'AtlassianApp jira https://node1.example.com/jira',
    'AtlassianApp jira 10.0.0.5/jira',
    'AtlassianApp jira node1',
    'AtlassianApp jira [::1]:8080/jira',
    'AtlassianApp jira "http://[2001:db8::1]:8080/jira" "timeout=5min"',
    'AtlassianApp jira timeout=90 http://node1/jira connectiontimeout=3 retry=5 max=40 ttl=30 smax=10',
    'AtlassianApp jira http://node1/jira except=/jira/static,/jira/download compression=pass',
    'AtlassianApp jira http://node1/jira compression=on',
    'AtlassianApp jira http://node1/a/b.c-d_e~f',
    'AtlassianApp confluence http://node1/wiki synchrony=off',
    'AtlassianApp confluence http://node1/wiki synchrony=internal ws-timeout=2h ws-grace=30s',
    'AtlassianApp confluence http://node1/wiki synchrony=http://node2:8091/synchrony/v1',
    'AtlassianApp jira https://node1/jira verify=off',
    'AtlassianApp jira http://node1/jira trusted-proxy=10.0.0.0/8,2001:db8::/32,192.0.2.1',
    'AtlassianApp jira http://node1/jira secure-cookies=off',
);
for my $line (@right) {
    my ($exit, $out, $err) = configtest(vhost('ServerName a.example.test', $line));
    is("$exit $err", "0 Syntax OK\n", $line);
}

# In any context and order.
my ($exit, $out, $err) = configtest(join '', "AtlassianApp jira http://n/jira\n",
    vhost('AtlassianApp crowd', 'ServerName a.example.test', 'AtlassianApp jira http://n/jira'),
    "<VirtualHost 127.0.0.1:81>\nAtlassianApp jira http://m/jira\n</VirtualHost>\nAtlassianApp crowd\n");
is("$exit $err", "0 Syntax OK\n", 'main server and virtual hosts have lines of their own');

# Wrong: line, message.
my $long = 'x' x 10_000;
my @wrong = (
    ['', qr/a product is missing; write one of bamboo, bitbucket, .*jira/],
    ['jria', qr/unknown product "jria" \(did you mean "jira"\?\); the products are bamboo/],
    ['konfluence http://n/', qr/unknown product "konfluence" \(did you mean "confluence"\?\)/],
    ['nginx http://n/', qr/unknown product "nginx"; the products are/],
    ['http://n/wiki confluence', qr{the product is missing before "http://n/wiki"; write one of bamboo}],
    ['jira http://n/jira tiemout=3', qr/unknown key "tiemout" \(did you mean "timeout"\?\); keys are .*compression.*worker parameters$/],
    ['jira http://n/jira conectiontimeout=3', qr/unknown key "conectiontimeout" \(did you mean "connectiontimeout"\?\)/],
    ['jira http://n/jira timeout=3 max=1 TIMEOUT=4', qr/timeout= is given twice in this line \("3" and "4"\); keep one/],
    ['jira http://n/jira max=3 max=4', qr/max= is given twice/],
    ['jira http://n/jira timeout=', qr/timeout= has no value/],
    ['jira http://n/jira timeout=soon', qr/timeout=: "soon" is not a duration; write seconds, or a number with s, min or h/],
    ['jira http://n/jira timeout=0', qr/timeout=: "0" is not a duration/],
    ['jira http://n/jira timeout=-1', qr/timeout=: "-1" is not a duration/],
    ['jira http://n/jira timeout=99999999999999999999', qr/is not a duration/],
    ['jira http://n/jira retry=abc', qr/retry=: "abc" is not a whole number/],
    ['jira http://n/jira disablereuse=maybe', qr/disablereuse=: "maybe" is not on or off/],
    ['jira http://n/jira upgrade=websocket', qr/upgrade=: the module itself decides where WebSockets pass; remove it/],
    ['jira http://n/jira stickysession=X', qr/stickysession=: a cluster's cookie is the module's own/],
    ['jira http://n/jira compression=gzip', qr/compression=: "gzip" is not known; it is one of: pass, on, off/],
    ['jira http://n/jira compression=onn', qr/compression=: "onn" is not known \(did you mean "on"\?\)/],
    ['jira http://n/jira except=static', qr/except=: path "static" must begin with \//],
    ['jira http://n/jira except=/jira/a,,/jira/b', qr{except=: "/jira/a,,/jira/b" has a comma with nothing beside it}],
    ['jira=http://n/jira', qr{"jira=http://n/jira": product and backend are words of their own; write jira http://host:port}],
    ['"jira http://n/jira"', qr{"jira http://n/jira": product and backend are words of their own}],
    ['jira http://n/jira timeout="300"', qr/timeout=: quotes go around the whole word: "timeout=value"/],
    ['jira http://n/jira trusted-proxy=10.0.0.1, 10.0.0.2', qr/trusted-proxy=: "10\.0\.0\.1," has a comma with nothing beside it/],
    ['jira http://n/jira # the tracker', qr/"#": httpd knows no comment behind a directive/],
    ['jira off', qr/"off": a line has no switch/],
    ['jira http://n/jira,http://m/jira', qr/each backend is a word of its own/],
    ['jira http//n/jira', qr{a URL begins with http://}],
    ['jira http://n/jira except=/wiki/x', qr{except=/wiki/x is not below /jira, so there is nothing to except}],
    ['jira http://n/jira except=/jirax', qr{except=/jirax is not below /jira}],
    ['jira http://n/jira except=/jira/', qr{except=/jira is all of Jira; name a path below it}],
    ['jira http://n:0/', qr/port "0" is not a number from 1 to 65535/],
    ['jira http://n:65536/', qr/port "65536" is not a number/],
    ['jira http://n:80a/', qr/port "80a" is not a number/],
    ['jira http://n:/', qr/port "" is not a number/],
    ['jira http:///jira', qr/a host name is missing/],
    ['jira http://n/a/../b', qr{path "/a/../b" has a "\." or "\.\." segment; write the path it stands for}],
    ['jira http://n//jira', qr{path "//jira" has an empty segment}],
    ['jira http://n/ji%72a', qr{path "/ji%72a": a path here is made of letters, digits and}],
    ['jira http://n/jira;x', qr{http://n/jira: "x" after a backend is not key=value}],
    ['jira http://n/jira http://m/other', qr{the nodes of a cluster have one context path}],
    ['fisheye http://n http://m', qr{there is no Fisheye Data Center}],
    ['jira "http://n/ji ra"', qr{path "/ji ra": a path here is made of}],
    ['jira http://n/${JIRA}', qr{path "/\$\{JIRA\}": a path here is made of}],
    ['jira http://admin:sesame@n/jira', qr/a backend URL cannot carry a user name or password/],
    ['jira http://n/jira?a=b', qr{backend "http://n/jira\?a=b" has a query}],
    ['jira http://n/jira#top', qr{has a fragment}],
    ['jira ftp://n/jira', qr{scheme "ftp" is not known; a backend is http:// or https://}],
    ['jira ajp://n:8009/jira', qr{scheme "ajp" is not known.*Atlassian removed AJP}],
    ['confluence ws://n/wiki', qr{WebSockets need no line of their own}],
    ['jira ::1', qr{"::1": write an IPv6 address in brackets, a port behind them: \[::1\] or \[address\]:port}],
    ['jira http://[::1/jira', qr{an IPv6 address is written \[address\] or \[address\]:port}],
    ['jira http://[fe80::1%25eth0]/', qr{is not an IPv6 address}],
    ['jira http://[zz]/', qr{"zz" is not an IPv6 address}],
    ['jira http://10.0.0.256/', qr{"10\.0\.0\.256" is not an IPv4 address}],
    ['jira http://10.1/', qr{is not an IPv4 address}],
    ['jira http://010.0.0.5/', qr{is not an IPv4 address}],
    ["jira http://m\xc3\xbcnchen/", qr{has letters outside ASCII; write its DNS form, which begins with xn--}],
    ['jira http://no_de!/', qr{has a character that no host name may have: '!'}],
    ['jira http://.n/', qr{"\.n" is not a host name}],
    ['jira /jira', qr{"/jira" is not a backend; a path alone lacks the host: write http://127\.0\.0\.1:8080/jira}],
    ["jira http://n/$long", undef],
    ["jira http://$long/jira", qr{"http://xx|"x{60}\.\.\." is not a host name}],
    ["jira http://n/jira $long=1", qr{unknown key "x{60}\.\.\."}],
    ["$long", qr{unknown product "x{60}\.\.\."; the products}],
    ['jira http://n/jira synchrony=auto', qr{synchrony=: Jira has no Synchrony; remove the key}],
    ['confluence http://n/wiki synchrony=atuo', qr{synchrony=: "atuo" is not known \(did you mean "auto"\?\)}],
    ['confluence http://n/wiki synchrony=https://n:8091', qr{Synchrony speaks http only}],
    ['jira http://n/jira verify=off', qr{verify= is about an https backend, and this one is http://n}],
    ['jira http://n/jira ca=/x', qr{ca= is about an https backend}],
    ['jira https://n/jira ca=/x verify=off', qr{ca= and verify=off contradict each other}],
    ['jira http://n/jira trusted-proxy=lb.example.com', qr{"lb\.example\.com" is a name; only addresses and networks}],
    ['jira http://n/jira trusted-proxy=10.0.0.0/33', qr{"10\.0\.0\.0/33" is not an address or network}],
    ['jira http://n/jira trusted-proxy=10.0.0', qr{"10\.0\.0" is not an address or network}],
);
for my $row (@wrong) {
    my ($words, $message) = @$row;
    my ($exit, $out, $err, $file) = configtest(vhost("AtlassianApp $words"));
    my $name = length $words > 80 ? substr($words, 0, 80) . '...' : $words;
    if (!$message) {
        is($exit, 0, "$name: long, but nothing is wrong with it");
        next;
    }
    subtest "AtlassianApp $name" => sub {
        isnt($exit, 0, 'configtest fails');
        like($err, qr/^AH00526: Syntax error on line 2 of \Q$file\E:$/m, 'it names the line');
        like($err, qr/^AtlassianApp: /m, 'and the directive');
        like($err, ref $message ? qr/$message/m : $message, 'and what is wrong');
        unlike($err, qr/sesame/, 'no password');
        cmp_ok(length $err, '<', 900, 'at a length one can read');
    };
}

# Two lines that conflict: both places are named.
my @clashes = (
    [['AtlassianApp jira http://a/x', 'AtlassianApp confluence http://b/x'],
        qr{path /x is already taken by jira at /x \(\S+:2\); one path has one owner}],
    [['AtlassianApp jira http://a', 'AtlassianApp bamboo http://b/'], qr{path / is already taken by jira at / \(\S+:2\)}],
    [['AtlassianApp confluence http://a/x', 'AtlassianApp confluence http://b/y'],
        qr{path /synchrony is already taken by confluence at /x \(\S+:2\); two Confluences.*synchrony=http://b:8091/synchrony-2 in this line.*-Dsynchrony\.service\.url}],
    [['AtlassianApp jira http://a/synchrony', 'AtlassianApp confluence http://b/y'], qr{path /synchrony is already taken by jira}],
    [['AtlassianApp jira http://a/ except=/x', 'AtlassianApp crowd http://b/x'], qr{path /x is already taken by jira}],
);
for my $row (@clashes) {
    my ($lines, $message) = @$row;
    my ($exit, $out, $err, $file) = configtest(vhost(@$lines));
    isnt($exit, 0, "clash: @$lines");
    like($err, qr/^AH00526: Syntax error on line 3 of \Q$file\E:$/m, 'second line named');
    like($err, $message, 'first line named');
    my ($reversed) = configtest(vhost(reverse @$lines));
    isnt($reversed, 0, 'in the other order too');
}
my ($same) = configtest(vhost('AtlassianApp confluence http://a/x', 'AtlassianApp confluence http://b synchrony=internal'));
is($same, 0, 'a root Confluence takes /synchrony-proxy from the 404 of another');

# What mod_proxy alone can judge is reported with our line and the line it stands for.
($exit, $out, $err, my $file) = configtest(vhost('AtlassianApp jira http://a/x flushpackets=perhaps'));
isnt($exit, 0);
like($err, qr{ATLP0102: AtlassianApp on line 2 of \Q$file\E: httpd does not accept what the line stands for, "<Proxy "http://a/" [^>]*flushpackets=perhaps>": <Proxy flushpackets must be on\|off\|auto});

# Where the line may not stand.
for my $section ('<Location "/x">', '<Directory "/">', '<Proxy "*">', '<Files "x">') {
    my ($tag) = $section =~ /<(\w+)/;
    my ($exit, undef, $err) = configtest(vhost($section, 'AtlassianApp jira', "</$tag>"));
    isnt($exit, 0, "in $section");
    like($err, qr/AtlassianApp (?:not allowed in|cannot occur within) <$tag/, 'says where it may not stand');
}

# A file without certificates, which mod_ssl would notice at start only, and end the server.
($exit, undef, $err) = configtest(vhost("AtlassianApp jira https://a/x ca=$ENV{ATL_SRCDIR}/README.md"));
isnt($exit, 0, 'ca= without a certificate');
like($err, qr{ATLP0102: AtlassianApp on line 2 of \S+: ca=\S+README\.md: there is no certificate in this file});

# A module that is missing: all of them at once, with the lines that load them.
($exit, $out, $err) = configtest({ modules => [qw(unixd authz_core)] },
    vhost('AtlassianApp jira https://a/x compression=on trusted-proxy=10.0.0.1'));
isnt($exit, 0);
like($err, qr/AtlassianApp: needs httpd modules that are not loaded; on Debian or Ubuntu: a2enmod proxy proxy_http ssl remoteip deflate filter; elsewhere: LoadModule proxy_module modules\/mod_proxy\.so; /);

# Warnings: nothing stops, but somebody should know.
my @warnings = (
    [['ProxyPass /x http://b/', 'AtlassianApp jira http://a/x'],
        qr{ATLP0101: AtlassianApp jira at /x \(\S+:3\) gets no request for /x: ProxyPass /x claims the same path}],
    [['AtlassianApp jira http://a/x', 'ProxyPassMatch ^/x http://b'], qr{ATLP0101: .* gets no request for /x: ProxyPass \^/x}],
    [['AtlassianApp jira http://a/x', '<Location "/x">', 'ProxyPass http://b/x', '</Location>'],
        qr{ATLP0101: .* gets no request for /x: ProxyPass in <Location "/x">}],
    [['AtlassianApp jira http://a/x', '<LocationMatch ^/x>', 'ProxyPass http://b', '</LocationMatch>'],
        qr{ATLP0101: .* gets no request for /x: ProxyPass in <LocationMatch}],
    [['RemoteIPHeader X-Forwarded-For', 'AtlassianApp jira http://a/x'], qr{ATLP0103: .*RemoteIPHeader X-Forwarded-For has no effect}],
    [['ServerName a:8443', 'AtlassianApp jira http://a/x'], qr{ATLP0105: .*ServerName a:8443 names port 8443, but this virtual host listens on 80; .*declare it: ServerName http://a:8443}],
    [['ServerName a/x', 'AtlassianApp jira http://a/x'], qr{ATLP0105: .*ServerName a/x has a path; leave it out}],
    [['ServerName https://a/x', 'AtlassianApp jira http://a/x'], qr{ATLP0105: .*ServerName https://a/x has a path; leave it out}],
    [["ServerName m\xc3\xbcnchen", 'AtlassianApp jira http://a/x'], qr{ATLP0105: .*write the DNS form, which begins with xn--}],
    [['ServerName http://a', 'SSLEngine on', 'AtlassianApp jira http://a/x'], qr{ATLP0105: .*says http, but this virtual host speaks TLS; write ServerName a\s}],
);
for my $row (@warnings) {
    my ($lines, $message) = @$row;
    my ($exit, $out, $err) = configtest(vhost(@$lines));
    is($exit, 0, "warned of: @$lines");
    like($err, $message);
    is(scalar(() = $err =~ /ATLP/g), 1, 'once');
}
for my $lines (['ServerName https://a:8443', 'AtlassianApp jira http://a/x'],
    ['AtlassianApp jira http://a/x', '<Location "/x/y">', 'ProxyPass http://b/y', '</Location>'],
    ['AtlassianApp jira http://a/x trusted-proxy=10.0.0.1,10.0.0.2', 'AtlassianApp crowd http://a/y trusted-proxy=10.0.0.2,10.0.0.1'],
    ['RemoteIPHeader X-Forwarded-For', 'AtlassianApp jira http://a/x trusted-proxy=10.0.0.1']) {
    my ($exit, $out, $err) = configtest(vhost(@$lines));
    is("$exit $err", "0 Syntax OK\n", "declared: @$lines");
}

done_testing;
