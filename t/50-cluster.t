# Several nodes in one line: a real Tomcat each, session replication off, so that a lost stickiness is a lost session.
use Atl::Test;

use Atl::Browser;
use Atl::Requests;
use Atl::Server;
use Atl::Tomcat;

my @jira = map { Atl::Tomcat->start('jira:/jira') } 1 .. 3;
my @wiki = map { Atl::Tomcat->start('confluence:/wiki') } 1 .. 2;

sub nodes {
    my ($path, @tomcats) = @_;
    return join ' ', map { "http://127.0.0.1:" . $_->port . $path } @tomcats;
}

my $inside = "ServerName teams.example.test\nAtlassianApp jira " . nodes('/jira', @jira) . "\n"
    . "AtlassianApp confluence " . nodes('/wiki', @wiki) . " synchrony=internal\n"
    . "<Location \"/balancer-manager\">\nSetHandler balancer-manager\n</Location>\n";
my $server = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\n$inside</VirtualHost>\n" });

sub browser {
    return Atl::Browser->new(port => $server->port, host => 'teams.example.test', @_);
}

subtest 'a browser stays with its node, in two clusters of one host' => sub {
    my %nodes;
    for my $n (1 .. 12) {
        my $browser = browser();
        for my $path ('/jira', '/wiki') {
            my $first = $browser->get("$path/session");
            my $name = $path eq '/jira' ? 'ATLROUTE.jira.jira' : 'ATLROUTE.confluence.wiki';
            my ($set) = grep { /^ATLROUTE/ } $first->values('Set-Cookie');
            like($set, qr{^\Q$name\E=\.n[0-9a-f]{8}; Path=$path; HttpOnly$}, "browser $n: the cookie of $path") if $n == 1;
            $nodes{$path}{ $first->json->{node} }++;
            $browser->{expected}{$path} = $first->json->{node};
        }
        for my $visit (2 .. 4) {
            for my $path ('/jira', '/wiki') {
                my $r = $browser->get("$path/session");
                is_deeply([@{ $r->json }{qw(node visits)}], [$browser->{expected}{$path}, $visit], "browser $n, $path, visit $visit");
                is(scalar(grep { /^ATLROUTE/ } $r->values('Set-Cookie')), 0, 'no route is set again');
            }
        }
    }
    is(scalar keys %{ $nodes{'/jira'} }, 3, 'all nodes of Jira are used');
    is(scalar keys %{ $nodes{'/wiki'} }, 2, 'all nodes of Confluence are used');
};

subtest 'the route belongs to one browser' => sub {
    my $r = browser()->get('/jira/s/abc/_/x.css');
    like($r->header('Cache-Control'), qr/public/);
    is($r->header('Set-Cookie'), undef, 'an answer caches may share has none');
    my $page = browser()->get('/jira/echo');
    like($page->header('Set-Cookie'), qr/^ATLROUTE/, 'a page has');
};

subtest 'the address is the cluster\'s as it is one node\'s' => sub {
    my $browser = browser();
    is($browser->get('/jira/a;x=1/b%2Fc?d=%2F')->echo->{requestURI}, '/jira/a;x=1/b%2Fc', 'parameters and %2F');
    is($browser->get('/jira/a[1]|b?c=d')->echo->{requestURI}, '/jira/a[1]|b', 'escapes arrive as sent');
    is($browser->get('/jira/x/../y')->echo->{requestURI}, '/jira/y');
    is($browser->get('/jira/q?a=b')->echo->{queryString}, 'a=b', 'the query, once');
    my $echo = $browser->get('/jira/echo', 'X-Forwarded-For: 6.6.6.6')->echo;
    is($echo->{header}{host}[0], 'teams.example.test', "the browser's Host");
    is($echo->{header}{'x-forwarded-for'}[0], '127.0.0.1', 'the true client');
    for my $tomcat (@jira) {
        my $to = 'http://127.0.0.1:' . $tomcat->port . '/jira/next';
        is($browser->get("/jira/redirect?location=$to")->header('Location'), 'http://teams.example.test/jira/next',
            'a redirect to a node is one to the cluster');
    }
    unlike($browser->get('/jira/cookie?name=a&value=b&domain=127.0.0.1')->header('Set-Cookie'), qr/domain/i, "no node's domain");
};

subtest 'a drain in balancer-manager' => sub {
    my $manager = sub {
        browser()->get("/balancer-manager$_[0]", "Referer: http://teams.example.test/balancer-manager")
    };
    my @browsers = map { browser() } 1 .. 9;
    my @at = map { $_->get('/jira/session')->json->{node} } @browsers;
    my $page = $manager->('');
    is($page->{status}, 200);
    my $url = 'http://127.0.0.1:' . $jira[0]->port;
    my ($link) = grep { /b=jira\.jira/ && /w=\Q$url\E/ } $page->{body} =~ /<a href="([^"]+)">/g;
    ok($link, 'the node is there') or diag $page->{body};
    my ($nonce) = $link =~ /nonce=([\w-]+)/;
    my $drain = sub {
        browser()->post('/balancer-manager', "w=$url&b=jira.jira&nonce=$nonce&w_status_N=$_[0]",
            'Referer: http://teams.example.test/balancer-manager', 'Content-Type: application/x-www-form-urlencoded')
    };
    is($drain->(1)->{status}, 200);
    my $node = "own-tomcat-1";
    for my $n (0 .. $#browsers) {
        is($browsers[$n]->get('/jira/session')->json->{node}, $at[$n], "a session that is there stays ($at[$n])");
    }
    my %new = map { browser()->get('/jira/session')->json->{node} => 1 } 1 .. 12;
    ok(!$new{$node}, 'no new one comes') or diag join ' ', keys %new;
    is($drain->(0)->{status}, 200);
    ok(wait_until(sub { browser()->get('/jira/session')->json->{node} eq $node }), 'and then they do again');
};

subtest 'nodes are reordered and removed by a reload' => sub {
    my @browsers = map { browser() } 1 .. 9;
    my @at = map { $_->get('/jira/session')->json->{node} } @browsers;
    my $old = nodes('/jira', @jira);
    my $new = nodes('/jira', @jira[2, 1]);
    my $text = Atl::Backends::slurp($server->file);
    Atl::Backends::spew($server->file, $text =~ s/\Q$old\E/$new/r);
    $server->signal('USR1');
    my $manager = sub { browser()->get('/balancer-manager', 'Referer: http://teams.example.test/')->{body} };
    my $gone = $jira[0]->port;
    ok(wait_until(sub { $manager->() !~ /w=http:\/\/127\.0\.0\.1:$gone\b/ }), 'it is done');
    for my $n (0 .. $#browsers) {
        delete $browsers[$n]{connection};
        my $now = $browsers[$n]->get('/jira/session')->json;
        if ($at[$n] eq 'own-tomcat-1') {
            isnt($now->{node}, $at[$n], "browser $n goes elsewhere, its node is gone");
        }
        else {
            is_deeply([@$now{qw(node visits)}], [$at[$n], 2], "browser $n stays");
        }
    }
    Atl::Backends::spew($server->file, $text);
    $server->signal('USR1');
    ok(wait_until(sub { $manager->() =~ /w=http:\/\/127\.0\.0\.1:$gone\b/ }), 'and back');
};

subtest 'what the module prints does the same in stock httpd' => sub {
    my ($exit, $dump, $err) = configtest("<VirtualHost *:80>\n$inside</VirtualHost>\n", '-D', 'DUMP_ATLASSIAN_APPS');
    is($exit, 0, 'the dump') or diag $err;
    my $text = $inside =~ s/^AtlassianApp .*\n//mgr;
    my $stock = Atl::Server->start(module => '', text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\n$text$dump</VirtualHost>\n" });
    for my $path ('/jira', '/wiki') {
        my $browser = Atl::Browser->new(port => $stock->port, host => 'teams.example.test');
        my $first = $browser->get("$path/session");
        is_deeply([map { $browser->get("$path/session")->json->{visits} } 2 .. 4], [2 .. 4], "$path: stock httpd keeps the session");
        # The same names: a browser that moves from one to the other keeps its session.
        my $moved = browser(jar => $browser->{jar});
        is_deeply([@{ $moved->get("$path/session")->json }{qw(node visits)}], [$first->json->{node}, 5], '... and so does the module');
        is(Atl::Browser->new(port => $stock->port)->get("$path/s/a/_/x.css")->header('Set-Cookie'), undef, 'nothing for caches');
    }
    is_deeply([$stock->stop], [], 'stock httpd has nothing to complain of');
};

subtest 'modules that are not there are named, all at once' => sub {
    my @without = grep { !/^(proxy_balancer|slotmem_shm|lbmethod_byrequests|proxy_hcheck)$/ } @Atl::Run::MODULES;
    @without = grep { $_ ne 'http2' } @without if mpm() eq 'prefork';
    my ($exit, $out, $err) = configtest({ modules => \@without }, "AtlassianApp jira h1/jira h2/jira\n");
    like($err, qr{AtlassianApp: needs httpd modules that are not loaded; on Debian or Ubuntu: a2enmod proxy_balancer slotmem_shm proxy_hcheck lbmethod_byrequests; elsewhere: LoadModule proxy_balancer_module modules/mod_proxy_balancer\.so; .*lbmethod_byrequests});
    isnt($exit, 0);
    ($exit, $out, $err) = configtest({ modules => \@without }, "AtlassianApp jira h1/jira\n");
    is("$exit $err", "0 Syntax OK\n", 'one node needs none of them');
    ($exit, $out, $err) = configtest("AtlassianApp jira h1/jira h2/jira lbmethod=heartbeat\n");
    like($err, qr/a2enmod lbmethod_heartbeat heartmonitor;/, 'a method by its name');
};

is_deeply([grep { !/ATLP1003: AtlassianApp jira at/ } $server->stop], [], 'nothing else in the log');
done_testing;
