# One path: what <Location>, Require and admin= are asked about is what the container resolves. Each attempt of
# t/paths.tsv is sent as it is to a real Tomcat and a real Jetty, and to both through httpd, with rules and without;
# the containers say themselves what they made of it.
use Atl::Test;

use Atl::Backends ();
use Atl::Clients 'exchange';
use Atl::Report;
use Atl::Server;

my @attempts = map { /^#/ ? () : [split /\t/, $_, 2] } split /\n/, Atl::Backends::slurp("$ENV{ATL_SRCDIR}/t/paths.tsv");
cmp_ok(scalar @attempts, '>=', 200, @attempts . ' attempts');

my %container = (
    Tomcat => { line => 'confluence', context => '/wiki', port => backend_port('confluence-http') },
    Jetty  => { line => 'fisheye', context => '/fisheye', port => backend_port('fisheye-http') },
);

# Both say what httpd thinks the path is, and whether the request was for the application.
my $server = Atl::Server->start(ports => 2, text => sub {
    my ($open, $guarded) = @_;
    my $say = qq{LimitRequestLine 16000\nHeader always set X-Path "expr=[%{REQUEST_URI}]"\nHeader always set X-Handler "expr=%{HANDLER}"\n};
    my $site = sub {
        my ($key, $rules) = @_;
        return "ServerName site.test\n" . join('', map {
            "AtlassianApp $_->{line} http://127.0.0.1:$_->{port}$_->{context} $key\n"
                . ($rules ? "<Location $_->{context}/secret>\nRequire all denied\n</Location>\n" : '')
        } values %container);
    };
    return join "\n", $say, (map { "Listen 127.0.0.1:$_" } @_),
        "<VirtualHost *:$open>\n" . $site->('', 0) . '</VirtualHost>',
        "<VirtualHost *:$guarded>\n" . $site->('admin=192.0.2.1', 1) . '</VirtualHost>', '';
});
my ($OPEN, $GUARDED) = map { $server->port($_) } 0, 1;

sub target {
    my ($text, $context, $page) = @_;
    my %word = (c => $context, s => substr($context, 1), p => $page, C => uc $context, P => uc $page);
    $text =~ s/<(\d+):([^>]+)>/$2 x $1/ge;
    $text =~ s/\{([cspCP])\}/$word{$1}/g;
    $text =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
    return $text;
}

my $raw_path = send_to($container{Tomcat}{port}, '/wiki/a%25b')->echo;
my $keeps_percent = join('', map { $_ // '' } @$raw_path{qw(servletPath pathInfo)}) =~ /%25b$/;

# The container's own reading of the path, decoded, from its echo; undef when it served nothing. What it calls the
# context path is as sent (Servlet 6.0, getContextPath), the rest is decoded.
sub resolved {
    my ($response, $target) = @_;
    return undef if !$response || $response->{status} != 200;
    my $seen = eval { $response->echo } or return undef;
    my ($name) = grep { $container{$_}{line} eq $seen->{product} } keys %container;
    my $path = join '', map { $_ // '' } @$seen{qw(servletPath pathInfo)};
    # With encodedSolidusHandling="passthrough" Tomcat leaves these two as they came, and only these; an older one only the
    # first, which then may as well come of a %252f.
    my $left = $name ne 'Tomcat' ? qr/(?!)/ : $keeps_percent ? qr/2f|25/i : $target =~ /%25/ ? qr/(?!)/ : qr/2f/i;
    $path =~ s/%($left)/chr hex $1/ge;
    $path = "$container{$name}{context}$path";
    utf8::encode($path) if utf8::is_utf8($path);
    return $path;
}

# Slashes that came encoded, and backslashes, count as slashes for access rules: in the most lenient container's way.
sub lenient {
    my ($path) = @_;
    $path =~ tr{\\}{/};
    $path =~ s{//+}{/}g;
    return $path;
}

sub send_to {
    my ($port, $target) = @_;
    # What is no request at all gets a closed connection, or HTTP/0.9's answer without a head.
    return eval { exchange("GET $target HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n", port => $port, from => '127.0.0.9') };
}

# How Java writes bytes that are no UTF-8, and how a header shows bytes beyond ASCII, is not what is compared.
sub comparable {
    my ($path) = @_;
    $path =~ s/(?:\xef\xbf\xbd|[\x80-\xff]|\\x[0-9a-f]{2})+/?/g;
    return $path;
}

# Here httpd and a container alone would differ in what ".." undoes: an empty segment, or a slash that came encoded.
# It is httpd that resolves them: the container is sent what is left, and reads that as httpd does.
my %FIRST = map { $_ => 1 } '{c}/x/;/../{p}', '{c}/x//../{p}', '{c}//..{c}/{p}', '{c}/x///../..//{s}/{p}', '{c}/x%2fy/../{p}';

my %count;
for my $attempt (@attempts) {
    my ($kind, $text) = @$attempt;
    my %seen;
    my $good = subtest "$kind: $text" => sub {
        for my $name (sort keys %container) {
            my ($context, $direct_port) = @{ $container{$name} }{qw(context port)};
            for my $page ('secret', 'admin') {
                my $target = target($text, $context, $page);
                my ($direct, $open, $guarded) = map { send_to($_, $target) } $direct_port, $OPEN, $GUARDED;
                my ($alone, $through, $leak) = map { resolved($_, $target) } $direct, $open, $guarded;
                my $guard = $page eq 'admin' ? qr{^\Q$context\E(?i:(?:/s/.*/_)?/admin)(?![a-z0-9])}i : qr{^\Q$context\E/secret(?:/|$)};
                my $passed = $open && ($open->header('X-Handler') // '') eq 'proxy-server';
                if (defined $through) {
                    is(comparable(lenient($through)), comparable($open->header('X-Path') =~ s/^\[|\]$//gr), "$name, $page: httpd's path is the container's");
                    $count{same}++;
                }
                if (defined $through && defined $alone) {
                    is(lenient("$through/"), lenient("$alone/"), "$name, $page: and the one it resolves without httpd") if !$FIRST{$text};
                    $count{direct}++;
                }
                my $guarded_page = defined($through // $alone) && lenient($through // $alone) =~ $guard;
                if ($guarded_page) {
                    cmp_ok($guarded ? $guarded->{status} : 400, '>=', 400, "$name, $page: guarded");
                    $count{guarded}++;
                }
                ok(!defined $leak || lenient($leak) !~ $guard, "$name, $page: nobody gets there");
                $seen{ !$passed ? 'refused by httpd' : $guarded_page ? 'read alike, and refused as the guarded page' : 'read alike' }++;
            }
        }
    };
    my $result = join '; ', sort keys %seen;
    report_row('One path', "$kind: $text", $result, $good ? $result : 'two paths');
}
# Not everything was refused: that would prove nothing.
cmp_ok($count{same}, '>', 400, "$count{same} times httpd and a container agreed");
cmp_ok($count{direct}, '>', 300, "$count{direct} times as the container alone");
cmp_ok($count{guarded}, '>', 300, "$count{guarded} times a guarded page was meant");

# AH02430: this test shows control characters in a header.
is_deeply([grep { !/AH01630|AH10244|AH02430|ATLP0701|ATLP10\d\d/ } $server->stop], [], 'nothing else in the log');
done_testing;
