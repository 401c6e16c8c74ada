# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Run;

# Second stage of t/TEST, in the copied tree: Apache::Test configures and starts one httpd, the test files run
# against it, and the run is judged. Differences from the stock Apache::TestRun: root is welcome (httpd's children
# are not root), nothing is inherited from the system's httpd, skipped is failed, exit codes say what happened.

use strict;
use warnings;

use parent 'Apache::TestRun';
use Apache::TestConfig ();
use Apache::TestServer ();
use TAP::Harness ();

use Atl::Backends ();
use Atl::Httpd ();
use Atl::Log ();

my $run_process;

# Loaded in this order. The module under test comes before them all, after them all, or between mod_proxy and
# the rest of the proxy.
our @MODULES = qw(
    unixd log_config logio version authn_core authz_core authz_host auth_basic authn_file authz_user
    access_compat alias mime dir env setenvif headers filter deflate rewrite status reqtimeout remoteip
    watchdog slotmem_shm socache_shmcb ssl cache cache_disk http2
    proxy proxy_http proxy_balancer lbmethod_byrequests lbmethod_bybusyness proxy_hcheck proxy_wstunnel
);

# module_list(MPM, FILE, ORDER): names and files for Atl::Httpd::load_lines; no FILE leaves the module out.
sub module_list {
    my ($mpm, $file, $order) = @_;
    # mod_http2 does not work under prefork and warns at each start.
    my @list = ("mpm_$mpm", grep { $mpm ne 'prefork' || $_ ne 'http2' } @MODULES);
    return @list if !$file;
    my ($proxy) = grep { $list[$_] eq 'proxy' } 0 .. $#list;
    my %at = (first => 1, middle => $proxy + 1, last => scalar @list);
    defined $at{$order} or die "load order \"$order\": want first, middle or last\n";
    splice @list, $at{$order}, 0, $file;
    return @list;
}

# main(ARGUMENTS): returns the exit status.
sub main {
    my ($class, @arguments) = @_;
    $run_process = $$;
    $SIG{TERM} = sub { exit 143 };
    $ENV{APACHE_TEST_ULIMIT_SET} = 1;
    $ENV{APACHE_TEST_STARTUP_TIMEOUT} ||= 300;
    my $top = $ENV{ATL_STAGED};
    # In place of the system's httpd.conf: nothing but the modules, from which Apache::Test learns them and the MPM.
    my @modules = module_list($ENV{ATL_MPM}, $ENV{TEST_MODULE}, $ENV{ATL_LOAD_ORDER});
    Atl::Backends::spew("$top/modules.conf", Atl::Httpd::load_lines(@modules));
    my $self = $class->new;
    $self->{atl_failed} = 1;
    my @fixed = ('-httpd', Atl::Httpd::httpd(), '-apxs', apxs_program(), '-httpd_conf', "$top/modules.conf", '-port',
        free_ports(), '-servername', '127.0.0.1');
    $self->run(@fixed, @arguments);
    $self->{atl_failed} ||= !Atl::Log::check_rest("$top/t/logs");
    return $self->{atl_failed} ? 1 : 0;
}

sub apxs_program {
    my ($tool) = grep { defined && -x } $ENV{APXS}, map { ("$_/apxs", "$_/apxs2") } split(/:/, $ENV{PATH}), '/usr/sbin';
    return $tool;
}

# The first of a run of free ports: Apache::Test gives each virtual host the next one.
sub free_ports {
    my $wanted = 60;
    my ($first, $last) = Atl::Backends::port_range();
    my $places = $last - $first - $wanted + 2;
    die "ATL_PORTS: $wanted ports at least\n" if $places < 1;
    my $start = $first + int rand $places;
    my $run = 0;
    for my $i (0 .. 2 * $places + $wanted) {
        my $port = $first + ($start - $first + $i) % ($last - $first + 1);
        $run = 0 if $port == $first;
        $run = Apache::TestServer->port_available($port) ? $run + 1 : 0;
        return $port - $wanted + 1 if $run == $wanted;
    }
    die "no $wanted free ports in a row in $first-$last\n";
}

# Stock: root is turned away, with exit status 0.
sub check_runtime_user {
    return 1;
}

sub configure {
    my ($self) = @_;
    my $config = $self->{test_config};
    my $vars = $config->{vars};
    my %backend = %{ Atl::Backends::ports($ENV{ATL_BACKENDS}) };
    for my $name (keys %backend) {
        (my $key = $name) =~ tr/-/_/;
        $vars->{"${key}_port"} = $backend{$name};
        $self->{atl_reserved}{$key} = 1;
    }
    $vars->{atl_loglevel} = $ENV{ATL_LOGLEVEL} || 'info';
    $self->SUPER::configure;
    $self->check_vhost_names;
    listen_on_loopback($vars->{t_conf});
    return;
}

# A virtual host NAME takes the variable NAME_port: one named like a backend would hide the backend's port.
sub check_vhost_names {
    my ($self) = @_;
    for my $name (keys %{ $self->{test_config}{vhosts} }) {
        die "virtual host \"$name\" has a backend's name, and would hide \@${name}_port\@: rename it\n"
            if $self->{atl_reserved}{$name};
    }
    return;
}

# Apache::Test writes "Listen 0.0.0.0": a test server is nobody else's business.
sub listen_on_loopback {
    my ($dir) = @_;
    for my $file (glob("$dir/*.conf"), glob("$dir/vhosts/*.conf")) {
        my $text = Atl::Backends::slurp($file);
        $text =~ s/^(\s*Listen\s+)0\.0\.0\.0:/${1}127.0.0.1:/mg and Atl::Backends::spew($file, $text);
    }
    return;
}

sub run_tests {
    my ($self) = @_;
    my $vars = $self->{test_config}{vars};
    $ENV{ATL_LOGS} = $vars->{t_logs};
    $ENV{ATL_VHOSTS} = join ' ', map { "$_=$self->{test_config}{vhosts}{$_}{port}" }
        sort keys %{ $self->{test_config}{vhosts} };
    my @files = @{ $self->{tests} || [] } ? @{ $self->{tests} } : sort glob 't/*.t';
    $self->{atl_failed} = !run_files({ verbose => $self->{opts}{verbose} }, @files);
    return;
}

# run_files(OPTIONS, FILES): true when every file ran to its end, passed, and skipped nothing.
sub run_files {
    my ($options, @files) = @_;
    my $harness = TAP::Harness->new({
        verbosity => $options->{quiet} ? -3 : $options->{verbose} ? 1 : 0,
        lib       => ["$ENV{ATL_STAGED}/t/lib"],
        merge     => $options->{quiet} ? 1 : 0,
    });
    my $result = $harness->runtests(@files);
    my @skipped = grep { $_->skip_all || $_->skipped } $result->parsers;
    if (@skipped && !$options->{quiet}) {
        print 'skipped, which counts as failed: ', $_, "\n"
            for grep { my $parser = ($result->parsers($_))[0]; $parser->skip_all || $parser->skipped } $result->descriptions;
    }
    return $result->all_passed && !@skipped && @files > 0;
}

# Whatever way the run ends, its httpd ends too. Not in a forked child, nor in a test file, which loads this as well.
END {
    if ($run_process && $run_process == $$) {
        local $?;
        my $pid = Atl::Backends::slurp("$ENV{ATL_STAGED}/t/logs/httpd.pid") || 0;
        kill 'TERM', $pid if $pid > 1;
    }
}

1;
