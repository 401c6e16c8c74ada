# Nodes leave and come back while fifty browsers are at work: no request that may be asked again fails, what changes
# something is asked once, and a session is lost only with the node that held it.
use Atl::Test;

use Atl::Browser;
use Atl::Server;
use Atl::StandIn 'request_head';
use Atl::Tomcat;

my @tomcats = map { Atl::Tomcat->start('jira:/jira') } 1 .. 3;
my %tomcat = map { ("own-tomcat-$_" => $tomcats[$_ - 1]) } 1 .. 3;
my $nodes = join ' ', map { 'http://127.0.0.1:' . $_->port . '/jira' } @tomcats;
my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
MaxRequestWorkers 128
# A child whose threads are all at work closes kept-alive connections; here one child has room for every browser.
<IfModule !mpm_prefork_module>
    ThreadsPerChild 64
</IfModule>
KeepAliveTimeout 300
<VirtualHost *:$_[0]>
    ServerName teams.example.test
    # A node that says nothing for six seconds, twice, is out: one that only waits for this machine's processors is not.
    AtlassianApp jira $nodes hcinterval=3
    <Location "/balancer-manager">
        SetHandler balancer-manager
    </Location>
</VirtualHost>
END

sub browser {
    return Atl::Browser->new(port => $server->port, host => 'teams.example.test', @_);
}

# A session's node for a browser that has none yet.
sub browser_at {
    my ($node) = @_;
    my $found;
    wait_until(sub { my $b = browser(); $b->get('/jira/session')->json->{node} eq $node and $found = $b }) or die "no session at $node";
    return $found;
}

sub node_of { return $_[0]->get('/jira/session')->json->{node} }

subtest 'a node that is gone before it is asked' => sub {
    my $browser = browser_at('own-tomcat-1');
    my $writer = browser_at('own-tomcat-1');
    $tomcats[0]->stop;
    my $r = $browser->get('/jira/session');
    is($r->{status}, 200, 'another one answers');
    isnt($r->json->{node}, 'own-tomcat-1');
    like(join(' ', $r->values('Set-Cookie')), qr/ATLROUTE/, 'and is the new one from now on');
    is(node_of($browser), $r->json->{node});
    my $body = 'x' x 40000;
    my $posted = $writer->post('/jira/upload', $body);
    is($posted->{status}, 200, 'what was not sent yet may be sent elsewhere');
    is($posted->json->{bytes}, length $body, 'the whole of it') or diag $posted->{body};
    $tomcats[0]->launch;
    ok(wait_until(sub { node_of(browser()) eq 'own-tomcat-1' }), 'it is found again');
};

subtest 'a node that dies at work' => sub {
    my ($reader, $writer) = map { browser_at('own-tomcat-2') } 1 .. 2;
    my ($read, $written) = (unique('read'), unique('written'));
    my $crowd = Atl::Browser::crowd(2, sub {
        my ($n, $going, $tell) = @_;
        my $r = $n == 1 ? $reader->get("/jira/slow?id=$read&before=1") : $writer->post("/jira/slow?id=$written&before=1", 'a=b');
        $tell->({ status => $r->{status}, body => $r->{body} });
    });
    my $waits = sub { my ($tomcat, $id) = @_; get($tomcat->port, "/jira/slow/waiting?id=$id")->json->{waiting} };
    ok(wait_until(sub { $waits->($tomcats[1], $read) && $waits->($tomcats[1], $written) }), 'both are at work there');
    $tomcats[1]->kill;
    ok(wait_until(sub { grep { $waits->($_, $read) } @tomcats[0, 2] }), 'what changes nothing is asked again');
    get($_->port, "/jira/slow/release?id=$read") for @tomcats[0, 2];
    my ($answer, $error) = map { $_->[0] } $crowd->finish;
    is("$answer->{status} $answer->{body}", "200 first\nsecond\n", 'and answered');
    is($error->{status}, 502, 'what may have changed something is not asked again');
    is(scalar(grep { $waits->($_, $written) } @tomcats[0, 2]), 0, 'by nobody');
    $tomcats[1]->launch;
    ok(wait_until(sub { node_of(browser()) eq 'own-tomcat-2' }), 'it is found again');
};

# row_of(TOMCAT): what balancer-manager says of a node, and the nonce its form wants.
sub row_of {
    my ($tomcat) = @_;
    my $page = browser()->get('/balancer-manager', 'Referer: http://teams.example.test/')->{body};
    my ($row) = $page =~ /(<a href="[^"]*w=http:\/\/127\.0\.0\.1:@{[$tomcat->port]}&.*?<\/tr>)/s or die "not in balancer-manager\n";
    return ($row, $row =~ /nonce=([\w-]+)/);
}

sub drain {
    my ($tomcat, $on) = @_;
    my (undef, $nonce) = row_of($tomcat);
    return browser()->post('/balancer-manager', 'w=http://127.0.0.1:' . $tomcat->port . "&b=jira.jira&nonce=$nonce&w_status_N=$on",
        'Content-Type: application/x-www-form-urlencoded', 'Referer: http://teams.example.test/balancer-manager');
}

subtest 'fifty browsers' => sub {
    my $crowd = Atl::Browser::crowd(50, sub {
        my ($n, $going, $tell) = @_;
        my $browser = browser();
        while ($going->()) {
            my $r = eval { $browser->get('/jira/session') };
            my $seen = $r && $r->{status} == 200 ? $r->json : {};
            $tell->({ at => Time::HiRes::time(), status => $r ? $r->{status} : "$@", node => $seen->{node}, visits => $seen->{visits} });
            # One in five lets its connection go.
            delete $browser->{connection} if $n % 5 == 0;
            select undef, undef, undef, 0.05;
        }
    });
    ok($crowd->until_each(3), 'all are at work');
    my @gone;
    for my $row (['own-tomcat-1', 'stop'], ['own-tomcat-2', 'kill'], ['own-tomcat-1', 'stop']) {
        my ($node, $how) = @$row;
        my $from = Time::HiRes::time();
        $tomcat{$node}->$how;
        ok($crowd->until_each(3), "$node: $how, and they go on");
        $tomcat{$node}->launch;
        push @gone, [$node, $from, Time::HiRes::time(), $how];
        ok(wait_until(sub { node_of(browser()) eq $node }), "$node is back");
        ok($crowd->until_each(2), 'and they go on');
    }
    # Drained: those who are there stay, and nobody comes.
    is(drain($tomcat{'own-tomcat-2'}, 1)->{status}, 200, 'a drain');
    my %at = map { node_of(browser()) => 1 } 1 .. 9;
    ok($crowd->until_each(3), '... and they go on');
    ok(!$at{'own-tomcat-2'}, '... and nobody comes');
    is(drain($tomcat{'own-tomcat-2'}, 0)->{status}, 200, '... which ends');
    # Half a second of silence, then as long as it takes to be noticed.
    my $silent = $tomcat{'own-tomcat-3'};
    my $from = Time::HiRes::time();
    $silent->freeze;
    select undef, undef, undef, 0.5;
    $silent->thaw;
    ok($crowd->until_each(3), 'half a second of silence, and they go on');
    $silent->freeze;
    ok(wait_until(sub { (row_of($silent))[0] =~ /HcFl/ }), 'one that hangs is noticed');
    $silent->thaw;
    ok(wait_until(sub { (row_of($silent))[0] !~ /HcFl/ }), '... and that it is back');
    push @gone, ['own-tomcat-3', $from, Time::HiRes::time(), 'hang'];
    ok($crowd->until_each(3), 'and they go on');
    my (@failed, @wandered, $requests, $moves);
    for my $records ($crowd->finish) {
        my ($before) = ();
        for my $now (@$records) {
            $requests++;
            # A Tomcat that is being stopped without a drain may answer what it is working on with 400 or 404 once its
            # context is gone (tried without httpd): nobody can tell that from an application's own.
            my $tomcats_own = $now->{status} =~ /^40[04]$/ && grep { $_->[3] eq 'stop' && $now->{at} >= $_->[1] && $now->{at} <= $_->[2] } @gone;
            push @failed, $now if $now->{status} ne '200' && !$tomcats_own;
            next if !$now->{node};
            if ($before && $now->{node} ne $before->{node}) {
                $moves++;
                my $why = grep { $_->[0] eq $before->{node} && $now->{at} >= $_->[1] && $before->{at} <= $_->[2] } @gone;
                push @wandered, [$before, $now] if !$why;
            }
            elsif ($before && $now->{visits} != $before->{visits} + 1) {
                push @wandered, [$before, $now] if !grep { $_->[0] eq $now->{node} && $now->{at} >= $_->[1] && $before->{at} <= $_->[2] } @gone;
            }
            $before = $now;
        }
    }
    is(scalar @failed, 0, "none of $requests requests failed") or diag explain [@failed > 5 ? @failed[0 .. 4] : @failed];
    is(scalar @wandered, 0, 'every session stayed where it was as long as it could') or diag explain $wandered[0];
    cmp_ok($moves // 0, '>=', 10, 'those of a node that left went elsewhere');
};

subtest 'a node that says "not now", and is gone when it is asked again, and no other' => sub {
    my @nodes = map { Atl::StandIn->listen } 1 .. 2;
    my $line = 'AtlassianApp jira ' . join(' ', map { 'http://127.0.0.1:' . $_->port . '/jira' } @nodes) . ' hcmethod=none';
    my $own = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\n$line\n</VirtualHost>\n" });
    my $client = raw($own->port);
    $nodes[1]->close;
    $client->send("GET /jira/x HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n");
    my $connection = $nodes[0]->accept;
    request_head($connection);
    $nodes[0]->close;
    $connection->send("HTTP/1.1 503 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    $connection->close;
    my $r = $client->response // {};
    is($r->{status}, 503, 'the page is sent');
    like($r->{body}, qr/Jira is not running/, '... all of it');
    is_deeply([grep { !/AH00957|AH01114|AH00959|ATLP103[46]/ } $own->stop], [], 'nothing else in its log');
};

my @lines = $server->stop;
my $known = qr/AH00957|AH01114|AH01102|AH00898|AH01084|AH00959|AH00940|AH01170|AH10508|ATLP103\d/;
is_deeply([grep { !/$known/ } @lines], [], 'nothing else in the log');
done_testing;
