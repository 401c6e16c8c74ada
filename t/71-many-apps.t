# What mod_proxy would look for with every request is found once (modules/shortcut.c): what an administrator's own
# <Proxy> sections say must hold all the same, and thousands of lines in one virtual host must work and stay small.
use Atl::Test;

use Atl::Backends ();
use Atl::Server;

my $jira = backend_port('jira-http');
my $bitbucket = backend_port('bitbucket-http');

# serve(INSIDE, OUTSIDE): a server with one virtual host.
sub serve {
    my ($inside, $outside) = @_;
    return Atl::Server->start(text => sub {
        "Listen 127.0.0.1:$_[0]\n" . ($outside // '') . "<VirtualHost *:$_[0]>\nServerName http://many.example.test\n"
            . "AtlassianApp jira http://127.0.0.1:$jira/jira\nAtlassianApp bitbucket http://127.0.0.1:$bitbucket/bitbucket"
            . " timeout=50\n$inside</VirtualHost>\n"
    });
}

# marks(SERVER, PATH): the answer's X-Mark.
sub marks {
    my ($server, $path) = @_;
    my $r = get($server->port, $path, host => 'many.example.test');
    return join ' ', $r->{status}, $r->header('X-Mark') // 'none';
}

my $origin = "http://127.0.0.1:$jira";
for my $case (
    ['no section', '', '200 none', '200 none', '200 none'],
    ['a section of the origin', qq{<Proxy "$origin/">\nHeader set X-Mark origin\n</Proxy>\n}, '200 origin', '200 origin', '200 none'],
    ['a section of a part', qq{<Proxy "$origin/jira/deep">\nHeader set X-Mark deep\n</Proxy>\n}, '200 none', '200 deep', '200 none'],
    ['both', qq{<Proxy "$origin/">\nHeader set X-Mark origin\n</Proxy>\n<Proxy "$origin/jira/deep">\nHeader set X-Mark deep\n</Proxy>\n},
        '200 origin', '200 deep', '200 none'],
    ['<Proxy *>', qq{<Proxy "*">\nHeader set X-Mark all\n</Proxy>\n}, '200 all', '200 all', '200 all'],
    ['less than an origin', qq{<Proxy "http://127.0.0.1">\nHeader set X-Mark host\n</Proxy>\n}, '200 host', '200 host', '200 host'],
    ['<ProxyMatch>', qq{<ProxyMatch "/jira/d[e]ep">\nHeader set X-Mark match\n</ProxyMatch>\n}, '200 none', '200 match', '200 none'],
    ['a refusal', qq{<Proxy "$origin/jira/deep">\nRequire all denied\n</Proxy>\n}, '200 none', '403 none', '200 none'],
    ['<Location> after all', qq{<Proxy "$origin/">\nHeader set X-Mark origin\n</Proxy>\n<Location "/jira/deep">\n}
        . "Header set X-Mark location\n</Location>\n", '200 origin', '200 location', '200 none'],
) {
    my ($name, $text, @want) = @$case;
    # Inside the virtual host, and in the main server, whose sections virtual hosts have too.
    for my $inside (1, 0) {
        next if !$inside && $text =~ /Location/;
        my $server = serve($inside ? ($text) : ('', $text));
        my @got = map { marks($server, $_) } '/jira/echo', '/jira/deep/echo', '/bitbucket/echo';
        is("@got", "@want", $name . ($inside ? '' : ', in the main server'));
        is_deeply([grep { !/AH01630/ } $server->stop], [], '... and nothing in the log');
    }
}

# A RewriteRule that sends a request elsewhere takes the worker of that address.
my $server = serve(qq{<Location "/jira/moved">\nRewriteEngine on\nRewriteRule .* http://127.0.0.1:$bitbucket/bitbucket/echo [P]\n</Location>\n});
my $r = get($server->port, '/jira/moved', host => 'many.example.test');
is($r->echo->{requestURI}, '/bitbucket/echo', 'an explicit RewriteRule [P] is followed');
is_deeply([$server->stop], [], '... and nothing in the log');

# A worker of the administrator's for a part of the address: out of service, as nothing else shows which one was taken.
$server = serve(qq{<Proxy "$origin/jira/deep">\nProxySet status=+D\n</Proxy>\n});
is(marks($server, '/jira/echo'), '200 none', "an administrator's worker for a part: the rest is not its own");
is(get($server->port, '/jira/deep/echo', host => 'many.example.test')->{status}, 503, '... and the part is');
is_deeply([grep { !/AH00940|AH01114/ } $server->stop], [], '... and nothing in the log');

# mod_proxy_http works a URL out only where somebody changed it; then as without the module (httpd 2.4.62 and before leave
# one of a <Location>'s RewriteRule alone).
sub rewritten {
    my ($name, $target) = @_;
    return join '', map { qq{<Location "/$_/$name">\nRewriteEngine on\nRewriteRule .* $target [P]\n</Location>\n} } 'jira', 'stock';
}
# worked_out(URL): how often for that request, and what of it reached the application.
sub worked_out {
    my ($url) = @_;
    my $count = sub { return scalar(() = Atl::Backends::slurp($server->error_log) =~ /canonicalising URL http:/g) };
    my $before = $count->();
    my $raw = raw($server->port);
    $raw->send("GET $url HTTP/1.1\r\nHost: many.example.test\r\n\r\n");
    my $seen = [@{ $raw->response->echo }{qw(requestURI queryString)}];
    return ($seen, $count->() - $before);
}
$server = serve("LogLevel proxy_http:trace1\n" . rewritten('moved', "http://127.0.0.1:$jira/jira/echo"));
for my $case (
    ['/jira/echo',             '/jira/echo',    undef],
    ['/jira/echo/a%2Fb%20%5B', '/jira/echo/a%2Fb%20%5B', undef],
    ['/jira/echo?',            '/jira/echo',    ''],
    ['/jira/echo?a=%20%0A&b',  '/jira/echo',    'a=%20%0A&b'],
    ['/jira/moved?a=b',        '/jira/echo',    'a=b', '/stock/moved?a=b'],
) {
    my ($url, $uri, $query, $like) = @$case;
    my ($seen, $times) = worked_out($url);
    is_deeply($seen, [$uri, $query], "$url reaches the application");
    is($times, $like ? (worked_out($like))[1] : 0, '... worked out by mod_proxy_http: ' . ($like ? "like $like" : 'no'));
}
is_deeply([$server->stop], [], '... and nothing in the log');

# ------------------------------------------------------------------ a cluster

# cluster(INSIDE, OUTSIDE): likewise, of two nodes; nobody listens at the one that is asked first.
sub cluster {
    my ($inside, $outside) = @_;
    return Atl::Server->start(text => sub {
        "Listen 127.0.0.1:$_[0]\n" . ($outside // '') . "<VirtualHost *:$_[0]>\nServerName http://many.example.test\n"
            . "AtlassianApp jira http://127.0.0.1:9/jira;loadfactor=100 $origin/jira hcmethod=none\n$inside</VirtualHost>\n"
    });
}

for my $case (
    ['no section', '', '200 none', '200 none'],
    ['a section of the cluster', qq{<Proxy "balancer://jira.jira/">\nHeader set X-Mark cluster\n</Proxy>\n}, '200 cluster', '200 cluster'],
    ['a section of a part', qq{<Proxy "balancer://jira.jira/jira/deep">\nHeader set X-Mark deep\n</Proxy>\n}, '200 none', '200 deep'],
    ['a section of a node', qq{<Proxy "$origin/">\nHeader set X-Mark node\n</Proxy>\n}, '200 none', '200 none'],
    ['<Proxy *>', qq{<Proxy "*">\nHeader set X-Mark all\n</Proxy>\n}, '200 all', '200 all'],
    ['<ProxyMatch>', qq{<ProxyMatch "/jira/d[e]ep">\nHeader set X-Mark match\n</ProxyMatch>\n}, '200 none', '200 match'],
    ['a refusal', qq{<Proxy "balancer://jira.jira/jira/deep">\nRequire all denied\n</Proxy>\n}, '200 none', '403 none'],
) {
    my ($name, $text, @want) = @$case;
    for my $inside (1, 0) {
        my $server = cluster($inside ? ($text) : ('', $text));
        my @got = map { marks($server, $_) } '/jira/echo', '/jira/deep/echo';
        is("@got", "@want", "a cluster: $name" . ($inside ? '' : ', in the main server'));
        is_deeply([grep { !/AH01630|AH00957|AH01114|AH00959|ATLP/ } $server->stop], [], '... and nothing in the log');
    }
}

$server = cluster("LogLevel proxy_http:trace1\n" . rewritten('moved', "$origin/jira/echo")
    . rewritten('turned', 'balancer://jira.jira/jira/echo'));
for my $case (
    # Of both nodes, one after the other.
    ['/jira/echo?a=%20%0A&b',  '/jira/echo',    'a=%20%0A&b'],
    ['/jira/echo/a%2Fb%20%5B', '/jira/echo/a%2Fb%20%5B', undef],
    ['/jira/moved?a=b',        '/jira/echo',    'a=b', '/stock/moved?a=b'],
    # No query: httpd 2.4.62 itself sends one twice.
    ['/jira/turned',           '/jira/echo',    undef, '/stock/turned'],
) {
    my ($url, $uri, $query, $like) = @$case;
    my ($seen, $times) = worked_out($url);
    is_deeply($seen, [$uri, $query], "a cluster: $url reaches the application");
    is($times, $like ? (worked_out($like))[1] : 0, '... worked out by mod_proxy_http: ' . ($like ? "like $like" : 'no'));
}
is_deeply([grep { !/AH00957|AH01114|AH00959|ATLP/ } $server->stop], [], '... and nothing in the log');

# A child makes an app's connection pool when it is first asked for the app (modules/late_worker.c), whoever chose the
# worker: this module, or a RewriteRule of the administrator's.
$server = serve("LogLevel proxy:debug\n<Location \"/jira/moved\">\nRewriteEngine on\nRewriteRule .* "
    . "http://127.0.0.1:$bitbucket/bitbucket/echo [P]\n</Location>\n");
# pools(PORT): of the application there.
sub pools { return scalar(() = Atl::Backends::slurp($server->error_log) =~ m{initializing worker http://127\.0\.0\.1:$_[0]\S* local}g) }
get($server->port, '/', host => 'many.example.test');
is_deeply([pools($jira), pools($bitbucket)], [0, 0], 'no application asked yet: no pools');
is(get($server->port, '/jira/echo', host => 'many.example.test')->{status}, 200, 'one is');
is_deeply([pools($jira), pools($bitbucket)], [1, 0], '... and one child has a pool for it');
is(get($server->port, '/jira/moved', host => 'many.example.test')->{status}, 200, 'the other one, by a RewriteRule');
is_deeply([pools($jira), pools($bitbucket)], [1, 1], '... has one now');
is_deeply([grep { !/debug/ } $server->stop], [], '... and nothing in the log');

# ------------------------------------------------------------------ thousands

my $COUNT = 5000;
sub lines {
    my ($count, $backend) = @_;
    return join '', map { sprintf "AtlassianApp jira http://%s/app%04d\n", $backend->($_), $_ } 1 .. $count;
}

# kilobytes(SERVER): kilobytes that all its processes have for themselves and share among them.
sub kilobytes {
    my ($server) = @_;
    my $sum = 0;
    for my $pid ($server->pid, $server->children) {
        $sum += $1 if (Atl::Backends::slurp("/proc/$pid/smaps_rollup") // '') =~ /^Pss:\s+(\d+)/m;
    }
    return $sum;
}

my $small = serve('');
marks($small, '/jira/echo');
my $base = kilobytes($small);
is_deeply([$small->stop], [], 'two lines');
my $shared = serve(lines($COUNT, sub { "127.0.0.1:$jira" }));
is(marks($shared, '/jira/echo'), '200 none', "$COUNT lines with one address: the other ones answer");
for my $n (1, $COUNT) {
    my $path = sprintf '/app%04d/x', $n;
    is(get($shared->port, $path, host => 'many.example.test')->{status}, 404, "line $n reaches Tomcat, which has no such context");
}
is(marks($shared, sprintf '/app%04d0/x', $COUNT), '404 none', 'a longer name is no line\'s');
my $more = kilobytes($shared) - $base;
cmp_ok($more, '<', 12 * 1024, "all of them need $more KiB");
is_deeply([grep { !/ATLP10\d\d/ } $shared->stop], [], 'nothing in the log but that Tomcat has no such context');

# The same for virtual hosts, each of which httpd gives records of its own. How many children there are does not depend on
# how busy the machine is.
my $HOSTS = 1000;
my ($CHILDREN, $WORKERS) = mpm() eq 'prefork' ? (5, 6) : (1, 25);
sub hosts {
    my ($line) = @_;
    my $server = Atl::Server->start(text => sub {
        join '', "Listen 127.0.0.1:$_[0]\nStartServers $CHILDREN\nServerLimit $WORKERS\nMaxRequestWorkers $WORKERS\nLogLevel proxy_hcheck:debug\n",
            map { "<VirtualHost *:$_[0]>\nServerName http://w$_.example.test\n$line</VirtualHost>\n" } 1 .. $HOSTS
    });
    wait_until(sub { $server->children == $CHILDREN });
    return $server;
}
my $empty = hosts('');
get($empty->port, '/', host => 'w1.example.test');
my $without = kilobytes($empty);
is_deeply([$empty->stop], [], "$HOSTS virtual hosts");
my %line = (hand => "ProxyPass /jira http://127.0.0.1:$jira/jira timeout=300\n", app => "AtlassianApp jira http://127.0.0.1:$jira/jira\n");
my (%needs, %watched);
for my $kind (sort keys %line) {
    my $hosts = hosts($line{$kind});
    is(get($hosts->port, '/jira/echo', host => "w$_.example.test")->{status}, 200, "$kind: virtual host $_ answers") for 1, $HOSTS;
    $needs{$kind} = kilobytes($hosts) - $without;
    is_deeply([$hosts->stop], [], '... and nothing in the log');
    $watched{$kind} = () = Atl::Backends::slurp($hosts->error_log) =~ /AH03265/g;
}
is($watched{app}, $watched{hand}, 'without clusters mod_proxy_hcheck has no more to look after');
cmp_ok(1.5 * $needs{app}, '<', $needs{hand}, "an app in each of them needs $needs{app} KiB, one ProxyPass $needs{hand}");

# Each at an address of its own, where nobody listens but at the last one.
my $distinct = serve(lines(500, sub { $_[0] == 500 ? "127.0.0.1:$jira" : '127.1.' . ($_[0] >> 8) . '.' . ($_[0] & 255) . ':9' }));
is(get($distinct->port, '/app0500/x', host => 'many.example.test')->{status}, 404, 'the last of 500 addresses');
is(get($distinct->port, '/app0001/x', host => 'many.example.test')->{status}, 503, 'and the first, where nobody listens');
is_deeply([grep { !/ATLP10\d\d|AH00957|AH01114|AH00959/ } $distinct->stop], [], 'nothing else in the log');

done_testing;
