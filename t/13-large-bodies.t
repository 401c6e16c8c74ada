# Large bodies pass httpd in pieces larger than the 8,000 bytes of stock httpd, in virtual hosts with a line and in no
# other. httpd's own mod_dumpio tells how large they are; 13-streaming.t has what must be true of bodies however they pass.
use Atl::Test;

use Atl::Httpd ();
use Atl::Pattern;
use Atl::Server;
use Atl::StandIn qw(answer request_head);

my $STOCK = 8192;
my $FIRST_LOOK = 16384;    # mod_proxy_http's, of an upload
my $body = Atl::Pattern::bytes(0, 250_000);
my $app = Atl::StandIn->listen;
my $backend = '127.0.0.1:' . $app->port;
my $server = Atl::Server->start(ports => 4, text => sub {
    my ($line, $hand, $second, $cluster) = @_;
    return Atl::Httpd::load_lines('dumpio', 'proxy_scgi') . join '', map { "$_\n" }
        'DumpIOInput On', 'DumpIOOutput On', 'LogLevel dumpio:trace7', (map { "Listen 127.0.0.1:$_" } @_),
        "<VirtualHost 127.0.0.1:$line>", "AtlassianApp jira http://$backend/jira", '<Location /jira/scgi>', 'RewriteEngine On',
            "RewriteRule ^ scgi://$backend/x [P]", '</Location>', '</VirtualHost>',
        "<VirtualHost 127.0.0.1:$hand>", "ProxyPass /jira http://$backend/jira", '</VirtualHost>',
        # Which of the two is asked is known only when the connection has been read from.
        "<VirtualHost 127.0.0.1:$second>", 'ServerName first.example.test', "ProxyPass /jira http://$backend/jira", '</VirtualHost>',
        "<VirtualHost 127.0.0.1:$second>", 'ServerName second.example.test', "AtlassianApp jira http://$backend/jira", '</VirtualHost>',
        # Nobody listens at the other node, a spare.
        "<VirtualHost 127.0.0.1:$cluster>", "AtlassianApp jira http://$backend/jira http://127.0.0.1:1/jira;status=+H hcmethod=none",
            '</VirtualHost>';
});

# largest(DIRECTION, FROM): bytes of the largest piece since that place in the log, in or out, of any connection.
sub largest {
    my ($direction, $from) = @_;
    my $most = 0;
    for (substr(Atl::Backends::slurp($server->error_log), $from) =~ /dumpio_\Q$direction\E \(data-\w[\w ]*\): (\d+) bytes/g) {
        $most = $_ if $_ > $most;
    }
    return $most;
}

# exchange(PORT, HOST, REQUEST, ANSWER): what the application got, what the client got, and the largest pieces.
sub exchange {
    my ($port, $host, $request, $answer) = @_;
    my $from = -s $server->error_log;
    my $client = raw($port);
    $client->send($request =~ s/HOST/$host/r);
    my $at = $app->accept;
    my $head = request_head($at);
    my $got = $head =~ /^Content-Length: (\d+)/mi ? $at->read_exactly($1) : '';
    $at->send($answer);
    my $r = $client->response;
    $client->close;
    $at->close;
    return ($got, $r->{body}, largest(in => $from), largest(out => $from));
}

my $get = "GET /jira/x HTTP/1.1\r\nHost: HOST\r\n\r\n";
my $put = "PUT /jira/x HTTP/1.1\r\nHost: HOST\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
for my $row (
    ['a line', $server->port(0), 'x', 1],
    ['ProxyPass', $server->port(1), 'x', 0],
    ['a line in the second of two virtual hosts', $server->port(2), 'second.example.test', 1],
    ['ProxyPass in the first one', $server->port(2), 'first.example.test', 0],
    ['a cluster', $server->port(3), 'x', 1],
) {
    my ($what, $port, $host, $large) = @$row;
    my $size = $large ? sub { cmp_ok($_[0], '>', $FIRST_LOOK, $_[1]) } : sub { cmp_ok($_[0], '<=', $STOCK, $_[1]) };

    subtest "$what: down" => sub {
        my (undef, $body_here, $in, $out) = exchange($port, $host, $get, answer($body));
        ok($body_here eq $body, 'every byte');
        $size->($in, "read from the application: $in");
        $size->($out, "written to the client: $out");
    };
    subtest "$what: up" => sub {
        my ($body_there, undef, $in, $out) = exchange($port, $host, $put, answer('done'));
        ok($body_there eq $body, 'every byte');
        $size->($in, "read from the client: $in");
        $size->($out, "written to the application: $out");
    };
}

# mod_proxy_scgi, _uwsgi and _fcgi drop what they did not ask for, mod_proxy_ajp writes it behind its buffer.
subtest 'an upload that a RewriteRule has sent elsewhere' => sub {
    my $client = raw($server->port(0));
    $client->send($put =~ s{/x}{/scgi}r =~ s/HOST/x/r);
    my $at = $app->accept;
    my ($head) = $at->read_until(':') =~ /^(\d+):$/;
    $at->read_exactly($head + 1);
    ok($at->read_exactly(length $body) eq $body, 'every byte');
    $at->send("Status: 200 OK\r\nContent-Type: text/plain\r\n\r\ndone");
    $at->close;
    is($client->response->{body}, 'done', 'and it is answered');
    $client->close;
};

is_deeply([$server->stop], [], 'the error log is clean');

subtest 'a server without any line reads as ever' => sub {
    my $stock = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\nProxyPass /jira http://$backend/jira\n" });
    my $client = raw($stock->port)->send($get =~ s/HOST/x/r);
    my $at = $app->accept;
    request_head($at);
    $at->send(answer($body));
    ok($client->response->{body} eq $body, 'every byte');
    $_->close for $client, $at;
    is_deeply([$stock->stop], [], 'the error log is clean');
};
done_testing;
