# Hand-written virtual hosts (t/suggest): what the module makes of them, and that old and new answer alike once its
# lines are written and what it names is deleted; mistakes it names excepted.
use Atl::Test;

use Digest::SHA 'sha1_base64';

use Atl::Backends ();
use Atl::Haproxy;
use Atl::Server;
use Atl::Suggest;

# Products are known by their ports, so they stand on addresses of their own there: HAProxy passes connections on.
my $net = sprintf '127.%d.%d', 64 + $$ % 128, ($$ >> 7) % 254 + 1;
my %address = (A => "$net.1", B => "$net.2", C => "$net.3");
my %behind = (
    A => { 8080 => 'jira-http', 8090 => 'confluence-http', 8091 => 'synchrony', 7990 => 'bitbucket-http',
        8085 => 'bamboo-http', 8095 => 'crowd-http', 8060 => 'fisheye-http', 3000 => 'fisheye-http' },
    B => { 8080 => 'jira-root-http', 8090 => 'confluence-root-http', 8091 => 'synchrony' },
    C => { 8080 => 'jira-http', 8090 => 'confluence-http', 8091 => 'synchrony' },
);
my $ports = Atl::Haproxy->start(ports => 1, text => sub {
    my $text = "frontend alive\nbind 127.0.0.1:$_[0]\n";
    for my $name (sort keys %behind) {
        for my $port (sort keys %{ $behind{$name} }) {
            my $to = backend_port($behind{$name}{$port});
            $text .= "listen $name-$port\nmode tcp\nbind $address{$name}:$port\nserver s 127.0.0.1:$to\n";
        }
    }
    return $text;
});

my $htdocs = "$ENV{ATL_STAGED}/t/htdocs";

sub served {
    my ($text, $port) = @_;
    return "Listen 127.0.0.1:$port\n<Directory $htdocs>\nRequire all granted\n</Directory>\n$text";
}

# What an answer is, whoever gave it: ports of the two servers aside.
sub gist {
    my ($r, $port) = @_;
    my %gist = (status => $r->{status}, map { $_ => $r->header($_) } qw(Location Content-Type));
    # A balancer's own cookie has another name now, and Synchrony's nodes have one too.
    $gist{cookies} = join ', ', sort map { s/;\s*/; /gr } grep { !/^(?:ROUTEID|ATLROUTE[.\w]*)=\.n/ } $r->values('Set-Cookie');
    my $echo = $r->{status} == 200 && eval { $r->echo };
    if ($echo) {
        $gist{$_} = $echo->{$_} for qw(product requestURI queryString method);
        $gist{proto} = "@{ $echo->{header}{'x-forwarded-proto'} // ['http'] }";
    }
    elsif ($r->{status} == 200) {
        $gist{body} = length $r->{body} > 1000 ? sha1_base64($r->{body}) : $r->{body};
    }
    s/:$port\b//g for grep { defined } values %gist;
    return \%gist;
}

sub ask {
    my ($port, $host, $target, %option) = @_;
    return gist(request($port, $option{method} // 'GET', $target, host => $host, %option), $port);
}

sub below {
    my ($context) = map { $_ eq '/' ? '' : $_ } @_;
    return ("$context/", ($context ? $context : ()), map { "$context$_" } '/echo?a=b&c=%2F', '/a%20b;x=1/c', '/secure//x',
        '/x/../y', '/redirect?to=/next&how=absolute', '/redirect?to=/next&how=context', "/cookie?name=a&value=b&path=$context/",
        '/status-code?code=404', '/status-code?code=500', '/download?bytes=20000', '/rest/api/latest/x');
}

# upgrade(PORT, HOST, TARGET): what becomes of one, in a word to compare.
sub upgrade {
    my ($c, $head) = websocket(@_);
    $c->close;
    return "$head->{status} " . ($head->header('Sec-WebSocket-Accept') // '');
}

sub numbers {
    return join ' ', map { ($_->{file} =~ /\.inc$/ ? 'inc:' : '') . $_->{line} } @_;
}

sub check_said {
    my ($said, $want) = @_;
    is($said->{host}, $want->{host}, 'the virtual host');
    is("@{ $said->{name} }", $want->{name}, 'its ServerName');
    is_deeply($said->{write}, $want->{write}, 'the lines');
    is_deeply($said->{unsure}, $want->{unsure}, 'the unsure ones');
    is(numbers(@{ $said->{delete} }), $want->{delete}, 'what to delete');
    is(numbers(@{ $said->{lost} }), $want->{lost}, 'what is not carried over');
    is(join(' ', map { "$_->{id}:" . numbers($_) } @{ $said->{wrong} }), $want->{wrong}, 'what was wrong');
    return;
}

sub compare {
    my ($old, $new, $want) = @_;
    my $host = $want->{host};
    my %differs = map { my ($target, $id) = split / /; ($target => $id) } @{ $want->{differ} };
    for my $target ((map { below($_) } split ' ', $want->{pages}), split ' ', $want->{same}) {
        is_deeply(ask($new, $host, $target), ask($old, $host, $target), "$host$target");
    }
    for my $context (split ' ', $want->{pages}) {
        my $target = ($context eq '/' ? '' : $context) . '/upload';
        my @post = (method => 'POST', body => 'x' x 100_000);
        is_deeply(ask($new, $host, $target, @post), ask($old, $host, $target, @post), "POST $target");
    }
    for my $target (sort keys %differs) {
        my ($before, $after) = map { my $r = get($_, $target, host => $host); "$r->{status} $r->{body}" =~ s/:$_\b//gr } $old, $new;
        isnt($after, $before, "$target: ATLP$differs{$target} is mended");
        like($want->{wrong}, qr/\b$differs{$target}:/, '... and was named');
    }
    for my $row (@{ $want->{'differ-header'} }) {
        my ($target, $header, $id) = split / /, $row;
        my @sent = (host => $host, headers => ['Authorization: Basic eA==']);
        my ($before, $after) = map { get($_, $target, @sent)->echo->{header}{$header} } $old, $new;
        is($before, undef, "$target: no $header before");
        is_deeply($after, ['Basic eA=='], "... but now: ATLP$id is mended");
    }
    for my $row (@{ $want->{'differ-cookie'} }) {
        my ($target, $id) = split / /, $row;
        my ($before, $after) = map { get($_, $target, host => $host)->header('Set-Cookie') } $old, $new;
        is($after, "$before; Secure", "ATLP$id: now cookies are for https only");
    }
    if ($want->{websocket}) {
        is(upgrade($new, $host, $want->{websocket}), '101 s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'WebSocket through the new one');
        is(upgrade($old, $host, $want->{websocket}), '101 s3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 'WebSocket through the old one');
    }
    return;
}

# What the applied configuration may still warn of: nothing.
sub check_log {
    my (@lines) = grep { !/AH01630|AH00163|AH00094|ATLP10\d\d: / } @_;
    is("@lines", '', 'nothing in the log of the new one');
    return;
}

my @names = Atl::Suggest::names();
cmp_ok(scalar @names, '>=', 16, 'hand-written files');
for my $name (@names) {
    subtest $name => sub {
        my $case = Atl::Suggest->read($name, %address, HTDOCS => $htdocs);
        my ($exit, $out, $err, $file) = configtest($case->text(PORT => 1), '-D', 'DUMP_ATLASSIAN_SUGGEST');
        is($exit, 0, 'configtest') or diag $err;
        my $said = Atl::Suggest::parse($out);
        is(scalar @$said, scalar @{ $case->{hosts} }, 'virtual hosts') or diag $out;
        check_said($said->[$_], $case->{hosts}[$_]) for 0 .. $#{ $case->{hosts} };
        return if !grep { @{ $_->{write} } } @$said;

        my $old = Atl::Server->start(module => '', text => sub { served($case->text(PORT => $_[0]), $_[0]) });
        my $new = Atl::Server->start(text => sub { served($case->applied($said, $file, PORT => $_[0]), $_[0]) });
        compare($old->port, $new->port, $_) for @{ $case->{hosts} };
        my ($again, $rest) = configtest(Atl::Backends::slurp($new->file), '-D', 'DUMP_ATLASSIAN_SUGGEST');
        ok(!grep({ @{ $_->{write} } } @{ Atl::Suggest::parse($rest) }), 'nothing more to suggest') or diag $rest;
        $old->stop;
        check_log($new->stop);
    };
}

subtest 'the command' => sub {
    my @define = ('-D', 'DUMP_ATLASSIAN_SUGGEST');
    my @old = ('ProxyPreserveHost On', 'ProxyPass /jira http://10.0.0.5:8080/jira', 'ProxyPassReverse /jira http://10.0.0.5:8080/jira');
    my $vhost = join "\n", '<VirtualHost *:80>', 'ServerName a.example.test', @old, '</VirtualHost>', '';
    my ($exit, $out, $err) = configtest("ServerName a\n", @define);
    is("$exit $out", "0 # no hand-written proxying of an Atlassian application in this configuration\n", 'nothing found');
    ($exit, $out) = configtest($vhost);
    is("$exit $out", '0 ', 'nothing is said unasked');
    ($exit, $out, $err) = configtest($vhost, @define);
    is("$exit $err", "0 Syntax OK\n", 'a good configtest, no line of ours in it');
    ($exit, $out) = configtest({ modules => [qw(unixd authz_core alias)] }, "ServerName a\n", @define);
    is($exit, 0, 'without mod_proxy');

    my $file;
    ($exit, $out, $err, $file) = configtest("ProxyPassMatch ^/(?!robots)(.*)\$ http://10.0.0.5:7990/\$1\n", @define);
    like($out, qr/^# no hand-written .*\n# Not read, .*:\n#   \Q$file\E:1: ProxyPassMatch .*\n#       .*its pattern says more/, 'what could not be read is no "nothing"');
    ($exit, $out, $err, $file) = configtest(join("\n", @old, ''), @define);
    like($out, qr/^# The main server, localhost\. Write:\n\n    AtlassianApp jira http:.*8080\/jira\n\n# Delete:\n#   \Q$file\E:1: /m, 'the main server');
    ($exit, $out, $err, $file) = configtest($vhost =~ s/(ServerName .*\n)/$1AtlassianApp jira http:\/\/10.0.0.5:8080\/jira\n/r, @define);
    like($out, qr/^    # there is one for Jira already, \Q$file\E:3: AtlassianApp jira http:\S+\n\n# Delete:\n#   \Q$file\E:4: /m, 'half of the way is done');
    like($err, qr/ATLP0101/, '... as configtest says too');
    ($exit, $out, $err, $file) = configtest($vhost =~ s/10\.0\.0\.5:8080\/jira/10.0.0.5:8080\/other/gr, @define);
    like($out, qr{^    # AtlassianApp jira http://10\.0\.0\.5:8080/other\n    #     unsure \(\Q$file\E:4\): people see /jira, the application has /other: }m, 'a question');
    unlike($out, qr/Delete:/, 'for which nothing is deleted');
    ($exit, $out, $err) = configtest("NoSuchDirective\n$vhost", @define);
    is("$exit $out", '1 ', 'nothing is said of a configuration that httpd does not take');
};

# docs/migration.md shows this: what it has as before, the command's answer, and after.
subtest 'the example in the documents' => sub {
    my $page = Atl::Backends::slurp("$ENV{ATL_SRCDIR}/docs/migration.md");
    my ($before, $after) = $page =~ /^```apache\n(.*?)^```/msg;
    my ($printed) = $page =~ /^```text\n(.*?)^```/ms;
    my ($exit, $out, $err, $file) = configtest($before, '-D', 'DUMP_ATLASSIAN_SUGGEST');
    is($exit, 0, 'configtest') or diag $err;
    my $case = bless { text => $before, value => { DIR => '' }, name => 'none' }, 'Atl::Suggest';
    is($case->applied(Atl::Suggest::parse($out), $file), $after, 'after');
    $out =~ s/\Q$file\E/wiki.conf/g;
    is($out, "$printed\n", 'what is printed');
};

done_testing;
