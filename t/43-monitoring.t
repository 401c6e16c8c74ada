# What other programs are given to read the status page with: the JSON schema, Prometheus' alert rules, Grafana's
# dashboard. Each is checked by the real reader, and against what a server really says.
use Atl::Test;

use File::Copy 'copy';
use JSON::PP ();

use Atl::Backends ();
use Atl::Npm;
use Atl::Server;

my $top        = $ENV{ATL_SRCDIR};
my $monitoring = "$top/conf/monitoring";

# told(COMMAND, ...): runs it; what it printed is shown when it fails.
sub told {
    my ($name, @command) = @_;
    open my $out, '-|', "$^X", '-e', 'open STDERR, ">&", \*STDOUT; exec @ARGV or die "$ARGV[0]: $!\n"', @command or die "$command[0]: $!\n";
    my $text = join '', <$out>;
    ok(close $out, $name) or diag $text;
    return $text;
}

sub text {
    my ($port) = @_;
    my ($jira, $wiki, $synchrony) = map { backend_port($_) } qw(jira-http confluence synchrony);
    return <<"END";
Listen 127.0.0.1:$port
<VirtualHost *:$port>
    ServerName https://people.example.test
    AtlassianApp jira http://127.0.0.1:$jira/jira
    AtlassianApp confluence http://127.0.0.1:$wiki/wiki synchrony=http://127.0.0.1:$synchrony
    <Location "/status">
        SetHandler atlassian-status
    </Location>
</VirtualHost>
END
}

my $server = Atl::Server->start(text => \&text);
my $port   = $server->port;
my $logs   = $ENV{ATL_LOGS};
# A redirect to the wrong scheme, so that there is a finding.
get($port, '/jira/redirect?to=/next', host => 'people.example.test');
ok(wait_until(sub { JSON::PP::decode_json(get($port, '/status?json')->{body})->{applications}[0]{findings}[0] }), 'something to show');

for my $ask ([GET => 'json'], [POST => 'check']) {
    my ($method, $query) = @$ask;
    my $file = "$logs/$query.json";
    Atl::Backends::spew($file, request($port, $method => "/status?$query", host => 'people.example.test')->{body});
    told("?$query is what the schema says", '/usr/bin/python3', "$top/t/browser/schema.py", "$top/docs/status.schema.json", $file);
}

my $metrics = get($port, '/status?prometheus')->{body};
Atl::Backends::spew("$logs/metrics", $metrics);
told('metrics as Prometheus wants them', 'sh', '-c', "promtool check metrics <'$logs/metrics'");

copy($_, $logs) or die "$_: $!\n" for "$monitoring/prometheus-rules.yml", "$top/t/browser/prometheus-rules.test.yml";
told('alert rules', 'promtool', 'check', 'rules', "$logs/prometheus-rules.yml");
told('alerts come when they should', 'promtool', 'test', 'rules', "$logs/prometheus-rules.test.yml");
my %alert = map { $_ => 1 } Atl::Backends::slurp("$monitoring/prometheus-rules.yml") =~ /- alert: (\w+)/g;
my %tested = map { $_ => 1 } Atl::Backends::slurp("$top/t/browser/prometheus-rules.test.yml") =~ /alertname: (\w+)/g;
is_deeply([sort keys %tested], [sort keys %alert], 'each of them');

my $driver = npm_directory();
local $ENV{NODE_PATH} = "$driver/node_modules";
my $asked = JSON::PP::decode_json(told('the dashboard is of Grafana\'s types', 'node', "$top/t/browser/dashboard.cjs", "$monitoring/grafana-dashboard.json"));
my @expressions = map { s/\$__rate_interval/5m/gr } @$asked;
Atl::Backends::spew("$logs/dashboard.yml", JSON::PP::encode_json(
    { groups => [{ name => 'dashboard', rules => [map { { record => "asked:$_", expr => $expressions[$_] } } 0 .. $#expressions] }] }));
told('its questions are PromQL', 'promtool', 'check', 'rules', "$logs/dashboard.yml");
cmp_ok(scalar @expressions, '>=', 10, 'and there are some');

# Both ask for what there is: names, labels and the values of labels that are not the site's own.
my %has;
while ($metrics =~ /^(atlassian_proxy_\w+)\{(.*)\} /mg) {
    my ($name, $labels) = ($1, $2);
    $has{$name}{$1}{$2} = 1 while $labels =~ /(\w+)="((?:[^"\\]|\\.)*)"/g;
}
for my $text (@expressions, Atl::Backends::slurp("$monitoring/prometheus-rules.yml") =~ /expr: (.*(?:\n {10}.*)*)/g) {
    while ($text =~ /(atlassian_proxy_\w+)(?:\{(.*?)\})?/g) {
        my ($name, $selector) = ($1, $2 // '');
        ok($has{$name}, "$name is there");
        while ($selector =~ /(\w+)=(~?)"(.*?)"/g) {
            ok($2 ? $has{$name}{$1} : $has{$name}{$1}{$3}, "$name has $1=$2$3");
        }
    }
}

my @log = grep { !/ATLP10(?:01|29): |ATLP0303|ATLP0307/ } $server->stop;
is("@log", '', 'nothing unexpected in the log');
done_testing;
