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
    like($said->{refusedBy}, qr/access rules, see the sections/);
    is(scalar @{ $said->{sections} }, 1);
    like($said->{sections}[0], qr{^/\S+:17: <Location "/wiki/secret">: Require all denied$}, 'and where that stands');
    like(explained('/wiki/members')->{sections}[0], qr{^/\S+:20: <LocationMatch .*: <RequireAll>;Require ip 10\.0\.0\.0/8$});
    is_deeply(explained('/wiki/membership')->{sections}, [], 'of whole segments');
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
        # Mostly httpd's handler says that there is no file.
        $happens = $said->{answer} if $happens eq 'refused with 404' && $said->{answer} eq "httpd's own";
        my $echo = $real->{status} == 200 && $proxied ? eval { $real->echo } : undef;
        push @wrong, "$target: said $said->{answer}, happens $happens ($real->{status})" if index($said->{answer}, $happens) != 0;
        push @wrong, "$target: said $said->{url}, asked $echo->{requestURI}" if $echo && $said->{url} =~ s/\?.*//r ne "http://127.0.0.1:$wiki$echo->{requestURI}";
    }
    is(scalar @wrong, 0, 'all of them') or diag join "\n", @wrong[0 .. ($#wrong < 15 ? $#wrong : 15)];
};

my @log = grep { !/ATLP0701|ATLP0201|AH01630|AH10244|AH10415|AH00026|ATLP10/ } $server->stop;
is("@log", '', 'nothing unexpected in the log');
done_testing;
