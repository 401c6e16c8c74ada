# A real git client against Bitbucket's git side: clone, large pushes, the same back again.
use Atl::Test;

use File::Path 'remove_tree';

use Atl::Backends ();
use Atl::Certificates;
use Atl::Memory;
use Atl::Server;

my $BOUND = 48 << 20;
my ($certificate, $authority) = Atl::Certificates->usual;
my $work = "$ENV{ATL_LOGS}/" . unique('git');
mkdir $work or die "$work: $!\n";
# Not the tester's own settings: these alone.
Atl::Backends::spew("$work/config", "[user]\n\tname = Tester\n\temail = tester\@example.test\n[gc]\n\tauto = 0\n"
    . "[core]\n\tcompression = 0\n\tbigFileThreshold = 1m\n");
@ENV{qw(GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL)} = ('Tester', 'tester@example.test') x 2;
@ENV{qw(GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT GIT_SSL_CAINFO)} = ("$work/config", 1, 0, $authority);

# git(ARGUMENTS): its output; dies with what it said when it failed.
sub git {
    my ($exit, $out, $err) = Atl::Server::run_captured("$work/command", 'git', @_);
    die "git @_: exit $exit\n$err" if $exit;
    return $out =~ s/\n\z//r;
}

# commit_of(DIRECTORY, MIB): a new repository whose one commit holds that much that no compression makes smaller.
sub commit_of {
    my ($directory, $mib) = @_;
    git('init', '-q', '--initial-branch=main', $directory);
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    open my $import, '|-', 'git', '-C', $directory, 'fast-import', '--quiet' or die "git fast-import: $!\n";
    print {$import} "commit refs/heads/main\ncommitter Tester <tester\@example.test> 1700000000 +0000\ndata 5\nlarge\n";
    for my $n (1 .. $mib / 10) {
        read($random, my $bytes, 10 << 20) == 10 << 20 or die "/dev/urandom is short\n";
        print {$import} "M 100644 inline $n.bin\ndata ", length $bytes, "\n$bytes\n";
    }
    close $import or die "git fast-import failed\n";
    return $directory;
}

# there_and_back(BASE URL, MIB, MEMORY, GIT OPTIONS): pushes into an empty repository, clones it, compares.
sub there_and_back {
    my ($base, $mib, $memory, @option) = @_;
    my $name = unique('large');
    my $repository = Atl::Backends::git_repository("$ENV{ATL_BACKENDS}/git", $name);
    # No time is lost with looking for what random bytes have in common.
    git('config', '--file', "$repository/config", 'core.bigFileThreshold', '1m');
    my $from = commit_of("$work/$name", $mib);
    my $url = "$base/scm/proj/$name.git";
    {
        local @ENV{qw(GIT_TRACE_CURL GIT_TRACE_CURL_NO_DATA)} = ("$work/$name.trace", 1);
        ok(eval { git('-C', $from, @option, 'push', '-q', $url, 'main'); 1 }, "push of $mib MiB") or diag $@;
    }
    my $trace = Atl::Backends::slurp("$work/$name.trace");
    my $packs = () = $trace =~ m{=> Send header: POST /bitbucket/scm/proj/$name\.git/git-receive-pack}g;
    cmp_ok($packs, '>=', 1, 'with git-receive-pack');
    ok(eval { git('clone', '-q', '--bare', $url, "$work/$name.back"); 1 }, 'clone') or diag $@;
    # git has hashed every byte that came: the same name is the same content.
    is(eval { git('-C', "$work/$name.back", 'rev-parse', 'main') }, git('-C', $from, 'rev-parse', 'main'), 'nothing lost or changed');
    # An older git keeps few objects loose.
    my %kib = (eval { git('-C', "$work/$name.back", 'count-objects', '-v') } // '') =~ /^(size(?:-pack)?): (\d+)/mg;
    cmp_ok(($kib{size} // 0) + ($kib{'size-pack'} // 0), '>', $mib * 1024, 'all of it');
    cmp_ok($memory->grown, '<', $BOUND, 'httpd needs bounded memory');
    remove_tree($repository, $from, "$work/$name.back");
    return $trace;
}

subtest 'small things' => sub {
    my $base = 'http://127.0.0.1:' . vhost_port('gitalone') . '/bitbucket';
    git('clone', '-q', "$base/scm/proj/repo.git", "$work/small");
    is(git('-C', "$work/small", 'log', '--format=%s', 'origin/main'), 'first', 'clone');
    git('-C', "$work/small", 'commit', '-q', '--allow-empty', '-m', 'second: 100% & [x|y]');
    my $branch = 'feature/' . unique('a+b%20c');
    git('-C', "$work/small", 'push', '-q', 'origin', "HEAD:$branch");
    like(git('ls-remote', "$base/scm/proj/repo.git"), qr{refs/heads/\Q$branch\E$}m, 'push of a branch');
    git('-C', "$work/small", 'fetch', '-q', 'origin', $branch);
    is(git('-C', "$work/small", 'log', '-1', '--format=%s', 'FETCH_HEAD'), 'second: 100% & [x|y]', 'fetch');
    git('-C', "$work/small", 'push', '-q', 'origin', ":$branch");
    ok(!eval { git('ls-remote', "$base/scm/proj/none.git"); 1 }, 'no such repository');
    like($@, qr/not found/, 'is what git says too');
};

subtest 'one line: 200 MiB in chunks' => sub {
    my $trace = there_and_back('http://127.0.0.1:' . vhost_port('gitalone') . '/bitbucket', 200, Atl::Memory->watch);
    like($trace, qr/=> Send header: Transfer-Encoding: chunked/i, 'git sent it in chunks');
};

subtest 'settings of its own beside another app: in chunks, and with a length' => sub {
    my $base = 'http://127.0.0.1:' . vhost_port('gitbeside') . '/bitbucket';
    my $trace = there_and_back($base, 100, Atl::Memory->watch);
    like($trace, qr/=> Send header: Transfer-Encoding: chunked/i, 'git sent it in chunks');
    $trace = there_and_back($base, 20, Atl::Memory->watch, '-c', 'http.postBuffer=52428800');
    like($trace, qr/=> Send header: Content-Length: 2\d{7}\s/i, 'git sent its length');
};

subtest 'over TLS' => sub {
    my $git = backend_port('git');
    my $server = Atl::Server->start(text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost 127.0.0.1:$_[0]>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile $certificate
    AtlassianApp bitbucket http://127.0.0.1:$git/bitbucket
</VirtualHost>
END
    my $trace = there_and_back('https://localhost:' . $server->port . '/bitbucket', 100, Atl::Memory->watch($server->pid));
    like($trace, qr/SSL connection using/, 'over TLS');
    is_deeply([$server->stop], [], 'and its error log is clean');
};

remove_tree($work);
done_testing;
