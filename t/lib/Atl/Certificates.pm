# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Certificates;

# Certificates made for one test run, by the openssl program.
#
#   my $ca = Atl::Certificates->authority('Test authority');
#   my $file = $ca->certificate('wiki', names => ['wiki.example.test']);   # PEM: certificate, then key
#   Atl::Certificates->self_signed('lone', names => ['localhost']);
#   my ($pem, $ca_file) = Atl::Certificates->usual;         # localhost, 127.0.0.1 and *.example.test
#
# Files are in the run's logs directory.

use strict;
use warnings;

use Atl::Backends ();

my $count = 0;

sub openssl {
    my (@arguments) = @_;
    my $log = "$ENV{ATL_LOGS}/openssl-$$.log";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>',  $log      or POSIX::_exit(126);
        open STDERR, '>&', \*STDOUT  or POSIX::_exit(126);
        open STDIN,  '<',  '/dev/null' or POSIX::_exit(126);
        exec 'openssl', @arguments or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    die "openssl @arguments:\n" . Atl::Backends::slurp($log) if $?;
    return;
}

sub stem {
    my ($name) = @_;
    return "$ENV{ATL_LOGS}/cert-$$-" . ++$count . "-$name";
}

sub new_key {
    my ($file) = @_;
    # Unlike genpkey's, in the form that mod_ssl with OpenSSL 1.1.1 finds in SSLProxyMachineCertificateFile.
    openssl(qw(ecparam -name prime256v1 -genkey -noout -out), $file);
    return $file;
}

# Certificate and key in one file, as HAProxy wants it and httpd takes it.
sub join_pem {
    my ($stem) = @_;
    Atl::Backends::spew("$stem.pem", Atl::Backends::slurp("$stem.crt") . Atl::Backends::slurp("$stem.key"));
    return "$stem.pem";
}

sub authority {
    my ($class, $name) = @_;
    my $stem = stem('ca');
    new_key("$stem.key");
    openssl(qw(req -x509 -new -days 30 -key), "$stem.key", '-out', "$stem.crt", '-subj', "/CN=$name");
    return bless { stem => $stem }, $class;
}

# The authority's own certificate.
sub file {
    return "$_[0]{stem}.crt";
}

sub extensions {
    my ($stem, %option) = @_;
    my $names = join ',', map { /^[\d.]+$|:/ ? "IP:$_" : "DNS:$_" } @{ $option{names} || [] };
    Atl::Backends::spew("$stem.ext", "basicConstraints=CA:FALSE\n" . ($names ? "subjectAltName=$names\n" : ''));
    return "$stem.ext";
}

# certificate(NAME, names => [...], expired => 1)
sub certificate {
    my ($self, $name, %option) = @_;
    my $stem = stem($name);
    new_key("$stem.key");
    openssl(qw(req -new -key), "$stem.key", '-out', "$stem.csr", '-subj', '/CN=' . ($option{cn} // $name));
    # "openssl x509" of before 3.4 knows no dates, that of later no days below 0.
    Atl::Backends::spew("$stem.db", '');
    Atl::Backends::spew("$stem.cnf", "[ca]\ndefault_ca = d\n[d]\ndatabase = $stem.db\nnew_certs_dir = $ENV{ATL_LOGS}\n"
        . "rand_serial = yes\ndefault_md = sha256\npolicy = p\n[p]\ncommonName = supplied\n");
    openssl(qw(ca -batch -notext -config), "$stem.cnf", '-in', "$stem.csr", '-cert', "$self->{stem}.crt", '-keyfile',
        "$self->{stem}.key", ($option{expired} ? qw(-startdate 20200101000000Z -enddate 20200201000000Z) : qw(-days 30)),
        '-extfile', extensions($stem, %option), '-out', "$stem.crt");
    return join_pem($stem);
}

sub usual {
    my ($class) = @_;
    my $ca = $class->authority('Test authority');
    return ($ca->certificate('localhost', names => ['localhost', '127.0.0.1', '*.example.test']), $ca->file);
}

sub self_signed {
    my ($class, $name, %option) = @_;
    my $stem = stem($name);
    new_key("$stem.key");
    my $names = join ',', map { "DNS:$_" } @{ $option{names} || [] };
    openssl(qw(req -x509 -new -days 30 -key), "$stem.key", '-out', "$stem.crt", '-subj', "/CN=$name",
        ($names ? ('-addext', "subjectAltName=$names") : ()));
    return join_pem($stem);
}

1;
