# What is said of a cluster: a node that is gone, that comes and goes, none at all, sessions that lost their node; and
# each node's own numbers.
use Atl::Test;

use Atl::Browser;
use Atl::Server;
use Atl::Tomcat;

my @tomcats = map { Atl::Tomcat->start('jira:/jira') } 1 .. 2;
my @origins = map { 'http://127.0.0.1:' . $_->port } @tomcats;
my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    ServerName teams.example.test
    AtlassianApp jira $origins[0]/jira $origins[1]/jira hcinterval=3
    <Location "/atlassian">
        SetHandler atlassian-status
    </Location>
    <Location "/balancer-manager">
        SetHandler balancer-manager
    </Location>
</VirtualHost>
END

sub browser {
    return Atl::Browser->new(port => $server->port, host => 'teams.example.test');
}

# findings(): name => [count, example], and each node's state and number of requests.
sub page {
    my ($app) = @{ browser()->get('/atlassian?json')->json->{applications} };
    my %findings = map { ($_->{name} => $_) } @{ $app->{findings} };
    my %nodes = map { ($_->{address} => $_) } grep { $_->{role} eq 'application' } @{ $app->{backends} };
    return (\%findings, \%nodes);
}

sub logged {
    my ($number) = @_;
    return grep { /ATLP$number/ } split /\n/, Atl::Backends::slurp($server->error_log);
}

sub reach {
    my ($n) = @_;
    my $node = 'own-tomcat-' . ($n + 1);
    return wait_until(sub { my $r = browser()->get('/jira/session'); $r->{status} == 200 && $r->json->{node} eq $node });
}

subtest 'all is well' => sub {
    my @browsers = map { browser() } 1 .. 6;
    $_->get('/jira/session') for @browsers;
    $_->get('/jira/login') for @browsers;
    # An answer is counted once it is logged, which its client need not wait for.
    wait_until(sub { my ($nodes) = (page())[1]; 12 == $nodes->{ $origins[0] }{requests}{total} + $nodes->{ $origins[1] }{requests}{total} });
    my ($findings, $nodes) = page();
    is_deeply([sort keys %$findings], [], 'nothing is found');
    is_deeply([sort keys %$nodes], [sort @origins], 'both nodes are there');
    is_deeply([map { $nodes->{$_}{state} } @origins], ['up', 'up'], 'up');
    is_deeply([map { $nodes->{$_}{requests}{total} } @origins], [6, 6], 'each with its own requests');
};

subtest 'sessions that lost their route' => sub {
    my $browser = browser();
    my $lost = 0;
    for (1 .. 100) {
        my $session = $browser->get('/jira/session')->json;
        delete $browser->{jar}{$_} for grep { /^ATLROUTE/ } keys %{ $browser->{jar} };
        $lost++ if $session->{new};
        last if $lost > 4;
    }
    cmp_ok($lost, '>', 4, 'they are lost again and again');
    ok(wait_until(sub { logged(1037) }), 'and that is said') or return;
    like((logged(1037))[0], qr/drops the cookie ATLROUTE\.jira\.jira, or/, 'with the name of the cookie');
};

subtest 'a node that is gone, and comes, and goes' => sub {
    for my $time (1 .. 3) {
        $tomcats[0]->stop;
        ok(wait_until(sub { browser()->get('/jira/session'); (page())[1]{ $origins[0] }{state} eq 'down' }), "gone, $time");
        is(scalar(logged(1035)), $time < 3 ? 0 : 1, $time < 3 ? 'that happens' : 'and again: it is said');
        $tomcats[0]->launch;
        ok(reach(0), 'back');
    }
    my ($line) = logged(1034);
    like($line, qr/a node of Jira cannot be reached.*\(example: \Q$origins[0]\E\)$/, 'the node is named');
    like($line, qr{for node in \Q$origins[0]\E/jira \Q$origins[1]\E/jira; do curl .*\$node/status}, 'with a command to ask them');
    my ($findings) = page();
    is($findings->{'node-gone'}{example}, $origins[0], 'on the page too');
    my ($nodes) = (page())[1];
    is($nodes->{ $origins[1] }{state}, 'up', 'the other one is up all the time');
};

subtest 'each node is asked' => sub {
    my $check = sub {
        my ($app) = @{ browser()->post('/atlassian?check', '', 'Accept: application/json')->json->{applications} };
        my $checked = $app->{check};
        return { map { ($_->{path} => "$_->{verdict}: $_->{said}") } ref $checked eq 'HASH' ? @{ $checked->{results} } : @$checked };
    };
    get($_->port, "/jira/control?baseUrl=http://teams.example.test:" . $server->port . "/jira") for @tomcats;
    my $said = $check->();
    for my $origin (@origins) {
        like($said->{"/jira/status at $origin"}, qr/^right: Jira is "RUNNING"/, "$origin: its state");
    }
    get($tomcats[1]->port, '/jira/control?version=9.9.9&baseUrl=http://other.example.test/jira');
    $said = $check->();
    like($said->{"/jira/rest/applinks/1.0/manifest at $origins[1]"}, qr/^wrong: this node runs version 9\.9\.9, another one \d/, 'versions differ');
    like((logged(1038))[0], qr/the nodes of Jira run different versions/, 'that is a finding');
    ok(scalar logged(1029), 'and so is the base URL of one node');
    get($tomcats[1]->port, '/jira/control?reset=1');
};

subtest 'no node at all' => sub {
    $_->stop for @tomcats;
    is(browser()->get('/jira/session')->{status}, 503);
    ok(scalar logged(1036), 'that is said');
    is(scalar(logged(1012)), 0, 'and nothing of a single application');
};

my $known = qr/AH0095[79]|AH01114|AH01102|AH00898|AH00940|AH01170|ATLP103[4-8]|ATLP1029/;
is_deeply([grep { !/$known/ } $server->stop], [], 'nothing else in the log');
done_testing;
