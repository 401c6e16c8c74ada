# What becomes of a request: which application gets it, and as what.
use Atl::Test;

use Atl::Requests;

expect_log(qr/AH01630: client denied by server configuration: proxy:http/, 'Require all denied on a path of the app');

expect_log(qr/AH10244: invalid URI path \(\/wiki\/a%zz\)/, 'httpd itself refuses bad escapes');
expect_log(qr/AH10244: invalid URI path \(\/\.\.\/wiki\/a\)/, 'and more ".." than segments');

Atl::Requests::check(sub { get(apps => $_[0], host => 'apps.example.test') });

subtest 'root context' => sub {
    is(get(rootapp => '/')->echo->{requestURI}, '/');
    is(get(rootapp => '/a%20b;c/d')->echo->{requestURI}, '/a%20b;c/d');
    is(get(rootapp => '/wiki/x')->echo->{product}, 'confluence', 'a longer context wins');
    is(get(rootapp => '/synchrony/x')->echo->{product}, 'jira', 'synchrony=off claims nothing');
    is(get(rootapp => '/local/file.txt')->{body}, "served by httpd\n", 'except=');
    is(get(rootapp => '/icons/file.txt')->{body}, "served by httpd\n", 'Alias');
    is(get(rootapp => '/.well-known/acme-challenge/x')->{status}, 404, 'certificates are renewed here');
    is(get(rootapp => '/.well-known/x')->echo->{requestURI}, '/.well-known/x');
    my $options = request('rootapp', OPTIONS => '*');
    is($options->{status}, 200, 'OPTIONS * is httpd\'s own');
};

subtest 'Synchrony on another path, beside a second Confluence' => sub {
    is(get(second => '/synchrony-2/heartbeat')->{body}, 'OK');
    is(get(second => '/synchrony-2;x=1/heartbeat')->{body}, 'OK');
    like(get(second => '/synchrony-2/v1/data/a%20b;c?d')->{body}, qr{/synchrony/v1/data/a%20b;c}, 'the rest as sent');
    is(get(second => '/synchrony/heartbeat')->{body}, 'OK');
    is(get(second => '/synchrony-proxy/healthcheck')->{body}, 'OK', "the root Confluence's own");
    is(get(second => '/wiki/synchrony-proxy/healthcheck')->{body}, 'OK');
    is(get(second => '/page')->echo->{contextPath}, '');
    is(get(second => '/wiki/page')->echo->{contextPath}, '/wiki');
};

subtest 'internal Synchrony: fast, bare errors where browsers look first' => sub {
    for my $path ('/synchrony/v1/bayeux-sync1', '/synchrony-proxy/v1/bayeux-sync1') {
        my $r = get(untold => $path);
        is("$r->{status} $r->{body}", '404 ', $path);
        is(request(untold => POST => $path, body => 'x' x 1000)->{status}, 404, "POST $path");
    }
    is(get(untold => '/wiki/synchrony-proxy/healthcheck')->{body}, 'OK');
};

subtest "an administrator's own ProxyPass and ProxyPassMatch are stock mod_proxy's alone" => sub {
    my %seen = map { $_ => get(apps => "/wiki/$_/a;b/c", host => 'apps.example.test')->echo } qw(own match);
    is($seen{$_}{requestURI}, "/jira/from-$_/a;b/c", "$_: the path as it came") for qw(own match);
    # Which of them met a connection that was there already is between two neighbours.
    delete $_->{header}{connection} for values %seen;
    is_deeply($seen{match}{header}, $seen{own}{header}, 'the same headers');
    ok($seen{match}{header}{'x-forwarded-server'}, "which are stock mod_proxy's");
};

subtest 'a shorter ProxyPass of the administrator takes the rest only' => sub {
    is(get(shorter => '/jira/x')->echo->{product}, 'jira');
    is(get(shorter => '/jirafoo')->echo->{requestURI}, '/bamboo/from-shorter/jirafoo');
};

done_testing;
