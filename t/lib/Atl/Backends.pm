# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Backends;

# Starts and ends the real servers the tests run against: a Tomcat for each Tomcat product, a Jetty for Fisheye,
# a Tomcat as stand-in Synchrony, an httpd with git http-backend as Bitbucket's git side. See t/backend/README.md.

use strict;
use warnings;

use Cwd 'abs_path';
use Digest::SHA;
use File::Basename 'dirname';
use File::Copy 'copy';
use File::Find 'find';
use File::Path qw(make_path remove_tree);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h setsid);
use Time::HiRes qw(sleep time);

use Atl::Httpd ();

our $START_SECONDS = 300;
our $STOP_SECONDS  = 60;
my $HERE = dirname(abs_path(__FILE__)) . '/../../backend';

# What an instance name stands for when the caller says nothing else. One row a product.
my %PRODUCT = (
    jira       => { kind => 'tomcat', context => '/jira', valve => 1 },
    confluence => { kind => 'tomcat', context => '/wiki', synchrony_proxy => 1, host => 'confluence.example.test' },
    bitbucket  => { kind => 'tomcat', context => '/bitbucket', cookie => 'BITBUCKETSESSIONID' },
    bamboo     => { kind => 'tomcat', context => '/bamboo' },
    crowd      => { kind => 'tomcat', context => '/crowd' },
    synchrony  => { kind => 'synchrony', context => '/synchrony' },
    fisheye    => { kind => 'jetty', context => '/fisheye' },
    crucible   => { kind => 'jetty', context => '/crucible' },
    git        => { kind => 'git',   context => '/bitbucket' },
);
our @ALL = qw(jira confluence bitbucket bamboo crowd synchrony fisheye git jira-root=jira:/ confluence-root=confluence:/);

# The listening ports of one instance: suffix of its name => how the container is told its public address.
my %PORTS = (
    tomcat    => [['', 'https'], ['-http', ''], ['-plain', 'http']],
    jetty     => [['', 'https'], ['-http', ''], ['-plain', 'http']],
    synchrony => [['', '']],
    git       => [['', '']],
);

# A product's row may ask for one more: a connector that announces nothing, in front of a RemoteIpValve.
sub ports_of {
    my ($app) = @_;
    return (@{ $PORTS{ $app->{kind} } }, $app->{valve} ? ['-valve', ''] : ());
}

my %STARTER = (
    tomcat    => \&tomcat_command,
    synchrony => \&tomcat_command,
    jetty     => \&jetty_command,
    git       => \&git_command,
);

# ---------------------------------------------------------------------------------------------- what to run

# instance(SPEC): NAME, or NAME=PRODUCT[:CONTEXT[:key=value...]] with keys route (jvmRoute) and host.
sub instance {
    my ($spec) = @_;
    my ($name, $rest) = split /=/, $spec, 2;
    my ($product, $context, @options) = split /:/, $rest // $name;
    my $row = $PRODUCT{ $product // '' }
        or die "unknown product in \"$spec\"; known: " . join(', ', sort keys %PRODUCT) . "\n";
    die "bad instance name in \"$spec\"\n" if $name !~ /^[a-z][a-z0-9-]*$/;
    my %self = (%$row, name => $name, product => $product, host => "$product.example.test");
    $self{context} = $context eq '/' ? '' : $context if defined $context && length $context;
    for (@options) {
        /^(route|host)=([\w.-]+)$/ or die "bad option \"$_\" in \"$spec\"\n";
        $self{$1} = $2;
    }
    return \%self;
}

# ---------------------------------------------------------------------------------------------- small tools

sub slurp {
    return Atl::Httpd::read_file(@_);
}

sub spew {
    my ($file, $text) = @_;
    make_path(dirname($file));
    open my $out, '>', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    return;
}

sub fill {
    my ($template, %value) = @_;
    my $text = slurp("$HERE/conf/$template") || die "$HERE/conf/$template: $!\n";
    $text =~ s/\@(\w+)\@/$value{$1} \/\/ die "$template: no value for $1\n"/ge;
    return $text;
}

sub tail {
    my ($file, $lines) = @_;
    my @all = split /^/, slurp($file);
    return join '', @all > $lines ? @all[-$lines .. -1] : @all;
}

# port_range(): first and last port to use. Below the ephemeral range, so that no outgoing connection sits there.
sub port_range {
    my ($first, $last) = ($ENV{ATL_PORTS} // '21000-31999') =~ /^(\d+)-(\d+)$/ or die "ATL_PORTS: want first-last\n";
    return ($first, $last);
}

# A port nobody listens on, searched upwards from a place chosen once at random, so that two runs at a time seldom
# meet; who does anyway sees a bind error and is started once more.
my $next_port;

sub free_port {
    my ($first, $last) = port_range();
    $next_port //= $first + int rand($last - $first + 1);
    for ($first .. $last) {
        my $port = $next_port;
        $next_port = $port >= $last ? $first : $port + 1;
        my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1) or next;
        close $socket;
        return $port;
    }
    die "no free port in $first-$last\n";
}

# ---------------------------------------------------------------------------------------------- processes

# The start time tells this process from a later one with the same number.
sub started_at {
    my ($pid) = @_;
    my $stat = slurp("/proc/$pid/stat");
    $stat =~ s/^.*\) // or return '';
    my @field = split / /, $stat;
    return $field[0] eq 'Z' ? '' : $field[19];
}

sub running_pid {
    my ($home) = @_;
    my ($pid, $time) = split ' ', slurp("$home/pid");
    return $pid && $time && started_at($pid) eq $time ? $pid : 0;
}

# launch(HOME, COMMAND...): a session of its own, output into HOME/log, number and start time into HOME/pid.
sub launch {
    my ($home, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        setsid();
        open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>',  "$home/log" or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT    or POSIX::_exit(126);
        chdir $home;
        # Not through the environment of whoever started the tests: its Java options could change the servers.
        delete @ENV{qw(JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS CATALINA_HOME CATALINA_BASE LD_PRELOAD)};
        exec { $command[0] } @command or print "$command[0]: $!\n";
        POSIX::_exit(127);
    }
    spew("$home/pid", "$pid " . started_at($pid) . "\n");
    return $pid;
}

sub answers {
    my ($port, $path) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1) or return 0;
    print {$socket} "GET $path HTTP/1.0\r\nHost: localhost\r\n\r\n";
    local $SIG{ALRM} = sub { die "late\n" };
    my $line = eval { alarm 5; my $got = <$socket>; alarm 0; $got };
    alarm 0;
    return ($line // '') =~ m{^HTTP/1\.[01] [234]};
}

# ---------------------------------------------------------------------------------------------- Java

sub java_home_program {
    my ($name) = @_;
    return "$ENV{JAVA_HOME}/bin/$name" if $ENV{JAVA_HOME} && -x "$ENV{JAVA_HOME}/bin/$name";
    for (split /:/, $ENV{PATH}) {
        return "$_/$name" if -x "$_/$name";
    }
    die "$name not found: install default-jdk-headless\n";
}

# Tomcat's jars without JSP, clustering, databases and translations: they only cost start-up time.
sub tomcat_jars {
    my @places = $ENV{TOMCAT_HOME} || map { "/usr/share/tomcat$_" } 10, 11, 9;
    my ($home) = grep { -e "$_/lib/catalina.jar" } @places;
    die "Tomcat 10 not found (@places): install tomcat10-common, or set TOMCAT_HOME\n" if !$home;
    my $unused = qr/jasper|jsp|dbcp|jdbc|jni|i18n|tribes|ha\.jar|ant\.jar|storeconfig/;
    return ($home, grep({ !/$unused/ } glob "$home/lib/*.jar"), "$home/bin/tomcat-juli.jar");
}

sub jetty_jars {
    my $dir  = $ENV{JETTY_JARS} || '/usr/share/java';
    my @jars = ((map { "$dir/jetty9-$_.jar" } qw(server servlet webapp security http io util xml)),
        "$dir/servlet-api.jar");
    for (@jars) {
        die "$_ is missing: install libjetty9-java\n" if !-e;
    }
    return @jars;
}

sub java_command {
    my ($jars, @rest) = @_;
    return (java_home_program('java'), qw(-Xms16m -Xmx64m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1),
        qw(-Xshare:auto -XX:-UsePerfData -XX:MaxMetaspaceSize=64m -XX:ReservedCodeCacheSize=24m),
        '-Djava.awt.headless=true', '-cp', join(':', @$jars), @rest);
}

sub java_files {
    my ($dir) = @_;
    my @files;
    find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.java$/ } }, $dir);
    return sort @files;
}

# Do these jars know the interfaces as javax.*? (Names in a jar's directory are not compressed.)
sub is_javax {
    return scalar grep { index(slurp($_), 'javax/servlet/Servlet.class') >= 0 } @_;
}

# Tomcat 10 knows the interfaces as jakarta.*, Tomcat 9 and Debian's Jetty 9 as javax.*: one source, the name changed
# on the way.
sub copy_as_javax {
    my ($from, $to) = @_;
    for my $file (java_files($from)) {
        my $text = slurp($file);
        $text =~ s/\bjakarta\.(?=servlet\b|websocket\b)/javax./g;
        my $name = substr $file, length $from;
        spew("$to$name", $text);
    }
    return;
}

# javac_start(OUT, JARS, FILES): returns the compiler's process number, so that two can run at a time.
sub javac_start {
    my ($out, $jars, @files) = @_;
    make_path($out);
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    open STDOUT, '>&', \*STDERR;
    exec java_home_program('javac'), qw(-J-XX:TieredStopAtLevel=1 -J-XX:+UseSerialGC -encoding UTF-8 --release 11),
        '-proc:none', '-Xlint:all,-options,-classfile,-path', '-cp', join(':', @$jars), '-d', $out, @files
        or POSIX::_exit(127);
}

# build(DIR): DIR/build/{tomcat,jetty}/... with the exploded web applications; done again only when a source changed.
sub build {
    my ($dir) = @_;
    my @sources = (java_files($HERE), glob("$HERE/webapp/*/WEB-INF/web.xml"));
    my $sum = Digest::SHA->new(256);
    $sum->addfile($_) for @sources;
    my $stamp = $sum->hexdigest . "\n";
    return if slurp("$dir/build/stamp") eq $stamp;

    remove_tree("$dir/build");
    my (undef, @tomcat) = tomcat_jars();
    my @jetty = jetty_jars();
    copy_as_javax("$HERE/webapp/product/src", "$dir/build/src");
    my $webapp = "$HERE/webapp";
    if (is_javax(@tomcat)) {
        $webapp = "$dir/build/webapp";
        copy_as_javax("$HERE/webapp", $webapp);
    }
    my @compilers = (
        javac_start("$dir/build/tomcat/classes", \@tomcat, java_files($webapp)),
        javac_start("$dir/build/jetty/classes", \@jetty, java_files("$dir/build/src"), java_files("$HERE/jetty")),
    );
    my $failed = 0;
    for my $pid (@compilers) {
        waitpid $pid, 0;
        $failed ||= $?;
    }
    die "the stand-in applications do not compile (see above)\n" if $failed;
    for my $app (['tomcat', 'product', ''], ['tomcat', 'synchrony', 'synchrony'], ['jetty', 'product', '']) {
        my ($server, $name, $package) = @$app;
        my $classes = "$dir/build/$server/$name/WEB-INF/classes/standin" . ($package ? "/$package" : '');
        make_path($classes);
        for my $file (glob "$dir/build/$server/classes/standin" . ($package ? "/$package" : '') . '/*.class') {
            copy($file, $classes) or die "$file: $!\n";
        }
        copy("$HERE/webapp/$name/WEB-INF/web.xml", "$dir/build/$server/$name/WEB-INF/") or die "web.xml: $!\n";
    }
    spew("$dir/build/stamp", $stamp);
    return;
}

# ---------------------------------------------------------------------------------------------- the servers

sub public_url {
    my ($app) = @_;
    return "https://$app->{host}$app->{context}";
}

sub system_properties {
    my ($app) = @_;
    return ("-Dstandin.product=$app->{product}", "-Dstandin.node=$app->{name}", '-Dstandin.baseurl=' . public_url($app));
}

sub tomcat_connectors {
    my ($app, $ports) = @_;
    my %attributes = (
        https => qq{scheme="https" secure="true" proxyName="$app->{host}" proxyPort="443"},
        http  => qq{scheme="http" proxyName="$app->{host}" proxyPort="80"},
        ''    => '',
    );
    return join '', map { fill('connector.xml.in', port => $ports->{ $_->[0] }, proxy => $attributes{ $_->[1] }) }
        @{ $PORTS{ $app->{kind} } };
}

# A second Tomcat service in the same process, with the valve.
sub tomcat_valve_service {
    my ($app, $dir, $ports) = @_;
    return '' if !$app->{valve};
    return fill('valve-service.xml.in', contexts => tomcat_contexts($app, $dir),
        connectors => fill('connector.xml.in', port => $ports->{'-valve'}, proxy => ''));
}

sub tomcat_contexts {
    my ($app, $dir) = @_;
    my $webapp = $app->{kind} eq 'synchrony' ? 'synchrony' : 'product';
    my $cookie = $app->{cookie} ? qq{ sessionCookieName="$app->{cookie}"} : '';
    my $quick  = '<JarScanner scanManifest="false" scanClassPath="false" scanBootstrapClassPath="false"/>';
    my @all    = ([$app->{context}, $webapp, $cookie]);
    push @all, ["$app->{context}/synchrony-proxy", 'synchrony', ''] if $app->{synchrony_proxy};
    return join "\n", map {
        my ($path, $base, $more) = @$_;
        # Only Synchrony has WebSockets; the other applications need no initializer, hence no scan of their classes.
        my $filter = $base eq 'synchrony' ? '' : ' containerSciFilter=".*"';
        qq{        <Context path="$path" docBase="$dir/build/tomcat/$base" reloadable="false" useHttpOnly="true"}
            . qq{$more$filter>$quick</Context>};
    } @all;
}

sub tomcat_command {
    my ($app, $dir, $home, $ports) = @_;
    my ($tomcat, @jars) = tomcat_jars();
    spew("$home/conf/server.xml", fill('server.xml.in',
        connectors => tomcat_connectors($app, $ports),
        contexts   => tomcat_contexts($app, $dir),
        engine     => $app->{route} ? qq{ jvmRoute="$app->{route}"} : '',
        more       => tomcat_valve_service($app, $dir, $ports)));
    # Everything is on the class path already, so Tomcat needs no loaders of its own.
    spew("$home/conf/catalina.properties", "common.loader=\nserver.loader=\nshared.loader=\n"
        . "tomcat.util.scan.StandardJarScanFilter.jarsToSkip=*.jar\n");
    make_path(map { "$home/$_" } qw(temp webapps work logs));
    return java_command(\@jars, "-Dcatalina.home=$tomcat", "-Dcatalina.base=$home", "-Djava.io.tmpdir=$home/temp",
        '-Dorg.apache.catalina.startup.EXIT_ON_INIT_FAILURE=true',
        '-Dorg.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE=32768',
        system_properties($app), 'org.apache.catalina.startup.Bootstrap', 'start');
}

sub jetty_command {
    my ($app, $dir, $home, $ports) = @_;
    my %attributes = (
        https => qq{proxy-host="$app->{host}" proxy-port="443" proxy-scheme="https"},
        http  => qq{proxy-host="$app->{host}" proxy-port="80" proxy-scheme="http"},
        ''    => '',
    );
    my $https = join '', map { qq{    <http bind="127.0.0.1:$ports->{ $_->[0] }" $attributes{ $_->[1] }/>\n} }
        @{ $PORTS{jetty} };
    spew("$home/config.xml", qq{<?xml version="1.0" encoding="UTF-8"?>\n<config>\n  <web-server context="$app->{context}"}
        . ' site-url="' . public_url($app) . qq{">\n$https  </web-server>\n</config>\n});
    make_path("$home/temp");
    return java_command([jetty_jars(), "$dir/build/jetty/classes"], "-Djava.io.tmpdir=$home/temp", system_properties($app),
        'standin.jetty.FisheyeServer', "$home/config.xml", "$dir/build/jetty/product");
}

sub git_command {
    my ($app, undef, $home, $ports) = @_;
    die "$home is not reachable for " . Atl::Httpd::test_user() . ": choose another directory\n"
        if !Atl::Httpd::reachable_for($home);
    chomp(my $exec = qx{git --exec-path});
    my $backend = "$exec/git-http-backend";
    die "git http-backend not found: install git\n" if !-x $backend;
    git_repositories($home);
    make_path("$home/htdocs");
    spew("$home/htdocs/index.html", "git\n");
    spew("$home/httpd.conf", fill('git-httpd.conf.in',
        dir         => $home,
        port        => $ports->{''},
        context     => $app->{context},
        backend     => $backend,
        backenddir  => $exec,
        user        => Atl::Httpd::user_lines(),
        loadmodules => Atl::Httpd::load_lines(qw(mpm_prefork unixd authz_core alias env cgi))));
    return (Atl::Httpd::httpd(), '-f', "$home/httpd.conf", '-D', 'FOREGROUND');
}

# proj/repo.git with one commit, proj/empty.git with none.
sub git_repositories {
    my ($home) = @_;
    return if -d "$home/scm";
    local @ENV{qw(GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM)} = ('/dev/null', 1);
    my ($repo) = map { new_repository($home, $_) } qw(repo empty);
    open my $import, '|-', 'git', '-C', $repo, 'fast-import', '--quiet' or die "git: $!\n";
    print {$import} "commit refs/heads/main\ncommitter Tester <tester\@example.test> 1700000000 +0000\n",
        "data 5\nfirst\nM 100644 inline README\ndata 6\nhello\n\n";
    close $import or die "git fast-import failed\n";
    give_to_test_user("$home/scm");
    return;
}

# Still the caller's own: git works in nobody else's.
sub new_repository {
    my ($home, $name) = @_;
    local @ENV{qw(GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM)} = ('/dev/null', 1);
    my $repository = "$home/scm/proj/$name.git";
    run_quietly('git', 'init', '-q', '--bare', '--initial-branch=main', $repository);
    run_quietly('git', '-C', $repository, 'config', 'http.receivepack', 'true');
    return $repository;
}

# git_repository(HOME OF THE GIT BACKEND, NAME): an empty one that takes pushes; returns its directory.
sub git_repository {
    my $repository = new_repository(@_);
    give_to_test_user($repository);
    return $repository;
}

sub give_to_test_user {
    my ($directory) = @_;
    return if $> != 0;
    my ($uid, $gid) = (getpwnam(Atl::Httpd::test_user()))[2, 3];
    find(sub { chown $uid, $gid, $_ }, $directory);
    return;
}

sub run_quietly {
    my (@command) = @_;
    system(@command) == 0 or die "@command failed\n";
    return;
}

# ---------------------------------------------------------------------------------------------- up and down

# Where a started instance must answer before it counts as up.
sub probe_path {
    my ($app) = @_;
    return '/' if $app->{kind} eq 'git';
    return "$app->{context}/heartbeat" if $app->{kind} eq 'synchrony';
    return "$app->{context}/control";
}

sub ready {
    my ($app, $ports) = @_;
    for my $suffix (map { $_->[0] } ports_of($app)) {
        return 0 if !answers($ports->{$suffix}, probe_path($app));
    }
    return 1;
}

sub start_one {
    my ($app, $dir) = @_;
    my $home = "$dir/$app->{name}";
    make_path($home);
    unlink "$home/pid";
    my %ports = map { $_->[0] => free_port() } ports_of($app);
    my @command = $STARTER{ $app->{kind} }->($app, $dir, $home, \%ports);
    launch($home, @command);
    spew("$home/spec", spec_text($app));
    spew("$home/ports", join '', map { "$app->{name}$_=$ports{$_}\n" } sort keys %ports);
    return { app => $app, home => $home, ports => \%ports };
}

sub spec_text {
    my ($app) = @_;
    return join(' ', map { "$_=" . ($app->{$_} // '') } qw(name product context route host)) . "\n";
}

# wait_for(STARTED...): until each answers. One whose port was snatched is started again, at most twice.
sub wait_for {
    my ($dir, @waiting) = @_;
    my $deadline = time + $START_SECONDS;
    my %retries;
    while (@waiting) {
        my $one = shift @waiting;
        my ($app, $home) = @$one{qw(app home)};
        next if ready($app, $one->{ports});
        1 while waitpid(-1, WNOHANG) > 0;
        if (!running_pid($home)) {
            my $log = slurp("$home/log") . slurp("$home/error_log");
            if ($log =~ /already in use|could not bind/i && $retries{ $app->{name} }++ < 2) {
                push @waiting, start_one($app, $dir);
                next;
            }
            die "$app->{name} did not start:\n" . tail("$home/log", 30) . tail("$home/error_log", 10);
        }
        die "$app->{name} does not answer after $START_SECONDS s:\n" . tail("$home/log", 30) if time > $deadline;
        push @waiting, $one;
        sleep 0.05;
    }
    return;
}

sub write_ports {
    my ($dir) = @_;
    my @homes = grep { running_pid(dirname($_)) } glob "$dir/*/ports";
    spew("$dir/ports.new", join '', map { slurp($_) } @homes);
    rename "$dir/ports.new", "$dir/ports" or die "$dir/ports: $!\n";
    return;
}

# up(DIR, SPEC...): starts what does not run yet (all of @ALL without a SPEC), waits until it answers.
# Dies with the log's tail; what this call started is ended then.
sub up {
    my ($dir, @specs) = @_;
    make_path($dir);
    $dir = abs_path($dir);
    my @apps = map { instance($_) } @specs ? @specs : @ALL;
    my @wanted;
    for my $app (@apps) {
        my $home = "$dir/$app->{name}";
        if (running_pid($home)) {
            next if slurp("$home/spec") eq spec_text($app);
            die "$app->{name} already runs with other settings: " . slurp("$home/spec");
        }
        push @wanted, $app;
    }
    build($dir) if grep { $_->{kind} ne 'git' } @wanted;
    my @started;
    my $ok = eval {
        push @started, start_one($_, $dir) for @wanted;
        wait_for($dir, @started);
        write_ports($dir);
        1;
    };
    my $error = $@;
    return if $ok;
    stop_homes(map { $_->{home} } @started);
    die $error;
}

sub stop_homes {
    my (@homes) = @_;
    for my $signal (qw(TERM KILL)) {
        my @alive = grep { $_ } map { running_pid($_) } @homes;
        # Each is the leader of its own session, so git's helpers and httpd's children go with it.
        kill $signal, ($signal eq 'KILL' ? map { -$_ } @alive : @alive);
        my $deadline = time + $STOP_SECONDS;
        while (@alive && time < $deadline) {
            1 while waitpid(-1, WNOHANG) > 0;
            @alive = grep { $_ } map { running_pid($_) } @homes;
            sleep 0.05 if @alive;
        }
    }
    unlink map { "$_/pid" } @homes;
    return;
}

# down(DIR): ends exactly what up() started there.
sub down {
    my ($dir) = @_;
    stop_homes(map { dirname($_) } glob "$dir/*/pid");
    unlink "$dir/ports";
    return;
}

# ports(DIR): name => port of everything that runs there.
sub ports {
    my ($dir) = @_;
    return { map { /^([\w-]+)=(\d+)$/ ? ($1 => $2) : () } split /\n/, slurp("$dir/ports") };
}

1;
