# A good neighbour of httpd's own modules: what they answer, check and change stays as the administrator wrote it, even
# where an application has the root.
use Atl::Test;

use Digest::SHA 'sha1_base64';
use MIME::Base64 'encode_base64';

use Atl::Backends ();
use Atl::Run;
use Atl::Server;

my $root = backend_port('jira-root-http');
my $confluence = backend_port('confluence-http');
my $docs = "$ENV{ATL_STAGED}/t/htdocs";
my $people = "$ENV{ATL_LOGS}/people";
Atl::Backends::spew($people, 'ann:{SHA}' . sha1_base64('sesame') . "=\n");

my $text = <<"END";
DocumentRoot $docs
<Directory $docs>
    Require all granted
</Directory>
<Directory $docs/listed>
    Options +Indexes
    FallbackResource disabled
</Directory>
DirectoryIndex index.html
AtlassianApp jira http://127.0.0.1:$root except=/errors,/files
AtlassianApp confluence http://127.0.0.1:$confluence/wiki synchrony=off
# Nobody listens on port 1.
AtlassianApp crowd http://127.0.0.1:1/crowd
<Location /server-status>
    SetHandler server-status
</Location>
<Location /server-info>
    SetHandler server-info
</Location>
Alias /files $docs
Alias /errors $docs/errors
ErrorDocument 503 /errors/down.html
ErrorDocument 404 "not what the application said"
<Location /secret>
    AuthType Basic
    AuthName people
    AuthBasicProvider file
    AuthUserFile $people
    Require valid-user
</Location>
<LocationMatch "^/(small|files/local)/">
    LimitRequestBody 1000
</LocationMatch>
<Location /readonly>
    Require method GET HEAD
</Location>
<Location /marked>
    Header always set X-Mark marked
    RequestHeader set X-Asked for
    RequestHeader unset X-Unwanted
</Location>
<Location /headers>
    AddOutputFilterByType SUBSTITUTE text/plain
    Substitute s/headers/changed/
</Location>
<Location /status-code>
    ProxyErrorOverride On 404
</Location>
UserDir $docs
RedirectMatch ^/old/(.*) /new/\$1
FallbackResource /index.html
CustomLog $people.log "%U %>s %B %{X-Mark}o"
END
my $server = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\n$text" },
    modules => [(grep { $_ ne 'http2' } @Atl::Run::MODULES), qw(info autoindex userdir substitute)]);

sub ask {
    my ($method, $target, @option) = @_;
    return request($server->port, $method => $target, @option);
}

sub body_of {
    return ask(GET => $_[0])->{body};
}

subtest 'mod_status and mod_info, with an application at the root' => sub {
    like(body_of('/server-status'), qr/<h1>Apache Server Status/);
    like(body_of('/server-status?auto'), qr/^BusyWorkers: \d+$/m);
    like(body_of('/server-info?mod_atlassian_proxy.c'), qr/AtlassianApp/, 'mod_info knows the module');
    like(body_of('/server-info?config'), qr/AtlassianApp.*crowd/s, 'and its lines');
    is(ask(GET => '/server-statuses')->echo->{requestURI}, '/server-statuses', 'whole segments');
};

subtest 'mod_dir, mod_autoindex, mod_userdir, mod_alias' => sub {
    is(body_of('/files/indexed/'), "the index\n", 'DirectoryIndex');
    is(ask(GET => '/files/indexed')->header('Location'), 'http://127.0.0.1:' . $server->port . '/files/indexed/', 'DirectorySlash');
    like(body_of('/files/listed/'), qr/a\.txt/, 'a list');
    is(body_of('/~indexed/'), "the index\n", 'a user has pages of his own');
    is(ask(GET => '/old/x')->header('Location'), 'http://127.0.0.1:' . $server->port . '/new/x', 'RedirectMatch');
    for my $target ('/', '/index.html', '/files2/', '/local/file.txt', '/nothing/here/') {
        is(ask(GET => $target)->echo->{requestURI}, $target, "$target is the application's, with FallbackResource too");
    }
};

subtest 'ErrorDocument' => sub {
    my $down = ask(GET => '/crowd/x');
    is("$down->{status} $down->{body}", "503 we are back soon\n", 'a backend that is down, with an application at the root');
    is(ask(POST => '/crowd/x', body => 'x' x 100)->{status}, 503);
    my $own = ask(GET => '/echo/../status-code?code=500');
    is("$own->{status} $own->{body}", "500 status 500\n", "the application's own errors are its own");
    is(ask(GET => '/wiki/status-code?code=404')->{body}, "status 404\n", 'of every code');
    my $other = ask(GET => '/status-code?code=404');
    is("$other->{status} $other->{body}", '404 not what the application said', 'ProxyErrorOverride');
    is(ask(GET => '/status-code?code=503')->{body}, "status 503\n", 'for the codes it names');
};

subtest 'Basic authentication in front of the application' => sub {
    for my $target ('/secret', '/secret/a', '/secret;x/a', '/a/../secret/a', '//secret/a', '/%73ecret/a') {
        my $r = ask(GET => $target);
        is("$r->{status} " . ($r->header('WWW-Authenticate') // ''), '401 Basic realm="people"', $target);
    }
    my @wrong = (headers => ['Authorization: Basic ' . encode_base64('ann:other', '')]);
    is(ask(GET => '/secret/a', @wrong)->{status}, 401, 'a wrong password');
    my $basic = 'Basic ' . encode_base64('ann:sesame', '');
    my $seen = ask(GET => '/secret/a', headers => ["Authorization: $basic"])->echo;
    is($seen->{header}{authorization}[0], $basic, 'the application gets what was sent');
    my $bearer = 'Bearer abc.DEF-_~+/==';
    is(ask(GET => '/free', headers => ["Authorization: $bearer"])->echo->{header}{authorization}[0], $bearer, 'unread elsewhere');
    my $challenge = ask(GET => '/headers?WWW-Authenticate=Basic%20realm%3Djira&WWW-Authenticate=Negotiate');
    is_deeply([$challenge->values('WWW-Authenticate')], ['Basic realm=jira', 'Negotiate'], "the application's own challenges pass");
};

subtest 'DirectoryIndex' => sub {
    my $jira = backend_port('jira-http');
    my $own = Atl::Server->start(text => sub { return <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    ServerName https://index.example.test
    DocumentRoot $docs
    <Directory $docs>
        Require all granted
    </Directory>
    DirectoryIndex /jira/echo
    AtlassianApp jira http://127.0.0.1:$jira/jira
    <Location /atl>
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END
    my $seen = get($own->port, '/?a=b%20c', host => 'index.example.test', headers => ['X-Forwarded-For: 6.6.6.6'])->echo;
    is("$seen->{requestURI}?$seen->{queryString}", '/jira/echo?a=b%20c', 'leads to the application');
    is_deeply([map { $seen->{header}{$_} } qw(x-forwarded-for x-forwarded-proto x-forwarded-host host)],
        [['127.0.0.1'], ['https'], ['index.example.test'], ['index.example.test']], 'which is told who asks, and where');
    # It is, once it is logged, after its last byte.
    my $counted = sub {
        my ($view) = @{ get($own->port, '/atl?json', host => 'index.example.test')->json->{applications} };
        return "$view->{requests}{total} $view->{inFlight}";
    };
    ok(wait_until(sub { $counted->() eq '1 0' }), 'and it is counted') or diag $counted->();
    is_deeply([$own->stop], [], 'nothing in its log');
};

subtest 'mod_proxy: a virtual host that inherits nothing, and balancers that outlive a restart' => sub {
    my $own = Atl::Server->start(text => sub { return <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    ProxyPassInherit Off
    BalancerInherit Off
    BalancerPersist On
    <Proxy balancer://own>
        BalancerMember http://127.0.0.1:$root
    </Proxy>
    ProxyPass /own balancer://own
    AtlassianApp confluence http://127.0.0.1:$confluence/wiki synchrony=off
</VirtualHost>
END
    is(get($own->port, '/own/echo')->echo->{requestURI}, '/echo', 'its own balancer is there');
    is(get($own->port, '/wiki/echo')->echo->{requestURI}, '/wiki/echo', 'and so is the application');
    is_deeply([$own->stop], [], 'nothing in its log');
    cmp_ok(scalar(() = glob "$ENV{ATL_LOGS}/slotmem-shm-*.persist"), '>', 0, 'what became of its balancers is kept');
};

subtest 'limits' => sub {
    # As with stock mod_proxy: its limit, 1 GiB by default, is for what httpd reads for itself.
    is(ask(POST => '/small/a', body => 'x' x 1001)->echo->{bodyLength}, 1001, 'LimitRequestBody does not reach what is proxied');
    my $c = raw($server->port);
    $c->send("POST /small/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" . 'x' x 2000 . "\r\n0\r\n\r\n");
    is($c->response->echo->{bodyLength}, 2000, 'in chunks');
    is(ask(POST => '/files/local/file.txt', body => 'x' x 1001)->{status}, 413, 'but what httpd serves itself');
    is(ask(GET => '/readonly/a')->{status}, 200);
    is(ask(POST => '/readonly/a', body => 'x')->{status}, 403, 'Require method');
    for my $method (qw(OPTIONS PUT DELETE PATCH PROPFIND REPORT MKACTIVITY)) {
        is(ask($method => '/a', body => 'x')->echo->{method}, $method, "$method reaches the application");
    }
};

subtest 'mod_headers, output filters, the access log' => sub {
    my $seen = ask(GET => '/marked/a', headers => ['X-Unwanted: 1', 'X-Asked: what']);
    is($seen->header('X-Mark'), 'marked');
    is($seen->echo->{header}{'x-asked'}[0], 'for');
    is($seen->echo->{header}{'x-unwanted'}, undef);
    is(body_of('/headers?a=b'), "changed\n", 'mod_substitute');
    my $path = unique('/logged');
    is(ask(GET => "/wiki//x/..$path%20x;y")->{status}, 200);
    ok(wait_until(sub { Atl::Backends::slurp("$people.log") =~ m{^/wiki\Q$path\E x 200 [1-9]\d+ -$}m }), 'the log has the path as it was taken');
};

my @log = $server->stop;
my @explained = (qr/ATLP1012: AtlassianApp crowd .* refuses connections/,
    qr/AH00957: http: attempt to connect to 127\.0\.0\.1:1 /, qr/AH01114: HTTP: failed to make connection to backend: 127\.0\.0\.1/,
    qr/AH01617: user ann: authentication failure/, qr/AH01630: client denied/);
for my $line (@log) {
    ok((grep { $line =~ $_ } @explained), 'explained in the log') or diag $line;
}
done_testing;
