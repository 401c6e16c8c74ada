# What the status page says of a path, compared with what becomes of a request for it.
use Atl::Test;

use JSON::PP ();

use Atl::Backends ();
use Atl::Server;

my ($wiki, $synchrony, $jira) = map { backend_port($_) } qw(confluence-http synchrony jira);
my $dir = "$ENV{ATL_STAGED}/t";
my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
LimitRequestLine 64000
Header always set X-Handler "expr=%{HANDLER}"
ErrorDocument 400 "httpd's own"
ErrorDocument 403 "httpd's own"
<VirtualHost *:$_[0]>
    ServerName https://people.example.test
    ServerAlias *.people.example.test
    AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$synchrony admin=192.0.2.1 except=/wiki/own
    <Location "/atl">
        SetHandler atlassian-status
    </Location>
    <Location "/closed-atl">
        SetHandler atlassian-status
        Require all denied
    </Location>
    <Location "/wiki/secret">
        Require all denied
    </Location>
    <LocationMatch "^/wiki/members(/|\$)">
        <RequireAll>
            Require ip 10.0.0.0/8
        </RequireAll>
    </LocationMatch>
    <Location "/wiki/local">
        SetHandler server-status
    </Location>
</VirtualHost>
<VirtualHost *:$_[0]>
    ServerName http://issues.example.test:8443
    AtlassianApp jira http://127.0.0.1:$jira/jira compression=off maintenance=$dir/explain-$$
</VirtualHost>
<VirtualHost *:443>
    ServerName builds.example.test
    AtlassianApp bamboo http://127.0.0.1:$jira/bamboo
</VirtualHost>
<Location "/jira/everywhere">
    Require all denied
</Location>
<VirtualHost *:$_[0]>
    ServerName http://rules.example.test
    AtlassianApp jira http://127.0.0.1:$jira/jira except=/jira/files
    SetEnvIf Request_URI ^/jira/env blocked
    RewriteEngine On
    RewriteRule ^/jira/other - [F]
    RewriteRule ^/jira/forbidden - [NC,F]
    RewriteRule ^/jira/gone - [G]
    RewriteRule ^/jira/moved(.*) /jira/new\$1 [R=301,L]
    Redirect 410 /jira/past
    RedirectMatch 404 ^/jira/.*/\\.git
    <IfModule mod_alias.c>
        Redirect temp /jira/away https://away.example.test/
    </IfModule>
    <Location "/jira/env">
        <RequireAll>
            Require all granted
            Require not env blocked
        </RequireAll>
    </Location>
    <Location "/jira/per-section">
        SetEnvIf Request_URI . late
        <RequireAny>
            Require ip 192.0.2.0/24
            Require local
        </RequireAny>
        Require all granted
    </Location>
    <Location "/jira/per-section/late">
        Require env late
    </Location>
    <If "%{REQUEST_URI} =~ m#^/jira/if/no#">
        Require ip 192.0.2.1
    </If>
    <ElseIf "%{REQUEST_URI} =~ m#^/jira/if/#">
        Require all granted
    </ElseIf>
    <Else>
        Header set X-Else 1
    </Else>
    <Location "/jira/in">
        <If "%{QUERY_STRING} == 'a=b'">
            Require ip 192.0.2.2
        </If>
    </Location>
    <Location "/jira/methods">
        <Limit POST>
            Require ip 192.0.2.3
        </Limit>
        <LimitExcept POST OPTIONS>
            Require ip 192.0.2.4 192.0.2.5
        </LimitExcept>
    </Location>
    <Location "/jira/rewritten">
        RewriteEngine On
        RewriteRule ^ - [F]
    </Location>
    <Location "/jira/redirected">
        Redirect 303 https://other.example.test/
    </Location>
    <Location "/jira/compat">
        Require all granted
        Order allow,deny
        Deny from all
    </Location>
    <Location "/jira/login">
        AuthType Basic
        AuthName x
        AuthBasicProvider file
        AuthUserFile /dev/null
        Require valid-user
    </Location>
    <Proxy "http://127.0.0.1:$jira/jira/proxy*">
        Require all denied
    </Proxy>
    <Directory "$ENV{ATL_STAGED}/t/htdocs">
        Require all granted
        <Files "*.secret">
            Require ip 192.0.2.7
        </Files>
    </Directory>
    Alias /jira/files/own $dir/explain-own-$$
    <Directory "$dir/explain-own-$$">
        AllowOverride AuthConfig
        Require all granted
    </Directory>
    Alias /jira/files $ENV{ATL_STAGED}/t/htdocs
    <Location "/jira/nested">
        <RequireAll>
            <RequireAny>
                Require local
                Require ip 192.0.2.8
            </RequireAny>
            <RequireNone>
                Require ip 127.0.0.0/8
                Require ip 192.0.2.9
            </RequireNone>
        </RequireAll>
    </Location>
    <FilesMatch "\\.hidden\$">
        Require ip 192.0.2.6
    </FilesMatch>
</VirtualHost>
END
my @HOST = (host => 'people.example.test');

# By a form, as browsers encode it; or by hand.
sub encoded { return $_[0] =~ s/([^A-Za-z0-9._-])/sprintf '%%%02X', ord $1/ger }
sub explained {
    my ($target, $by_hand) = @_;
    my $r = get($server->port, '/atl?json&explain=' . ($by_hand ? $target : encoded($target)), @HOST);
    is($r->{status}, 200, "explained: $target") if $r->{status} != 200;
    return JSON::PP::decode_json($r->{body});
}

subtest 'an application' => sub {
    my $said = explained('/wiki/x;y/./z%20?a=b');
    is($said->{asked}, '/wiki/x;y/./z%20?a=b');
    is($said->{read}, '/wiki/x/z ', 'as the container reads it');
    like($said->{claim}, qr{^confluence at /wiki \(\S+:9\): /wiki, the application itself$}, 'which line');
    is("$said->{answer} $said->{node}", "the application's http://127.0.0.1:$wiki");
    is($said->{url}, "http://127.0.0.1:$wiki/wiki/x;y/z%20?a=b");
    like($said->{webSocket}, qr/^no:/);
    is_deeply($said->{headers}, ['Host: people.example.test', 'X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Host: people.example.test',
        'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'], 'as people come');
    ok(scalar(grep { $_ eq 'X-Real-IP' } @{ $said->{dropped} }), 'what is dropped');
    ok(!grep({ $_ eq 'Accept-Encoding' } @{ $said->{dropped} }), 'and no more');
    is(explained('/synchrony/v1/bayeux-sync1')->{webSocket}, 'passes');
    like(explained('/wiki/synchrony-proxy/x')->{claim}, qr/Synchrony through Confluence$/);
    like(explained('/synchrony-proxy/x')->{claim}, qr/a bare 404/);
    like(explained('/wiki/own/x')->{claim}, qr{^confluence at /wiki .*: /wiki/own, left to httpd});
    is(explained('/elsewhere')->{claim}, 'no AtlassianApp line');
    is(explained('/wiki/local')->{answer}, "httpd's own, by handler server-status");
    my $hand = explained('/wiki/x;y/..%2f', 1);
    is("$hand->{asked} $hand->{answer}", '/wiki/x;y/..%2f refused with 400', 'by hand an escape is the path\'s own');
};

subtest 'who refuses' => sub {
    like(explained('/wiki/x/..%2f..')->{refusedBy}, qr{^ATLP0201: the path has a dot segment made of an encoded slash, for confluence at /wiki \(\S+:9\)$});
    like(explained('/wiki/admin/users')->{refusedBy}, qr{^ATLP0701: 127\.0\.0\.1 is not in admin= of confluence at /wiki \(\S+:9\)$});
    my $said = explained('/wiki/x;a/../secret/page');
    is($said->{answer}, 'refused with 403');
    like($said->{refusedBy}, qr{^Require all denied \(/\S+:18\)$}, 'the very rule');
    is(scalar @{ $said->{sections} }, 1);
    like($said->{sections}[0], qr{^/\S+:17: <Location "/wiki/secret">: Require all denied$}, 'and where that stands');
    like(explained('/wiki/members')->{sections}[0], qr{^/\S+:20: <LocationMatch .*: <RequireAll>;Require ip 10\.0\.0\.0/8$});
    is_deeply(explained('/wiki/membership')->{sections}, [], 'of whole segments');
};

# Each rule is found in the configuration by its text, and a real request is answered as was said.
my @rules = (
    ['/everywhere', 403, qr{^RULE$}, 'Require all denied', 3],
    ['/env', 403, qr{^RULE$}, 'Require not env blocked'],
    ['/per-section', 0],
    ['/per-section/late', 0],
    ['/if/no', 403, qr{^RULE$}, 'Require ip 192.0.2.1'],
    ['/if/yes', 0],
    ['/in?a=b', 403, qr{^RULE$}, 'Require ip 192.0.2.2'],
    ['/in?a=c', 0],
    ['/methods', 403, qr{^RULE$}, 'Require ip 192.0.2.4 192.0.2.5'],
    ['/login', 401, qr{^a login is asked for: RULE$}, 'Require valid-user'],
    ['/proxy', 403, qr{^RULE$}, 'Require all denied', 4],
    ['/compat', 403, qr{^order allow,deny \(\S+\), RULE$}i, 'Deny from all'],
    ['/forbidden', 403, qr{^RULE, by pattern}, 'RewriteRule ^/jira/forbidden - [NC,F]'],
    ['/gone', 410, qr{^RULE, by pattern}, 'RewriteRule ^/jira/gone - [G]'],
    ['/past', 410, qr{^RULE, by pattern}, 'Redirect 410 /jira/past'],
    ['/x/.git/config', 404, qr{^RULE, by pattern}, 'RedirectMatch 404 ^/jira/.*/\\.git'],
    ['/moved/x', 301, qr{^RULE, by pattern}, 'RewriteRule ^/jira/moved(.*) /jira/new$1 [R=301,L]'],
    ['/away/x', 302, qr{^RULE, by pattern}, 'Redirect temp /jira/away https://away.example.test/'],
    ['/rewritten', 403, qr{^RULE, by pattern}, 'RewriteRule ^ - [F]'],
    ['/redirected', 303, qr{^RULE, by pattern}, 'Redirect 303 https://other.example.test/'],
    ['/files/a.secret', 403, qr{^RULE$}, 'Require ip 192.0.2.7'],
    ['/nested', 403, qr{^RULE$}, 'Require ip 127.0.0.0/8'],
    ['/files/own/x', 403, qr{^authz_core: AH01630: client denied by server configuration: \S+/x; or rules in the \.htaccess file of /\S+/explain-own-\d+/$}, ''],
    ['/files/a.hidden', 403, qr{^RULE$}, 'Require ip 192.0.2.6'],
);

# rule(TEXT, N): the Nth such line of the configuration, as explained.
sub rule {
    my ($text, $nth) = @_;
    return 'none of it' if $text eq '';
    my @lines = split /\n/, Atl::Backends::slurp($server->file);
    my @at = grep { $lines[$_] =~ /^\s*\Q$text\E$/ } 0 .. $#lines;
    return sprintf '%s (%s:%d)', $text, $server->file, $at[($nth // 1) - 1] + 1;
}

subtest 'each kind of rule' => sub {
    mkdir "$dir/explain-own-$$" or die $!;
    Atl::Backends::spew("$dir/explain-own-$$/.htaccess", "Require ip 192.0.2.10\n");
    for (@rules) {
        my ($path, $status, $by, $text, $nth) = @$_;
        my $said = explained("http://rules.example.test/jira$path");
        my $real = get($server->port, "/jira$path", host => 'rules.example.test');
        my ($location) = map { $_ // '' } $real->header('Location');
        is($said->{answer}, !$status ? "the application's" : $location ? "redirected with $status to $location" : "refused with $status", $path);
        is($real->{status}, $status || 200, '... and so it is') if $status;
        ok($real->{body} =~ /requestURI/, '... and so it is') if !$status;
        next if !$status;
        my $rule = rule($text, $nth);
        my $name = $location ? 'redirectedBy' : 'refusedBy';
        like(($said->{$name} // '') =~ s/\Q$rule\E/RULE/ir, $by, "... by $text");
        is($said->{ $location ? 'refusedBy' : 'redirectedBy' }, undef);
    }
    my @sections = @{ explained('http://rules.example.test/jira/if/yes')->{sections} };
    is(scalar @sections, 1, 'what does not hold is not listed');
    like($sections[0], qr{:\d+: <ElseIf "%\{REQUEST_URI\} =~ m\#\^/jira/if/\#">: Require all granted$});
};

subtest 'other virtual hosts' => sub {
    my $said = explained('http://issues.example.test/jira/x');
    like($said->{site}, qr{^http://issues\.example\.test:8443 \(\S+:\d+\)$});
    is_deeply([@{ $said->{headers} }[0, 3, 4]], ['Host: issues.example.test:8443', 'X-Forwarded-Proto: http', 'X-Forwarded-Port: 8443']);
    ok(scalar(grep { $_ eq 'Accept-Encoding' } @{ $said->{dropped} }));
    is(explained('//builds.example.test/bamboo/')->{answer}, "httpd's own", 'a path with two slashes is a path');
    is_deeply([@{ explained('https://builds.example.test/bamboo/')->{headers} }[3, 4]], ['X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'],
        'a site of TLS, from a page without');
    like(explained('https://a.people.example.test/wiki/')->{site}, qr{^https://people\.}, 'an alias');
    like(explained('https://other.example.test/')->{answer}, qr/^no virtual host of that name/);
    like(explained('wiki')->{answer}, qr/^nothing can be said: a path begins with/);
    Atl::Backends::spew("$dir/explain-$$", 'x');
    ok(wait_until(sub { explained('http://issues.example.test/jira/x')->{answer} =~ /^503: planned maintenance/ }), 'maintenance');
    is(explained('http://issues.example.test/jira/status')->{answer}, "the application's");
    unlink "$dir/explain-$$";
};

subtest 'nothing becomes markup' => sub {
    my $page = get($server->port, '/atl?explain=' . encoded(q{/wiki/"><img src=x onerror=alert(1)>'<b>}), @HOST, headers => ['Accept: text/html'])->{body};
    like($page, qr{<td>confluence at /wiki}, 'explained');
    unlike($page, qr/<img|<b>/);
    like($page, qr{value="/wiki/&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;'&lt;b&gt;"});
    unlike(get($server->port, '/atl?explain="><img%20src=x>', @HOST, headers => ['Accept: text/html'])->{body}, qr/<img/);
    like(get($server->port, '/atl', @HOST, headers => ['Accept: text/html'])->{body}, qr{<form method="get"><label id="explain"}, 'a form');
    is(get($server->port, '/closed-atl?explain=/wiki/', @HOST)->{status}, 403, 'whom Require admits');
    is(request($server->port, POST => '/atl?explain=/wiki/', @HOST, body => 'x')->{status}, 405);
};

# Each of hundreds of ways to write a path: what is said is what happens.
sub target {
    my ($text) = @_;
    my %word = (c => '/wiki', s => 'wiki', p => 'secret', C => '/WIKI', P => 'SECRET');
    $text =~ s/<(\d+):([^>]+)>/$2 x $1/ge;
    $text =~ s/\{([cspCP])\}/$word{$1}/g;
    return $text;
}

subtest 'what is said is what happens' => sub {
    my @attempts = map { /^#/ ? () : target((split /\t/, $_, 2)[1]) } split /\n/, Atl::Backends::slurp("$ENV{ATL_SRCDIR}/t/paths.tsv");
    # What is no path, or no request, httpd's parser answers.
    my @targets = grep { m{^/[\x21-\x7e]*$} && !/#/ && !/\\x/ } @attempts;
    cmp_ok(scalar @targets, '>', 300, @targets . ' ways');
    my @wrong;
    for my $target (@targets) {
        my $real = get($server->port, $target, @HOST);
        my $said = explained($target);
        my $proxied = ($real->header('X-Handler') // '') eq 'proxy-server' && $real->{body} ne "httpd's own" ? "the application's" : '';
        my $happens = $real->{status} >= 400 && !$proxied ? "refused with $real->{status}" : $proxied || "httpd's own";
        # Mostly httpd's handler says that there is no file, or a directory without an index.
        $happens = $said->{answer} if $happens eq 'refused with 404' && $said->{answer} =~ m{^httpd's own(?:, by handler httpd/unix-directory)?$};
        my $echo = $real->{status} == 200 && $proxied ? eval { $real->echo } : undef;
        push @wrong, "$target: said $said->{answer}, happens $happens ($real->{status})" if index($said->{answer}, $happens) != 0;
        push @wrong, "$target: said $said->{url}, asked $echo->{requestURI}" if $echo && $said->{url} =~ s/\?.*//r ne "http://127.0.0.1:$wiki$echo->{requestURI}";
    }
    is(scalar @wrong, 0, 'all of them') or diag join "\n", @wrong[0 .. ($#wrong < 15 ? $#wrong : 15)];
};

my @log = grep { !/ATLP0701|ATLP0201|AH01630|AH01797|AH10244|AH10415|AH00026|ATLP10/ } $server->stop;
is("@log", '', 'nothing unexpected in the log');
done_testing;
