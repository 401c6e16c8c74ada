# What comes back: redirects and cookies with public addresses, whoever got them wrong.
use Atl::Test;

expect_log(qr/ATLP1001: AtlassianApp jira at .*scheme="https" secure="true"/, 'no scheme="https" behind TLS');
expect_log(qr/ATLP1002: AtlassianApp jira at /, "redirects to the application's own port");
expect_log(qr/ATLP1003: AtlassianApp jira at /, "redirects to the application's own address");

sub location {
    my ($vhost, $target, @option) = @_;
    return get($vhost => $target, @option)->header('Location');
}

subtest 'a Connector set up as the dump says: nothing to mend' => sub {
    is(location(apps => '/wiki/redirect?to=/next'), 'https://confluence.example.test/wiki/next');
    is(location(apps => '/jira/redirect?how=relative&to=next'), 'next');
};

subtest 'the application knows its own address only' => sub {
    my $port = backend_port('jira-http');
    my @host = (host => 'people.example.test:8443');
    is(location(untold => "/jira/redirect?location=http://127.0.0.1:$port/jira/x?y=1%23z", @host),
        'http://people.example.test:8443/jira/x?y=1#z', 'its own address becomes the one people typed');
    is(location(untold => "/jira/redirect?location=http://people.example.test:$port/jira", @host),
        'http://people.example.test:8443/jira', 'and so does its own port');
    is(location(untold => '/jira/redirect?to=/next', @host), 'http://people.example.test:8443/jira/next',
        'by its Host header it knows the rest');
    for my $other ("http://127.0.0.1:$port/other/x", "http://127.0.0.1:$port/jirax", 'http://127.0.0.1:1/jira/x',
        'https://people.example.test/jira', '//evil.example/jira', '/jira/x') {
        is(location(untold => "/jira/redirect?location=$other", @host), $other, "$other is left alone");
    }
};

subtest 'TLS in front, no scheme="https" in the Connector' => sub {
    for my $host ('offloaded.example.test', 'alias.example.test', 'OFFLOADED.example.test:8443') {
        is(location(offloaded => '/jira/redirect?to=/next', host => $host), "https://$host/jira/next", $host);
    }
    is(location(offloaded => '/jira/redirect?location=http://elsewhere.example.test/jira', host => 'offloaded.example.test'),
        'http://elsewhere.example.test/jira', 'other hosts are left alone');
};

subtest 'cookies' => sub {
    my $cookie = sub { get($_[0] => "/jira/cookie?name=a&value=b&$_[1]")->header('Set-Cookie') };
    is($cookie->(offloaded => 'path=/jira'), 'a=b; Path=/jira; Secure', 'an https site adds what the application forgot');
    is($cookie->(offloaded => 'path=/jira&secure=1'), 'a=b; Path=/jira; Secure', 'and adds nothing twice');
    is($cookie->(untold => 'path=/jira'), 'a=b; Path=/jira', 'an http site does not');
    is($cookie->(untold => 'path=/jira&domain=127.0.0.1'), 'a=b; Path=/jira', "the backend's own Domain would be refused by browsers");
    is($cookie->(untold => 'path=/jira&domain=example.test'), 'a=b; Path=/jira; Domain=example.test');
};

done_testing;
