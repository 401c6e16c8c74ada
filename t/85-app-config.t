# The application's own configuration compared with its line: real server.xml files as Debian's Tomcat ships them and as
# the recipe edits them, the printed diff applied with patch(1), a real Tomcat started with the result.
use Atl::Test;

use File::Path 'make_path';

use Atl::Backends ();
use Atl::Server;
use Atl::Tomcat;

my $dir = "$ENV{ATL_LOGS}/app-config-$$";
make_path($dir);

# write_file(NAME, TEXT): returns its path.
sub write_file {
    my ($name, $text) = @_;
    my $file = "$dir/$name";
    make_path($file =~ s{/[^/]*$}{}r);
    Atl::Backends::spew($file, $text);
    return $file;
}

# said(LINE, NAME): the warnings of configtest for one line in a virtual host, and the diff.
sub said {
    my ($line, $name) = @_;
    my ($exit, $out, $err) = configtest('<VirtualHost *:80>' . "\nServerName https://$name\nAtlassianApp $line\n</VirtualHost>\n",
        '-D', 'DUMP_ATLASSIAN_DIFF');
    is($exit, 0, "configtest takes: $line");
    like($err, qr/^Syntax OK$/m);
    return ([$err =~ /(ATLP12\d\d: .*)/g], $out);
}

sub patch {
    my ($diff) = @_;
    open my $pipe, '|-', qw(patch -s -d / -p0) or die "patch: $!\n";
    print {$pipe} $diff;
    ok(close $pipe, 'patch takes the diff');
    return;
}

# cured(LINE, NAME, FILE, PATTERNS): the warnings are these, and gone once the diff is applied; returns the diff.
sub cured {
    my ($line, $name, $file, @patterns) = @_;
    my ($notes, $diff) = said($line, $name);
    is(scalar @$notes, scalar @patterns, "$line: as many warnings") or diag(join "\n", @$notes);
    like($notes->[$_] // '', $patterns[$_]) for 0 .. $#patterns;
    like($_, qr/\(AtlassianApp on line 3 of \S+; as a diff: apachectl \(Fedora, RHEL: httpd\) -t -D DUMP_ATLASSIAN_DIFF\)$/) for @$notes;
    patch($diff);
    my ($left, $rest) = said($line, $name);
    is_deeply([$left, $rest], [[], ''], 'applied, and nothing is left to say');
    ok(!-e "$file.orig" && !-e "$file.rej", 'every hunk fitted where it should');
    return $diff;
}

my ($shipped) = grep { -e } map { "/usr/share/tomcat$_/skel/conf/server.xml" } 10, 11, 9;
die "no server.xml of Tomcat's: install tomcat10-user\n" if !$shipped;
my $stock = Atl::Backends::slurp($shipped);

subtest 'as Debian ships it' => sub {
    my $file = write_file('jira/conf/server.xml', $stock);
    my $diff = cured("jira app-config=$dir/jira", 'issues.example.test', $file,
        qr/^ATLP1201: \Q$file\E:\d+: people come to https:\/\/issues\.example\.test, and this <Connector> says otherwise: proxyName is missing/);
    my ($removed, $added) = map { my $sign = $_; [grep { !/^(?:---|\+\+\+) / } $diff =~ /^(\Q$sign\E.*)$/mg] } '-', '+';
    # Tomcat 11 has no line of its own for the tag's end: it moves.
    my ($last) = $stock =~ m{<Connector port="8080"[^>]*\n *([^\s>]+) />};
    is_deeply([map { s/^\+\s*//r } @$added],
        [$last // (), 'proxyName="issues.example.test"', 'proxyPort="443"', 'scheme="https"', 'secure="true"' . ($last ? ' />' : '')],
        'four lines, as those around them');
    is_deeply([map { s/^-\s*//r } @$removed], [map { "$_ />" } $last // ()], 'and none goes');
    my $at = (split /\n/, $stock =~ s/<!--.*?-->/$& =~ s{[^\n]}{}gr/gesr)[0];
    like((said("jira http://127.0.0.1:8090/ app-config=$file", 'issues.example.test'))[0][0],
        qr/^ATLP1203: .* no <Connector> listens on port 8090, .*on "8080" \(line \d+\)/, 'its port, by the file itself');
};

subtest 'as the recipe edits it' => sub {
    # Part A: step 2, a context path; step 3, the address, here of another host, with Windows line ends.
    my $text = $stock =~ s{(<Connector port="8080")}{$1 proxyName='old.example.test' proxyPort="80" scheme="http"}r
        =~ s{(<Host [^>]*>)}{$1\n        <Context path="/jira" docBase="x" reloadable="false" useHttpOnly="true"/>}r
        =~ s/\r?\n/\r\n/gr;
    my $file = write_file('edited/conf/server.xml', $text);
    cured("jira http://127.0.0.1:8080/issues app-config=$dir/edited compression=on", 'a.example.test', $file,
        qr/^ATLP1201: .*proxyName is "old\.example\.test".*proxyPort is "80".*scheme is "http".*secure is missing/,
        qr/^ATLP1202: .*has path="\/jira"; write path="\/issues"/);
    my $now = Atl::Backends::slurp($file);
    like($now, qr/proxyName='a\.example\.test' proxyPort="443" scheme="https"/, "quotes are the file's");
    like($now, qr{<Context path="/issues" docBase="x"});
    unlike($now, qr/(?<!\r)\n/, 'line ends too');
    # Once more, with the edited connector in a comment, and compression.
    $text = $stock =~ s{(<Connector port="8080".*?/>)}{<!-- $1 -->}sr;
    $file = write_file('hidden/conf/server.xml', $text);
    cured("jira app-config=$dir/hidden", 'a.example.test', $file, qr/^ATLP1204: .* port 8080 stands in a comment/, qr/^ATLP1201: /);
    $text = $stock =~ s{(<Connector port="8080".*?)/>}{$1 compression="on"/>\n$1 redirectPort="1"/>}sr;
    write_file('broken/conf/server.xml', $text);
    like((said("jira app-config=$dir/broken", 'a.example.test'))[0][0], qr/^ATLP1212: .*it is not XML/, 'an attribute twice');
    $text = $stock =~ s{(<Connector port="8080".*?)/>}{$1 compression="on"/>\n    <Connector port="8080"/>}sr;
    $file = write_file('twice/conf/server.xml', $text);
    cured("jira app-config=$dir/twice compression=on", 'a.example.test', $file, qr/^ATLP1205: .* a second <Connector> on port 8080/,
        qr/^ATLP1201: /, qr/^ATLP1206: .*compression="on"/);
};

subtest 'the other forms' => sub {
    my $file = write_file('bitbucket/shared/bitbucket.properties', "jdbc.user=x\n#server.secure=true\nserver.scheme=http");
    cured("bitbucket http://127.0.0.1:7990/git app-config=$dir/bitbucket", 'git.example.test', $file,
        qr/^ATLP1201: \Q$file\E:\d: .*server\.scheme is "http" \(write server\.scheme=https\).*line 2 has it in a comment/, qr/^ATLP1202: /);
    $file = write_file('fisheye/config.xml', qq{<config>\n  <web-server context="">\n    <http bind=":8060"/>\n  </web-server>\n</config>\n});
    cured("fisheye http://127.0.0.1:8060/fe app-config=$dir/fisheye", 'fe.example.test', $file, qr/^ATLP1201: \Q$file\E:3: /, qr/^ATLP1202: \Q$file\E:2: /);
    write_file('crowd/apache-tomcat/conf/server.xml', qq{<Server><Service><Connector port="8095" proxyName="sso.example.test" proxyPort="443" scheme="https" secure="true"/></Service></Server>});
    write_file('crowd/apache-tomcat/conf/Catalina/localhost/crowd.xml', '<Context/>');
    is_deeply((said("crowd app-config=$dir/crowd", 'sso.example.test'))[0], [], 'Crowd, as it should be');
    like((said("crowd http://127.0.0.1:8095/sso app-config=$dir/crowd", 'sso.example.test'))[0][0], qr/^ATLP1202: .*crowd\.xml; rename that to sso\.xml/, "Crowd's context file");
};

subtest 'two lines, one file' => sub {
    my $file = write_file('both/conf/server.xml', $stock);
    my $hosts = join '', map { "<VirtualHost *:80>\nServerName https://$_.example.test\nAtlassianApp jira app-config=$dir/both\n</VirtualHost>\n" } qw(a b);
    my ($exit, $out, $err) = configtest($hosts, '-D', 'DUMP_ATLASSIAN_DIFF');
    is(scalar(() = $err =~ /ATLP1201/g), 2, 'both are told');
    is(scalar(() = $out =~ /^--- /mg), 1, 'one diff');
    is(scalar(() = $out =~ /^\+.*proxyName/mg), 1, 'of one mind');
    patch($out);
};

subtest 'never in the way' => sub {
    like((said("jira app-config=$dir/nowhere", 'a.example.test'))[0][0] // '', qr/^ATLP1211: .*app-config=\S+: \Q$dir\E\/nowhere cannot be read \(No such file/);
    mkdir "$dir/empty";
    like((said("jira app-config=$dir/empty", 'a.example.test'))[0][0] // '', qr/^ATLP1211: .*empty\/conf\/server\.xml cannot be read/);
    system('mkfifo', "$dir/pipe") == 0 or die;
    like((said("jira app-config=$dir/pipe", 'a.example.test'))[0][0] // '', qr/^ATLP1211: .*it is not a file/, 'nothing is waited for');
    write_file('large/server.xml', '<a>' . ' ' x 2_000_000 . '</a>');
    like((said("jira app-config=$dir/large/server.xml", 'a.example.test'))[0][0] // '', qr/^ATLP1211: .*larger than 1048576 bytes/);
    my $secret = write_file('secret', "the secret\n");
    my ($notes, $diff) = said('jira app-config=' . write_file('doctype/server.xml', qq{<!DOCTYPE x [<!ENTITY e SYSTEM "file://$secret">]>\n<Server>&e;</Server>}), 'a.example.test');
    like($notes->[0], qr/^ATLP1212: .*DOCTYPE/);
    unlike("@$notes $diff", qr/the secret/, 'no other file is read');
    is_deeply([said('jira http://192.0.2.1:8080', 'a.example.test')], [[], ''], 'an application elsewhere is not looked for here');
    is_deeply([said('jira app-config=off', 'a.example.test')], [[], '']);
};

subtest 'a real Tomcat with the diff applied' => sub {
    my $tomcat = Atl::Tomcat->start('jira:/jira');
    my ($xml, $tomcat_port) = ("$tomcat->{home}/conf/server.xml", $tomcat->port);
    my $server = Atl::Server->start(text => sub {
        "Listen 127.0.0.1:$_[0]\n<VirtualHost *:$_[0]>\nServerName https://issues.example.test\n"
            . "AtlassianApp jira http://127.0.0.1:$tomcat_port/jira app-config=$xml\n</VirtualHost>\n"
    });
    my $before = get($server->port, '/jira/echo', host => 'issues.example.test')->echo;
    is("$before->{scheme} $before->{serverPort}", 'http 80', 'before');
    my ($notes, $diff) = said("jira http://127.0.0.1:$tomcat_port/jira app-config=$xml", 'issues.example.test');
    is(scalar @$notes, 1);
    patch($diff);
    $tomcat->restart;
    my $after = get($server->port, '/jira/echo', host => 'issues.example.test')->echo;
    is("$after->{scheme} $after->{serverName} $after->{serverPort} $after->{secure}", 'https issues.example.test 443 1', 'after');
    my @log = $server->stop;
    is(scalar(grep { /ATLP1201/ } @log), 1, 'said once at a start') or diag(@log);
    is_deeply([grep { !/ATLP1201/ } @log], []);
};

done_testing;
