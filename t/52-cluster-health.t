# Health: what a product says of itself decides, a node that is slow stays, one that hangs goes, all down is said.
use Atl::Test;

use Atl::Browser;
use Atl::Server;
use Atl::Tomcat;

my %apps = (jira => '/jira', bitbucket => '/bitbucket', bamboo => '/bamboo');
my %tomcats = map { my $app = $_; ($app => [map { Atl::Tomcat->start("$app:$apps{$app}") } 1 .. 2]) } sort keys %apps;
my $lines = join '', map {
    my $app = $_;
    "AtlassianApp $app " . join(' ', map { 'http://127.0.0.1:' . $_->port . $apps{$app} } @{ $tomcats{$app} })
        . " hcinterval=3 hcfails=1 timeout=300\n"
} sort keys %apps;
my $server = Atl::Server->start(text => sub {
    "Listen 127.0.0.1:$_[0]\nTimeout 300\nKeepAliveTimeout 300\n<VirtualHost *:$_[0]>\nServerName teams.example.test\n$lines<Location /balancer-manager>\nSetHandler balancer-manager\n</Location>\n</VirtualHost>\n"
});

sub browser {
    return Atl::Browser->new(port => $server->port, host => 'teams.example.test', @_);
}

sub node {
    my ($app, $browser) = @_;
    my $r = ($browser // browser())->get("$apps{$app}/session");
    return $r->{status} == 200 ? $r->json->{node} : $r->{status};
}

# nodes(APP): the names of those that get new sessions, of many.
sub nodes {
    my ($app) = @_;
    my %seen = map { node($app) => 1 } 1 .. 6;
    return join ' ', sort keys %seen;
}

# failed(APP, N): whether mod_proxy_balancer's page says that its health check of that node failed.
sub failed {
    my ($app, $n) = @_;
    my $port = $tomcats{$app}[$n]->port;
    my ($row) = browser()->get('/balancer-manager', 'Referer: http://teams.example.test/')->{body} =~ /(<tr>\s*<td><a href="[^"]*b=\Q$app.$app\E&[^"]*w=http:\/\/127\.0\.0\.1:$port&.*?<\/tr>)/s
        or die "no $app at $port\n";
    return $row =~ /HcFl/;
}

sub control {
    my ($tomcat, $app, $query) = @_;
    return get($tomcat->port, "$apps{$app}/control?$query")->json->{node};
}

my %name = map { my $app = $_; ($app => [map { control($_, $app, '') } @{ $tomcats{$app} }]) } keys %apps;

for my $row (
    ['jira', 'STARTING', 'out', 'Jira answers 200 while it starts'],
    ['jira', 'FIRST_RUN', 'in', 'the set-up wizard must be reached'],
    ['bitbucket', 'MAINTENANCE', 'in', 'a backup must not cut off its own client'],
) {
    my ($app, $state, $where, $why) = @$row;
    my ($first, $second) = @{ $name{$app} };
    control($tomcats{$app}[0], $app, 'state=STARTING');
    ok(wait_until(sub { failed($app, 0) }), "$app: a node that is starting is found");
    is(nodes($app), $second, '... and gets nothing');
    control($tomcats{$app}[0], $app, "state=$state");
    if ($where eq 'in') {
        ok(wait_until(sub { !failed($app, 0) }), "$app: $state takes traffic ($why)");
    }
    else {
        # That the state was asked for again: another one that is fine goes in and out meanwhile.
        my $asked = get($tomcats{$app}[0]->port, "$apps{$app}/status")->json->{state};
        is("$asked " . nodes($app), "$state $second", "$app: $state does not ($why)");
    }
    control($tomcats{$app}[0], $app, 'reset=1');
    ok(wait_until(sub { !failed($app, 0) }), "$app: back after $state");
}

subtest 'Bamboo: the second node stands by' => sub {
    my ($first, $second) = @{ $name{bamboo} };
    is(nodes('bamboo'), $first, 'all go to the first');
    my $browser = browser();
    is(node('bamboo', $browser), $first);
    $tomcats{bamboo}[0]->stop;
    is(node('bamboo', $browser), $second, 'until it is gone');
    $tomcats{bamboo}[0]->launch;
    ok(wait_until(sub { nodes('bamboo') eq $first }), 'new ones return to it');
};

subtest 'a slow node keeps its sessions, a hung one gets no new ones' => sub {
    my ($first, $second) = @{ $name{jira} };
    my ($slow, $other) = @{ $tomcats{jira} };
    my @browsers = map { browser() } 1 .. 8;
    my @at = map { node('jira', $_) } @browsers;
    for my $n (0 .. $#browsers) {
        next if $at[$n] ne $first;
        # Half a second of silence for each of its requests.
        $slow->freeze;
        my $crowd = Atl::Browser::crowd(1, sub { $_[2]->({ node => node('jira', $browsers[$n]) }) });
        select undef, undef, undef, 0.5;
        $slow->thaw;
        my ($records) = $crowd->finish;
        is($records->[0]{node}, $first, "browser $n stays although it takes half a second");
    }
    $slow->freeze;
    my @stuck = grep { $at[$_] eq $first } 0 .. $#browsers;
    my $crowd = Atl::Browser::crowd(1, sub { $_[2]->({ node => node('jira', $browsers[$stuck[0]]) }) });
    ok(wait_until(sub { failed('jira', 0) }), 'it is found');
    is(nodes('jira'), $second, 'new ones go elsewhere');
    ok(!$crowd->until_each(1, 0), 'while who is being served by it still waits');
    is(node('jira', $browsers[$stuck[1]]), $second, 'who asks again is served');
    $slow->thaw;
    is(($crowd->finish)[0][0]{node}, $first, 'who waited gets the answer');
    ok(wait_until(sub { !failed('jira', 0) }), 'it is back');
};

subtest 'all nodes down' => sub {
    $_->stop for @{ $tomcats{bitbucket} };
    my $page = browser()->get('/bitbucket/session', 'Accept: text/html');
    is($page->{status}, 503);
    is($page->header('Retry-After'), 10);
    like($page->{body}, qr/Bitbucket is not running/, 'the page says so');
    is(browser()->get('/bitbucket/rest/api/1.0/x', 'Accept: application/json')->json->{state}, 'down', 'and the answer for programs');
    $tomcats{bitbucket}[1]->launch;
    ok(wait_until(sub { node('bitbucket') eq $name{bitbucket}[1] }), 'one is enough');
};

my $known = qr/AH0095[79]|AH01114|AH01102|AH00898|AH01084|AH00940|AH01170|AH03252|ATLP1017|ATLP103\d/;
is_deeply([grep { !/$known/ } $server->stop], [], 'nothing else in the log');
done_testing;
