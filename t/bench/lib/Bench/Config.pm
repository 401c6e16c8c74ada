# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Bench::Config;

# The same site for each proxy: what an administrator would write who knows the proxy and has read the vendor's page.
#
# A site is { apps => [[CONTEXT, BACKEND PORT], ...], listen => [plain, tls], port =>, tls_port => } and optionally
# sockets => PORT (WebSockets below /synchrony go there), vhosts => N (that many virtual hosts with the first app
# each), nodes => [PORT, ...] (the first app runs on these, with sticky sessions), check => SECONDS (their health: 5).

use strict;
use warnings;

use Atl::Httpd ();
use Bench::Run qw(dir certificate);

# As a server has them that does this job.
my @MODULES = qw(mpm_event authn_core authz_core authz_host alias dir env headers mime remoteip reqtimeout rewrite setenvif
    status proxy proxy_http ssl socache_shmcb unixd log_config);
my @CLUSTER = qw(slotmem_shm watchdog proxy_balancer lbmethod_byrequests lbmethod_bybusyness proxy_hcheck);

sub cluster_modules { return @CLUSTER }

my %WRITER = (nginx => \&nginx, haproxy => \&haproxy);
my %INSIDE = (module => \&module, cached => \&module_cached, modern => \&modern, recipe => \&recipe, httpd => sub { '' });

sub text {
    my ($kind, $site, $conf) = @_;
    return $WRITER{$kind}->($site, $conf) if $WRITER{$kind};
    return httpd($kind, $site, $conf);
}

# inside(KIND, SITE, SCHEME, PORT): what stands in a virtual host of httpd's at that public scheme and port.
sub inside {
    my ($kind, @site) = @_;
    return $INSIDE{$kind}->(@site);
}

sub listens {
    my ($site, $how) = @_;
    return scalar grep { $_ eq $how } @{ $site->{listen} || ['plain'] };
}

# ------------------------------------------------------------------ httpd

# MPM settings are httpd's and Debian's own: 150 workers, 25 a child.
sub httpd {
    my ($kind, $site, $conf) = @_;
    my $own = $kind eq 'module' || $kind eq 'cached' ? $ENV{TEST_MODULE} : undef;
    my $dir = dir();
    my $text = "ServerRoot $dir\nServerName localhost\nPidFile $conf.pid\nErrorLog $conf.err\nLogLevel warn\n"
        . "DefaultRuntimeDir $dir\n"
        . Atl::Httpd::load_lines(@MODULES, ($site->{nodes} ? @CLUSTER : ()),
            ($kind eq 'cached' ? qw(cache cache_disk) : ()), ($own ? $own : ()))
        . Atl::Httpd::user_lines() . "TypesConfig /dev/null\nSSLSessionCache shmcb:$conf.ssl(512000)\n"
        . "StartServers 2\nMinSpareThreads 25\nMaxSpareThreads 150\nThreadsPerChild 25\nMaxRequestWorkers 150\n"
        # As many as nginx allows.
        . "MaxKeepAliveRequests 1000\n"
        . qq{LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined\n}
        . "CustomLog $conf.access combined\n";
    $text .= "Listen 127.0.0.1:$site->{port}\n" if listens($site, 'plain');
    $text .= "Listen 127.0.0.1:$site->{tls_port}\n" if listens($site, 'tls');
    $text .= virtual_host("*:$site->{port}", $_ == 1 ? 'localhost' : "w$_.example.test",
        inside($kind, $site, 'http', $site->{port}))
        for listens($site, 'plain') ? 1 .. $site->{vhosts} || 1 : ();
    $text .= cache($conf) if $kind eq 'cached';
    # The name that clients ask for: what is asked for under another is not kept in a cache.
    $text .= virtual_host("*:$site->{tls_port}", 'https://localhost:443',
        "SSLEngine on\nSSLCertificateFile " . certificate() . "\n" . inside($kind, $site, 'https', $site->{tls_port}))
        if listens($site, 'tls');
    return $text;
}

# What Debian's cache_disk.conf says, with an empty directory.
sub cache {
    my ($conf) = @_;
    mkdir "$conf.cache" or die "$conf.cache: $!\n";
    chmod 0777, "$conf.cache";
    return "CacheRoot $conf.cache\nCacheDirLevels 2\nCacheDirLength 1\n";
}

sub virtual_host {
    my ($address, $name, $inside) = @_;
    return "<VirtualHost $address>\nServerName $name\n$inside</VirtualHost>\n";
}

sub module {
    my ($site, undef, undef, @more) = @_;
    my @lines;
    for my $app (@{ $site->{apps} }) {
        my ($context, $port) = @$app;
        my @nodes = map { "http://127.0.0.1:$_$context" } $site->{nodes} ? @{ $site->{nodes} } : $port;
        # Only Confluence has Synchrony.
        my @words = @lines || !$site->{sockets} ? 'jira' : 'confluence';
        push @lines, join(' ', 'AtlassianApp', @words, @nodes,
            (!@lines && $site->{sockets} ? "synchrony=http://127.0.0.1:$site->{sockets}" : ()),
            ($site->{check} ? "hcinterval=$site->{check}" : ()), @more) . "\n";
    }
    return join '', @lines;
}

sub module_cached { return module(@_[0 .. 2], 'cache=on') }

# The best that can be written by hand for httpd 2.4.71: what the module is compared with.
sub modern {
    my ($site, $scheme, $public) = @_;
    my $text = "ProxyRequests Off\nProxyPreserveHost On\nAllowEncodedSlashes NoDecode\nRemoteIPHeader X-Forwarded-For\n"
        . "RemoteIPInternalProxy 10.0.0.0/8\nRequestHeader set X-Forwarded-Proto $scheme\n"
        . "RequestHeader set X-Forwarded-Port $public\n";
    $text .= synchrony($site, 'upgrade=websocket timeout=3600') if $site->{sockets};
    return $text . cluster($site) if $site->{nodes};
    for (@{ $site->{apps} }) {
        my ($context, $port) = @$_;
        $text .= "ProxyPass $context http://127.0.0.1:$port$context nocanon timeout=300 connectiontimeout=10 ttl=15\n"
            . "ProxyPassReverse $context http://127.0.0.1:$port$context\n";
    }
    return $text;
}

sub synchrony {
    my ($site, $words) = @_;
    my $to = "http://127.0.0.1:$site->{sockets}/synchrony";
    return "ProxyPass /synchrony $to $words\nProxyPassReverse /synchrony $to\n";
}

# Sticky by a cookie of the balancer's own and health-checked, as httpd's documentation has it.
sub cluster {
    my ($site) = @_;
    my ($context) = @{ $site->{apps}[0] };
    my $n = 0;
    my $check = $site->{check} || 5;
    my $members = join '', map { $n++; "BalancerMember http://127.0.0.1:$_ route=node$n connectiontimeout=5 ttl=15 "
        . "timeout=300 hcmethod=GET hcexpr=running hcinterval=$check hcuri=$context/status\n" } @{ $site->{nodes} };
    return qq{ProxyHCExpr running {hc('body') =~ /"RUNNING"/}\n}
        . qq{Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=$context" env=BALANCER_ROUTE_CHANGED\n}
        . qq{<Proxy "balancer://app">\n$members}
        . "ProxySet stickysession=ROUTEID lbmethod=byrequests\n</Proxy>\n"
        . "ProxyPass $context balancer://app$context nocanon\nProxyPassReverse $context balancer://app$context\n";
}

# The vendor's page (2018), in its order and with its words.
sub recipe {
    my ($site) = @_;
    my $text = "ProxyRequests Off\n<Proxy *>\nRequire all granted\n</Proxy>\n";
    if (my $port = $site->{sockets}) {
        $text .= "ProxyPass /synchrony http://127.0.0.1:$port/synchrony\n"
            . "<Location /synchrony>\nRequire all granted\nRewriteEngine on\n"
            . "RewriteCond %{HTTP:UPGRADE} ^WebSocket\$ [NC]\nRewriteCond %{HTTP:CONNECTION} Upgrade\$ [NC]\n"
            . "RewriteRule .* ws://127.0.0.1:$port%{REQUEST_URI} [P]\n</Location>\n";
    }
    for (@{ $site->{apps} }) {
        my ($context, $port) = @$_;
        $text .= "ProxyPass $context http://127.0.0.1:$port$context\n"
            . "ProxyPassReverse $context http://127.0.0.1:$port$context\n";
    }
    return "$text<Location />\nRequire all granted\n</Location>\nRemoteIPHeader X-Forwarded-For\n";
}

# ------------------------------------------------------------------ nginx

# The vendor's headers; connections to the application kept alive, which its page lacks.
sub nginx {
    my ($site, $conf) = @_;
    my $dir = dir();
    my $headers = "proxy_http_version 1.1; proxy_set_header Host \$http_host; "
        . "proxy_set_header X-Forwarded-Host \$host; proxy_set_header X-Forwarded-Server \$host; "
        . "proxy_set_header X-Forwarded-Proto \$scheme; "
        . "proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;";
    my (%upstream, $locations);
    for (@{ $site->{apps} }) {
        my ($context, $port) = @$_;
        $upstream{$port} = "upstream app$port { server 127.0.0.1:$port; keepalive 64; }\n";
        $locations .= qq{location $context { proxy_pass http://app$port; $headers proxy_set_header Connection ""; proxy_read_timeout 300s; }\n};
    }
    $locations .= "location /synchrony { proxy_pass http://127.0.0.1:$site->{sockets}; $headers "
        . "proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection \"Upgrade\"; "
        . "proxy_read_timeout 3600s; }\n" if $site->{sockets};
    return ($> ? '' : "user nobody nogroup;\n")
        . "daemon off;\npid $conf.pid;\nerror_log $conf.err;\nworker_processes auto;\nworker_rlimit_nofile 20000;\n"
        . "events { worker_connections 10000; }\nhttp {\naccess_log $conf.access combined;\n"
        . join('', map { "${_}_temp_path $dir/nginx_$_;\n" } qw(client_body proxy fastcgi uwsgi scgi))
        # As Debian's nginx.conf has them.
        . "sendfile on;\ntcp_nopush on;\n"
        . "client_max_body_size 100m;\n" . join('', map { $upstream{$_} } sort keys %upstream)
        . "server {\n" . (listens($site, 'plain') ? "listen 127.0.0.1:$site->{port};\n" : '')
        . (listens($site, 'tls')
            ? "listen 127.0.0.1:$site->{tls_port} ssl;\nssl_protocols TLSv1.2 TLSv1.3;\n"
                . join('', map { "$_ " . certificate() . ";\n" } qw(ssl_certificate ssl_certificate_key)) : '')
        . "server_name localhost;\n$locations}\n}\n";
}

# ------------------------------------------------------------------ HAProxy

sub haproxy {
    my ($site, $conf) = @_;
    my (@map, @backends, $n);
    for (@{ $site->{apps} }) {
        my ($context, $port) = @$_;
        $n++;
        push @map, "$context app$n\n";
        push @backends, "backend app$n\n    server s 127.0.0.1:$port\n";
    }
    if ($site->{sockets}) {
        push @map, "/synchrony synchrony\n";
        push @backends, "backend synchrony\n    server s 127.0.0.1:$site->{sockets}\n";
    }
    Atl::Backends::spew("$conf.map", join '', @map);
    return "global\n    maxconn 9000\n    log stdout format raw local0\n" . ($> ? '' : "    user nobody\n    group nogroup\n")
        . "    ssl-default-bind-options ssl-min-ver TLSv1.2\ndefaults\n    mode http\n    log global\n    option httplog\n"
        . "    option forwardfor\n    timeout connect 10s\n    timeout client 300s\n    timeout server 300s\n"
        . "    timeout tunnel 1h\nfrontend all\n"
        . (listens($site, 'plain') ? "    bind 127.0.0.1:$site->{port}\n" : '')
        . (listens($site, 'tls') ? "    bind 127.0.0.1:$site->{tls_port} ssl crt " . certificate() . "\n" : '')
        . "    http-request set-header X-Forwarded-Proto https if { ssl_fc }\n"
        . "    http-request set-header X-Forwarded-Proto http unless { ssl_fc }\n"
        . "    use_backend %[path,map_beg($conf.map)]\n" . join('', @backends);
}

1;
