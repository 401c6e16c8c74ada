# Confluence with several nodes: WebSockets go where the browser's pages come from, and Synchrony's own cluster keeps
# its clients too.
use Atl::Test;

use Atl::Browser;
use Atl::Raw;
use Atl::Server;
use Atl::Tomcat;
use Atl::WebSocket 'say';

my @wiki = map { Atl::Tomcat->start('confluence:/wiki') } 1 .. 2;
my @synchrony = map { Atl::Tomcat->start('synchrony') } 1 .. 2;
my $line = 'AtlassianApp confluence ' . join(' ', map { 'http://127.0.0.1:' . $_->port . '/wiki' } @wiki)
    . ' synchrony=' . join(',', map { 'http://127.0.0.1:' . $_->port } @synchrony) . "\n";
my $inside = "ServerName wiki.example.com\n$line";
my $server = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\n$inside</VirtualHost>\n" });

# open_count(TOMCAT, PATH): WebSockets open there, without the one that asks.
sub open_count {
    my ($tomcat, $path) = @_;
    my $c = Atl::Raw->connect($tomcat->port);
    is(Atl::WebSocket::handshake($c, $path)->{status}, 101, 'the node itself');
    my $count = say($c, '/count') - 1;
    $c->close;
    return $count;
}

sub counts {
    my ($path, @tomcats) = @_;
    return [map { open_count($_, $path) } @tomcats];
}

sub sockets {
    my ($server, $browser, $path, $n) = @_;
    return map {
        my $c = Atl::Raw->connect($server->port);
        my $head = Atl::WebSocket::handshake($c, $path, $browser->cookie_header($path));
        is($head->{status}, 101, "$path: 101");
        is(say($c, 'hello'), 'hello', 'echo');
        $c
    } 1 .. $n;
}

my $proxy = '/wiki/synchrony-proxy/v1/bayeux-sync1';
my $direct = '/synchrony/v1/bayeux-sync1';
my %number = map { Atl::Test::get($wiki[$_]->port, '/wiki/control')->json->{node} => $_ } 0, 1;

subtest 'through Confluence' => sub {
    my @open;
    my @expected = (0, 0);
    for my $round (1 .. 4) {
        my $browser = Atl::Browser->new(port => $server->port, host => 'wiki.example.com');
        my $n = $number{ $browser->get('/wiki/session')->json->{node} };
        push @open, sockets($server, $browser, $proxy, 2);
        $expected[$n] += 2;
        is_deeply(counts($proxy, @wiki), \@expected, "round $round: to the node of the pages");
        my $plain = $browser->get('/wiki/synchrony-proxy/v1/data/x');
        is($plain->{status}, 200, 'XHR fallback');
        is(scalar(grep { /^ATLROUTE/ } $plain->values('Set-Cookie')), 0, 'which moves nobody');
        is($number{ $browser->get('/wiki/session')->json->{node} }, $n, 'the pages stay');
    }
    ok($expected[0] && $expected[1], 'both nodes had some');
    $_->close for @open;
};

subtest "Synchrony's own cluster" => sub {
    my $browser = Atl::Browser->new(port => $server->port, host => 'wiki.example.com');
    my $first = $browser->get('/synchrony/heartbeat');
    is($first->{body}, 'OK');
    like($first->header('Set-Cookie'), qr{^ATLROUTE\.synchrony\.confluence\.wiki=\.n\w+; Path=/synchrony; HttpOnly$}, 'a cookie of its own');
    my @open = sockets($server, $browser, $direct, 4);
    my $counts = counts($direct, @synchrony);
    is_deeply([sort @$counts], [0, 4], 'one browser, one Synchrony');
    is($browser->post('/synchrony/v1/data/x', 'a=b')->{status}, 200, 'XHR fallback');

    my ($busy) = grep { $counts->[$_] } 0, 1;
    $synchrony[$busy]->stop;
    ok(defined eval { $_->read_to_end }, 'its WebSockets end') for @open;
    push @open, sockets($server, $browser, $direct, 1);
    is_deeply(counts($direct, $synchrony[1 - $busy]), [1], 'the browser that comes again meets the other one');
    $_->close for @open;
};

subtest 'the same in stock httpd' => sub {
    my ($exit, $dump, $err) = configtest("<VirtualHost *:80>\n$inside</VirtualHost>\n", '-D', 'DUMP_ATLASSIAN_APPS');
    is($exit, 0, 'the dump') or diag $err;
    my $stock = Atl::Server->start(module => '',
        text => sub { "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\nServerName wiki.example.com\n$dump</VirtualHost>\n" });
    my $browser = Atl::Browser->new(port => $stock->port, host => 'wiki.example.com');
    my $n = $number{ $browser->get('/wiki/session')->json->{node} };
    my @open = sockets($stock, $browser, $proxy, 2);
    is_deeply(counts($proxy, @wiki), [map { $_ == $n ? 2 : 0 } 0, 1], 'to the node of the pages');
    $_->close for @open;
    is(Atl::Browser->new(port => $stock->port)->get('/synchrony/heartbeat')->{body}, 'OK');
    $stock->stop;
};

my $known = qr/AH0095[79]|AH01114|AH01102|AH00898|AH00940|ATLP103\d/;
is_deeply([grep { !/$known/ } $server->stop], [], 'nothing else in the log');
done_testing;
