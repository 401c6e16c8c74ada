# quiet= silences a finding for its line: not logged, not counted as open, shown as silenced; others are told as ever.
use Atl::Test;

use JSON::PP ();

use Atl::Server;
use Atl::Tomcat;

my $gone = Atl::Tomcat->start('bamboo:/bamboo');
$gone->stop;
my $down = $gone->port;
my @HOST = (host => 'people.example.test');

my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
ExtendedStatus On
<VirtualHost *:$_[0]>
    ServerName people.example.test
    AtlassianApp bamboo http://127.0.0.1:$down/bamboo quiet=atlp1012,1001
    AtlassianApp jira http://127.0.0.1:$down/jira quiet=ATLP1011
    <Location "/atl">
        SetHandler atlassian-status
    </Location>
    <Location "/server-status">
        SetHandler server-status
    </Location>
</VirtualHost>
END
my $port = $server->port;

# Both lines have the same trouble, one of them quietly.
for my $target ('/bamboo/x', '/bamboo/y', '/jira/x') {
    is(get($port, $target, @HOST)->{status}, 503, $target);
}

my @apps = @{ JSON::PP::decode_json(get($port, '/atl?json', @HOST)->{body})->{applications} };
my %finding = map { $_->{product} => $_->{findings} } @apps;
is(scalar @{ $finding{$_} }, 1, "$_: one finding") for qw(bamboo jira);
is("$finding{bamboo}[0]{id} $finding{bamboo}[0]{count}", 'ATLP1012 2', 'counted all the same');
ok($finding{bamboo}[0]{silenced}, 'silenced, says JSON');
ok(!$finding{jira}[0]{silenced}, 'and the other line\'s is not');

my $prometheus = get($port, '/atl?prometheus', @HOST)->{body};
like($prometheus, qr/^atlassian_proxy_findings_total\{product="jira",[^}]*,id="ATLP1012",name="refused"\} 1$/m);
unlike($prometheus, qr/^atlassian_proxy_findings_total\{product="bamboo"/m, 'no alarm for the silenced one');
like($prometheus, qr/^atlassian_proxy_silenced_findings_total\{product="bamboo",[^}]*,id="ATLP1012",name="refused"\} 2$/m);
unlike($prometheus, qr/^atlassian_proxy_silenced_findings_total\{product="jira"/m);

my $page = get($port, '/atl', @HOST, headers => ['Accept: text/html'])->{body};
my @open = $page =~ /<article class="finding">/g;
is(scalar @open, 1, 'one problem on the page');
like($page, qr{<p class="meta silenced">Silenced by quiet=: http://127\.0\.0\.1:$down/bamboo refuses connections \(ATLP1012\), seen 2&times;, last \d+ s ago</p>});

my $auto = get($port, '/server-status?auto', @HOST)->{body};
my %auto = reverse $auto =~ /^AtlassianApp\[(\d)\]Name: (\w+)/mg;
like($auto, qr/^AtlassianApp\[$auto{bamboo}\]Findings: 0$/m, 'mod_status counts open ones');
like($auto, qr/^AtlassianApp\[$auto{jira}\]Findings: 1$/m);

my @log = grep { /ATLP10\d\d/ } $server->stop;
is(scalar @log, 1, 'one line in the log') or diag(@log);
like($log[0] // '', qr/ATLP1012: AtlassianApp jira at/, 'of the line that says nothing of it');

my ($exit, $out, $err) = configtest("AtlassianApp jira quiet=ATLP1012,ATLP1070\n");
is($exit, 1, 'an unknown id stops configtest');
like($err, qr/AtlassianApp: quiet=: "ATLP1070" is not the id of a finding; the nearest is ATLP1007 \(context\)/);

done_testing;
