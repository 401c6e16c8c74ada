# The harness itself tells truth from falsehood: an unexpected line in the error log, a line that never comes and a
# skipped test fail a file; configtest() reads what it is given, with the module where it was asked for.
use Atl::Test;

use Atl::Run;
use Atl::Server;

subtest 'what httpd runs as' => sub {
    my ($exit, $out, $err, $file) = configtest("<VirtualHost *:81>\nServerName a\nNoSuchThing\n</VirtualHost>\n");
    is($exit, 1);
    like($err, qr/line 3 of \Q$file\E:\n.*Invalid command 'NoSuchThing'/);
    for my $order (qw(first middle last)) {
        ($exit, $out, $err) = configtest({ order => $order }, "ServerSignature Off\n", '-M');
        is($exit, 0) or diag $err;
        my @modules = $out =~ /^ (\w+)_module/mg;
        my ($mine) = grep { $modules[$_] eq 'atlassian_proxy' } 0 .. $#modules;
        my ($proxy) = grep { $modules[$_] eq 'proxy' } 0 .. $#modules;
        my ($http) = grep { $modules[$_] eq 'proxy_http' } 0 .. $#modules;
        ok($order eq 'first' ? $mine < $proxy : $order eq 'last' ? $mine == $#modules : $proxy < $mine && $mine < $http,
            "loaded $order");
        ok((grep { $_ eq 'mpm_' . mpm() } @modules), mpm());
    }
    ($exit, $out, $err) = configtest({ module => '', modules => [qw(authz_core)] }, '', '-M');
    unlike($out, qr/atlassian_proxy|proxy_http/, 'and without');
};

subtest 'an httpd of the test\'s own' => sub {
    my $redirect = sub { "Listen 127.0.0.1:$_[0]\nRedirect / http://$_[1].example.test/\n" };
    my $server = Atl::Server->start(module => '', text => sub { $redirect->($_[0], 'old') });
    is(get($server->port, '/')->header('Location'), 'http://old.example.test/');
    Atl::Backends::spew($server->file, $redirect->($server->port, 'new'));
    $server->signal('USR1');
    ok(wait_until(sub { get($server->port, '/')->header('Location') eq 'http://new.example.test/' }), 'reloaded');
    is_deeply([$server->stop], [], 'with a clean log');

    my $crashing = Atl::Server->start(text => sub { "Listen 127.0.0.1:$_[0]\nCoreDumpDirectory /\n" });
    my $pid = $crashing->pid;
    my $child = wait_until(sub { (split ' ', Atl::Backends::slurp("/proc/$pid/task/$pid/children"))[0] });
    ok($child) && kill 'SEGV', $child;
    ok(wait_until(sub { Atl::Backends::slurp($crashing->error_log) =~ /exit signal Segmentation fault/ }));
    like(join("\n", $crashing->stop), qr/exit signal Segmentation fault/, 'a crash is never overlooked');

    ok(!eval { Atl::Server->start(text => "Nonsense\n") });
    like($@, qr/^httpd did not start:\n.*Invalid command 'Nonsense'/s);
};

# The sub-tests' log lines fall into this file's part of the log as well.
expect_log(qr/AH00957: http: attempt to connect to 127\.0\.0\.1:1 /, 'harness/*.t ask for a dead backend');
expect_log(qr/AH01114: /, 'the same');
local $ENV{ATL_LOG_SECONDS} = 1;
my %harness = map { $_ => scalar Atl::Run::run_files({ quiet => 1 }, "t/harness/$_.t") }
    qw(expected unexpected unexpected-planned not-seen skipped skipped-all);
ok($harness{expected}, 'an announced log line is fine');
ok(!$harness{$_}, "$_ fails") for grep { $_ ne 'expected' } sort keys %harness;

done_testing;
