# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# An httpd of one's own, raw sockets, and the rogue backend, for the tunnel's tests.
#
# Environment: TEST_MODULE (a .so configured with --enable-fault-injection; required), ATL_MPM (event), ATL_PORT (first of 20 ports, 21100),
# ATL_WS (what the tests' policy says), HTTPD (t/sanitized-httpd, with ATL_REAL_HTTPD, for a build with -fsanitize=...),
# MODULES.
package Tunnel;

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY SOL_SOCKET SO_LINGER SO_RCVBUF);
use Time::HiRes qw(time sleep);

use lib dirname(abs_path(__FILE__)) . '/../../lib';
use Atl::Httpd ();

our @EXPORT = qw(start_httpd stop_httpd signal_httpd log_text log_count wait_for start_rogue port
    plain_client tls_client request_head read_head upgrade frame read_frame read_frames
    read_exactly read_to_end unused_log_lines children mpm root reset_socket dir wait_log
    key_pair read_some);

my $KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
my $base = $ENV{ATL_PORT} || 21100;
my %port = (plain => $base, tls => $base + 1, rogue => $base + 2, rogue_tls => $base + 3,
            peer => $base + 4, tls12 => $base + 5, ecdsa => $base + 6, cert => $base + 7);
my $here = abs_path(dirname(__FILE__) . '/..');
my ($dir, $httpd_pid, @kids);

sub port { $port{$_[0]} }
sub root { $here }
sub mpm { $ENV{ATL_MPM} || 'event' }
sub dir { $dir ||= tempdir(CLEANUP => !$ENV{ATL_KEEP}) }

# ------------------------------------------------------------------------------- waiting

# Poll for an event; dies with its name when it does not come.
sub wait_for
{
    my ($what, $test, $deadline) = @_;
    my $end = time + ($deadline || 120);

    while (1) {
        my $found = $test->();
        return $found if $found;
        die "waited in vain for $what\n" if time > $end;
        sleep 0.02;
    }
}

# ------------------------------------------------------------------------------- httpd

sub key_pair
{
    my ($name, @algorithm) = @_;
    my $to = dir();

    return if -e "$to/$name.crt";
    my $said = qx(openssl req -x509 @algorithm -nodes -days 2 -subj /CN=$name \\
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \\
        -addext basicConstraints=critical,CA:FALSE -keyout $to/$name.key -out $to/$name.crt 2>&1);
    die "no certificate $name: $said\n" if !-e "$to/$name.crt";
    chmod 0644, "$to/$name.key";
}

sub vhost
{
    my ($name, $tls, $inside) = @_;

    return <<"END";
Listen 127.0.0.1:$port{$name}
<VirtualHost 127.0.0.1:$port{$name}>
$tls
$inside
</VirtualHost>
END
}

# Arguments: mpm => lines for the MPM, proxy => lines inside each virtual host, global => lines,
# load => more modules, ws => policy, module_last, without_module, descriptors => limit.
sub start_httpd
{
    my (%arg) = @_;
    my $to = dir();
    my $modules = $ENV{MODULES} || '/usr/lib/apache2/modules';
    my $module = $ENV{TEST_MODULE} or die "TEST_MODULE is not set\n";
    my $ws = $arg{ws} || $ENV{ATL_WS} || 'idle:3600,grace:20';
    my @load = map { "LoadModule ${_}_module $modules/mod_$_.so" }
        qw(authn_core authz_core authz_host alias setenvif headers mime reqtimeout status env proxy
           proxy_http proxy_balancer lbmethod_byrequests slotmem_shm ssl socache_shmcb http2), @{$arg{load} || []};
    my $own = "LoadModule atlassian_proxy_module $module";

    @load = $arg{module_last} ? (@load, $own) : ($own, @load) if !$arg{without_module};
    key_pair('rsa', '-newkey', 'rsa:2048');
    key_pair('ecdsa', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1');
    key_pair('user', '-newkey', 'rsa:2048');
    my $proxy = <<"END";
SetEnvIf Request_URI "^/" "atl-websocket=$ws"
SetEnvIf Request_URI "^/not-here" !atl-websocket
@{[$arg{proxy} || '']}
ProxyPass /status !
ProxyPass /tls/ https://127.0.0.1:$port{rogue_tls}/ upgrade=websocket
ProxyPass /peer/ http://127.0.0.1:$port{peer}/ upgrade=websocket
ProxyPass /pool/ balancer://pool/ stickysession=ROUTEID
ProxyPass / http://127.0.0.1:$port{rogue}/ upgrade=websocket
SSLProxyEngine on
SSLProxyCheckPeerName off
SSLProxyCheckPeerCN off
SSLProxyVerify none
<Location /status>
  SetHandler server-status
</Location>
<Proxy "balancer://pool">
  BalancerMember http://127.0.0.1:$port{rogue} route=a upgrade=websocket
</Proxy>
END
    my $ssl = sub {
        "SSLEngine on\nSSLCertificateFile $to/$_[0].crt\nSSLCertificateKeyFile $to/$_[0].key\n"
            . ($_[1] || '');
    };
    my $conf = join "\n", "LoadModule mpm_" . mpm() . "_module $modules/mod_mpm_" . mpm() . ".so",
        @load, "ServerRoot $to", 'ServerName localhost', 'User www-data', 'Group www-data',
        "PidFile $to/httpd.pid", "DefaultRuntimeDir $to", "ErrorLog $to/error.log",
        'TypesConfig /dev/null',
        'LogLevel ' . ($ENV{ATL_LOGLEVEL} || 'warn')
            . ($arg{without_module} ? '' : ' atlassian_proxy:info'),
        'LogFormat "%h \"%r\" %>s %X" short', "CustomLog $to/access.log short",
        "SSLSessionCache shmcb:$to/ssl(512000)", 'CoreDumpDirectory /tmp',
        ($arg{mpm} || "StartServers 1\nThreadsPerChild 25\nMaxRequestWorkers 150\n"
            . (mpm() eq 'prefork' ? '' : "MaxSpareThreads 150\n")),
        ($arg{global} || ''),
        vhost('plain', '', $proxy), vhost('tls', $ssl->('rsa'), "Protocols h2 http/1.1\n$proxy"),
        vhost('tls12', $ssl->('rsa', 'SSLProtocol TLSv1.2'), $proxy),
        vhost('ecdsa', $ssl->('ecdsa'), $proxy),
        vhost('cert', $ssl->('rsa', "SSLCACertificateFile $to/user.crt\n"
                . "<Location /echo>\nSSLVerifyClient require\nSSLVerifyDepth 1\n</Location>"),
              $proxy);
    $conf =~ s/^(Threads|MaxSpareThreads).*\n//mg if mpm() eq 'prefork';
    open my $fh, '>', "$to/httpd.conf" or die $!;
    print $fh $conf;
    close $fh;
    chmod 0755, $to;
    my $starts = log_count(qr/resuming normal operations/);
    $httpd_pid = fork();
    if (!$httpd_pid) {
        my @httpd = ($ENV{HTTPD} || '/usr/sbin/apache2', '-D', 'FOREGROUND', '-f', "$to/httpd.conf");

        POSIX::setsid(); # at a stop, prefork sends SIGTERM to its whole process group
        # Hard and soft: the module raises the soft one.
        @httpd = ('sh', '-c', "ulimit -n $arg{descriptors}; exec \"\$@\"", 'sh', @httpd)
            if $arg{descriptors};
        exec(@httpd) or POSIX::_exit(127);
    }
    wait_for('httpd to start', sub {
        waitpid($httpd_pid, POSIX::WNOHANG()) and die "httpd did not start:\n" . log_text();
        log_count(qr/resuming normal operations/) > $starts;
    });
    return $httpd_pid;
}

sub signal_httpd { kill $_[0], $httpd_pid }

sub stop_httpd
{
    return if !$httpd_pid;
    Atl::Httpd::settle($httpd_pid);
    kill 'TERM', $httpd_pid;
    wait_for('httpd to stop', sub { waitpid($httpd_pid, POSIX::WNOHANG()) });
    undef $httpd_pid;
}

sub log_text
{
    my $name = $_[0] || 'error.log';

    open my $fh, '<', dir() . "/$name" or return '';
    local $/;
    return scalar <$fh> // '';
}

sub log_count { my ($re, $name) = @_; my $n = () = log_text($name) =~ /$re/g; return $n }

sub wait_log
{
    my ($re, $count, $deadline) = @_;

    return wait_for("log line $re", sub { log_count($re) >= ($count || 1) }, $deadline);
}

# Process ids of httpd's children.
sub children
{
    open my $fh, '<', "/proc/$httpd_pid/task/$httpd_pid/children" or return;
    return split ' ', <$fh> // '';
}

# Lines nobody expects: crashes, and anything at error or above that is not allowed for.
sub unused_log_lines
{
    # A certificate that is its own authority; a scoreboard that a reload fills; AH01882: see Atl::Log.
    my @allowed = (@_, qr/AH01906/, qr/AH00485/, qr/AH01882/, qr/:(?:info|notice)\]/);

    return grep { my $line = $_; !grep { $line =~ $_ } @allowed } split /\n/, log_text();
}

# ------------------------------------------------------------------------------- rogue backend

sub start_rogue
{
    key_pair('rsa', '-newkey', 'rsa:2048');
    for my $name ('rogue', 'rogue_tls') {
        my @tls = $name eq 'rogue_tls' ? (dir() . '/rsa') : ();
        my $pid = fork();

        if (!$pid) {
            exec($^X, "$here/rogue.pl", $port{$name}, @tls) or POSIX::_exit(127);
        }
        push @kids, $pid;
        wait_for('the rogue backend', sub {
            IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port{$name}")
        });
    }
}

my $owner = $$;

END {
    if ($$ == $owner) {
        my $status = $?;

        eval { stop_httpd() };
        my ($report) = log_text() =~ /^(.*(?:\w+Sanitizer: |: runtime error: ).*)$/m;
        if ($report) {
            print STDERR "# a sanitizer's report in httpd's log:\n", log_text() =~ s/^/# /mgr;
            $status ||= 1;
        }
        kill 'TERM', map { -$_ } @kids;
        waitpid $_, 0 for @kids;
        $? = $status;
    }
}

# ------------------------------------------------------------------------------- raw client

sub plain_client
{
    my (%arg) = @_;
    my $s = IO::Socket::INET->new(Proto => 'tcp', Blocking => 1) || die $!;

    setsockopt $s, SOL_SOCKET, SO_RCVBUF, pack('i', $arg{rcvbuf}) if $arg{rcvbuf};
    $s->connect(Socket::pack_sockaddr_in($port{$arg{to} || 'plain'},
        Socket::inet_aton('127.0.0.1'))) or die "connect: $!\n";
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    return $s;
}

sub tls_client
{
    my (%arg) = @_;
    my $s = plain_client(to => $arg{to} || 'tls');

    IO::Socket::SSL->start_SSL($s, SSL_verify_mode => SSL_VERIFY_NONE,
        SSL_version => $arg{version} || 'TLSv1_3', %{$arg{ssl} || {}}) or die "TLS: $SSL_ERROR\n";
    return $s;
}

# Close with a RST.
sub reset_socket
{
    my ($s) = @_;

    $s->stop_SSL(SSL_no_shutdown => 1) if ref $s eq 'IO::Socket::SSL';
    setsockopt $s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    CORE::close($s);
}

# Header lines: a string replaces, undef removes, an array repeats.
sub request_head
{
    my ($path, %with) = @_;
    my $method = delete $with{METHOD} || 'GET';
    my $version = delete $with{VERSION} || 'HTTP/1.1';
    my %h = (Host => 'localhost', Upgrade => 'websocket', Connection => 'Upgrade',
        'Sec-WebSocket-Version' => 13, 'Sec-WebSocket-Key' => $KEY, %with);
    my $head = "$method $path $version\r\n";

    for my $name (sort keys %h) {
        $head .= "$name: $_\r\n" for grep { defined } ref $h{$name} ? @{$h{$name}} : $h{$name};
    }
    return "$head\r\n";
}

# One read with a deadline. Returns '' at the end, undef on a reset; dies when nothing comes.
sub read_some
{
    my ($s, $size, $deadline) = @_;
    my $end = time + ($deadline || 120);

    while (1) {
        if (!(ref $s eq 'IO::Socket::SSL' && $s->pending)) {
            my $left = $end - time;
            die "nothing came\n" if $left <= 0 || !IO::Select->new($s)->can_read($left);
        }
        my $n = sysread($s, my $buf, $size);
        return $buf if defined $n;
        next if $!{EAGAIN} || $!{EWOULDBLOCK} || $!{EINTR};
        return undef;
    }
}

sub read_exactly
{
    my ($s, $len) = @_;
    my $all = '';

    while (length $all < $len) {
        my $some = read_some($s, $len - length $all);
        die 'ended after ' . length($all) . " of $len bytes\n" if !defined $some || $some eq '';
        $all .= $some;
    }
    return $all;
}

# The rest up to the end. In list context also how it ended: "eof" or "reset".
sub read_to_end
{
    my ($s, $deadline) = @_;
    my $all = '';

    while (1) {
        my $some = read_some($s, 65536, $deadline);
        return wantarray ? ($all, defined $some ? 'eof' : 'reset') : $all
            if !defined $some || $some eq '';
        $all .= $some;
    }
}

# Reads a response head and no byte more: (status, head).
sub read_head
{
    my ($s) = @_;
    my $head = '';

    $head .= read_exactly($s, 1) while $head !~ /\r\n\r\n\z/;
    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)} or die "no status line in: $head\n";
    return ($status, $head);
}

# Opens a WebSocket and insists on the 101.
sub upgrade
{
    my ($s, $path, %with) = @_;

    print {$s} request_head($path, %with);
    $s->flush;
    my ($status, $head) = read_head($s);
    die "status $status for $path:\n$head" if $status != 101;
    return $head;
}

# ------------------------------------------------------------------------------- frames

# A frame; masked as a client's unless told otherwise.
sub frame
{
    my ($payload, %arg) = @_;
    my $mask = exists $arg{mask} ? $arg{mask} : "\x12\x34\x56\x78";
    my $len = length $payload;
    my $f = chr($arg{first} || 0x82);
    my $m = $mask ? 0x80 : 0;

    $f .= $len < 126 ? chr($m | $len)
        : $len < 65536 ? chr($m | 126) . pack('n', $len)
        :                chr($m | 127) . pack('Q>', $len);
    return $f . $payload if !$mask;
    my $pad = substr $mask x (int($len / 4) + 1), 0, $len;
    return $f . $mask . ($payload ^ $pad);
}

# Reads one frame: (first byte, payload).
sub read_frame
{
    my ($s) = @_;
    my ($first, $len) = unpack 'CC', read_exactly($s, 2);
    my $masked = $len & 0x80;

    $len &= 0x7f;
    $len = unpack 'n', read_exactly($s, 2) if $len == 126;
    $len = unpack 'Q>', read_exactly($s, 8) if $len == 127;
    my $mask = $masked ? read_exactly($s, 4) : '';
    my $payload = $len ? read_exactly($s, $len) : '';
    $payload ^= substr $mask x (int($len / 4) + 1), 0, $len if $masked;
    return ($first, $payload);
}

1;
