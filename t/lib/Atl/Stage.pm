# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Stage;

# First stage of t/TEST: backends up, a fresh copy of t/ for each MPM, one run in each, backends down.

use strict;
use warnings;

use Cwd qw(abs_path getcwd);
use File::Basename 'dirname';
use File::Copy qw(copy);
use File::Find 'find';
use File::Path qw(make_path remove_tree);
use File::Temp 'tempdir';

use Atl::Backends ();
use Atl::Httpd ();

my $MARK = '.atlassian-proxy-test-run';
my ($own_backends, $temporary);
my $main_process = $$;

# main(T_DIR, ARGUMENTS): returns the exit status.
sub main {
    my ($t, @arguments) = @_;
    my %option = (mpm => $ENV{ATL_MPM} || 'event', 'load-order' => $ENV{ATL_LOAD_ORDER} || 'first');
    my @rest = grep { !(/^--?(mpm|load-order)=(.+)$/ && ($option{$1} = $2)) } @arguments;
    # The copies must not lie within what is copied.
    chdir dirname($t) if index(getcwd() . '/', "$t/") == 0;
    $ENV{TEST_MODULE}    = test_module();
    $ENV{ATL_SRCDIR}     = dirname($t);
    $ENV{ATL_BUILDDIR}   = getcwd();
    $ENV{ATL_LOAD_ORDER} = $option{'load-order'};
    $SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);
    my $failed = eval {
        my $base = run_base();
        start_backends($base);
        use_sanitizer($t) if $ENV{ATL_SANITIZE};
        grep { !run_one($t, "$base/$_", $_, @rest) } split /[\s,]+/, $option{mpm};
    };
    if (!defined $failed) {
        print STDERR "t/TEST: $@";
        return 1;
    }
    return 1 if $failed;
    Atl::Backends::down($own_backends) if $own_backends;
    remove_tree($temporary) if $temporary;
    return 0;
}

sub test_module {
    my @places = grep { defined && length } $ENV{TEST_MODULE},
        map { "$_/.libs/mod_atlassian_proxy.so" } '.', 'build';
    for (@places) {
        return abs_path($_) if -e;
    }
    die "t/TEST: no mod_atlassian_proxy.so (looked for @places): run make first, or set TEST_MODULE\n";
}

# Where the copies live: here, unless httpd's user has no way in (a checkout below /root).
sub run_base {
    my $base = getcwd() . '/t-run';
    make_path($base);
    return $base if Atl::Httpd::reachable_for($base);
    rmdir $base;
    $temporary = $base = tempdir('atlassian-proxy-XXXXXX', TMPDIR => 1);
    chmod 0755, $base;
    print 'note: ' . Atl::Httpd::test_user() . " cannot read " . getcwd() . ", so this runs in $base\n";
    return $base;
}

sub start_backends {
    my ($base) = @_;
    if ($ENV{ATL_BACKENDS}) {
        $ENV{ATL_BACKENDS} = abs_path($ENV{ATL_BACKENDS});
        return if $ENV{ATL_BACKENDS} && -s "$ENV{ATL_BACKENDS}/ports";
        die "ATL_BACKENDS: nothing runs there (no ports file)\n";
    }
    $own_backends = $ENV{ATL_BACKENDS} = "$base/backends";
    print "starting the backends in $own_backends\n";
    Atl::Backends::down($own_backends) if -d $own_backends;
    Atl::Backends::up($own_backends);
    return;
}

# From now on httpd means t/sanitized-httpd.
sub use_sanitizer {
    my ($t) = @_;
    die "ATL_SANITIZE=$ENV{ATL_SANITIZE}: address or thread\n" if $ENV{ATL_SANITIZE} !~ /^(?:address|thread)$/;
    my ($kind) = qx{ldd "$ENV{TEST_MODULE}"} =~ /\blib([at])san\b/;
    die "$ENV{TEST_MODULE} is no build with -fsanitize=$ENV{ATL_SANITIZE}\n"
        if ($kind // '') ne substr $ENV{ATL_SANITIZE}, 0, 1;
    @ENV{qw(ATL_REAL_HTTPD HTTPD)} = (Atl::Httpd::httpd(), "$t/sanitized-httpd");
    return;
}

# The lines of a run's logs with which a report begins. Any counts as failed, whatever the tests looked at.
sub sanitizer_reports {
    my ($run) = @_;
    my @lines = map { Atl::Backends::slurp($_) =~ /^(.*(?:\w+Sanitizer: |: runtime error: ).*)$/mg } glob "$run/t/logs/*";
    print map { "a sanitizer's report in $run/t/logs: $_\n" } @lines;
    return scalar @lines;
}

# run_one(T_DIR, RUN_DIR, MPM, ARGUMENTS): true when that run passed.
sub run_one {
    my ($t, $run, $mpm, @arguments) = @_;
    if (-e $run && !-e "$run/$MARK") {
        die "$run is there and is none of ours: move it away\n";
    }
    end_leftover($run);
    remove_tree($run);
    copy_tree($t, "$run/t");
    open my $mark, '>', "$run/$MARK" or die "$run/$MARK: $!\n";
    close $mark;
    print "== $mpm, module loaded $ENV{ATL_LOAD_ORDER}: $ENV{TEST_MODULE}\n";
    local @ENV{qw(ATL_STAGED ATL_MPM)} = ($run, $mpm);
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        chdir $run or die "$run: $!\n";
        exec $^X, "$run/t/TEST", @arguments or die "exec: $!\n";
    }
    local $SIG{TERM} = sub { kill 'TERM', $pid; waitpid $pid, 0; exit 143 };
    waitpid $pid, 0;
    my $passed = $? == 0;
    $passed = 0 if $ENV{ATL_SANITIZE} && sanitizer_reports($run);
    print "== $mpm: ", ($passed ? "passed\n" : "FAILED, logs in $run/t/logs\n");
    return $passed;
}

# An httpd that outlived an earlier run here, which was killed the hard way. Its command line names the directory.
sub end_leftover {
    my ($run) = @_;
    my $pid = int(Atl::Backends::slurp("$run/t/logs/httpd.pid") || 0);
    kill 'TERM', $pid if $pid > 1 && index(Atl::Backends::slurp("/proc/$pid/cmdline"), "$run/t") >= 0;
    return;
}

# The source may be read-only (make distcheck), the copy is not. What earlier runs left behind stays behind.
sub copy_tree {
    my ($from, $to) = @_;
    find({ no_chdir => 1, wanted => sub {
        my $target = $to . substr $_, length $from;
        if (-d) {
            make_path($target, { mode => oct 755 });
            return;
        }
        copy($_, $target) or die "$target: $!\n";
        chmod +((-x $_) ? oct 755 : oct 644), $target;
    } }, $from);
    return;
}

END {
    if ($own_backends && $$ == $main_process) {
        local $?;
        Atl::Backends::down($own_backends);
    }
}

1;
