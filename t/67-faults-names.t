# Names that do not resolve, at the start and later: the other applications go on, and it mends by itself.
# libnss-wrapper lets this test decide what the system's resolver says; .invalid is never a real name (RFC 6761).
use Atl::Test;

use Atl::Backends ();
use Atl::Fault;
use Atl::Server;

my ($WRAPPER) = map { glob "$_/libnss_wrapper.so" } qw(/usr/lib/*-linux-gnu /usr/lib64 /usr/lib);
die "libnss_wrapper.so not found: install libnss-wrapper\n" if !$WRAPPER;

my %port = map { $_ => backend_port("$_-http") } qw(confluence jira bamboo);
my $NEIGHBOUR = '/wiki/echo';
my $hosts = "$ENV{ATL_LOGS}/hosts";
my $times = 1_000_000_000;

# names(NAMES): what resolves from now on. The wrapper looks at whole seconds of the file's time.
sub names {
    Atl::Backends::spew($hosts, join '', "127.0.0.1 localhost\n", map { "127.0.0.1 $_\n" } @_);
    chmod 0644, $hosts;
    $times++;
    utime $times, $times, $hosts or die "$hosts: $!\n";
    return;
}

sub status {
    my ($server, $path) = @_;
    return get($server->port, $path, host => 'people.example.test')->{status};
}

names();
my $server = Atl::Server->start(through => ['env', "LD_PRELOAD=$WRAPPER", "NSS_WRAPPER_HOSTS=$hosts"], text => sub { <<"END" });
Listen 127.0.0.1:$_[0]
<VirtualHost *:$_[0]>
    ServerName http://people.example.test
    AtlassianApp jira http://jira.invalid:$port{jira}/jira
    AtlassianApp bamboo http://bamboo.invalid:$port{bamboo}/bamboo addressttl=1
    AtlassianApp confluence http://127.0.0.1:$port{confluence}/wiki synchrony=off
</VirtualHost>
END
my $before = footprint($server);

fault 'name of a backend does not resolve at the start' => sub {
    my ($case) = @_;
    $case->ok('httpd starts', 1);
    $case->is('application', status($server, '/jira/echo'), 503);
    $case->logged($server, qr/ATLP1014/);
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    names('jira.invalid');
    $case->recovers($server, '/jira/echo', 'application served once it resolves,');
    $case->bounded($server, $before);
};

fault 'name of a backend vanishes (DNS gone)' => sub {
    my ($case) = @_;
    names('jira.invalid', 'bamboo.invalid');
    $case->recovers($server, '/bamboo/echo', 'application served');
    names();
    # Every child has to know the address: those that do not ask in vain. One that was found stays valid.
    $case->ok('children that know the address go on', wait_until(sub { status($server, '/jira/echo') == 200 }));
    $case->ok('with addressttl= it is asked for again, in vain: 503', wait_until(sub { status($server, '/bamboo/echo') == 503 }));
    $case->logged($server, qr/ATLP1014: AtlassianApp bamboo/, 'ATLP1014');
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    names('bamboo.invalid', 'jira.invalid');
    $case->recovers($server, '/bamboo/echo', 'application served once it resolves again,');
    $case->bounded($server, $before);
};

fault 'a new line names a backend that does not resolve' => sub {
    my ($case) = @_;
    my $text = Atl::Backends::slurp($server->file);
    $text =~ s{^(.*AtlassianApp jira .*\n)}{$1    AtlassianApp crowd http://crowd.invalid/crowd\n}m;
    Atl::Backends::spew($server->file, $text);
    $server->signal('USR1');
    $case->ok('httpd reloads', wait_until(sub { (() = Atl::Backends::slurp($server->error_log) =~ /resuming normal/g) == 2 }));
    $case->ok('new application: 503', wait_until(sub { status($server, '/crowd/') == 503 }));
    $case->logged($server, qr/ATLP1014: AtlassianApp crowd/, 'ATLP1014');
    $case->recovers($server, $NEIGHBOUR, 'neighbour served');
    $case->bounded($server, $before);
};

is_deeply([grep { !/AH00898: DNS lookup|AH00944|ATLP1014/ } $server->stop], [], 'nothing else in the log');
done_testing;
