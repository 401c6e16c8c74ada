# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Certificate;

# Certificates for the test servers, made anew in each run: an authority, and localhost, 127.0.0.1 and *.example.test signed by it.
#
#   my ($own, $ca) = Atl::Certificate::files();
#   SSLCertificateFile $own (it holds the key too)     curl --cacert $ca

use strict;
use warnings;

use Atl::Backends ();
use Atl::Server ();

my $EXTENSIONS = <<'END';
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1, DNS:*.example.test
END

sub files {
    my $stem = "$ENV{ATL_LOGS}/certificate";
    my @files = ("$stem.pem", "$stem.ca");
    return @files if -e $files[0];
    Atl::Backends::spew("$stem.cnf", $EXTENSIONS);
    my @key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);
    openssl($stem, 'req', '-x509', @key, '-days', 2, '-subj', '/CN=Test authority', '-config', "$stem.cnf",
        '-extensions', 'authority', '-keyout', "$stem.ca.key", '-out', "$stem.ca");
    openssl($stem, 'req', '-new', @key, '-subj', '/CN=localhost', '-config', "$stem.cnf", '-keyout', "$stem.key",
        '-out', "$stem.request");
    openssl($stem, 'x509', '-req', '-in', "$stem.request", '-CA', "$stem.ca", '-CAkey', "$stem.ca.key", '-set_serial', 1,
        '-days', 2, '-extfile', "$stem.cnf", '-extensions', 'server', '-out', "$stem.cert");
    Atl::Backends::spew("$stem.new", Atl::Backends::slurp("$stem.key") . Atl::Backends::slurp("$stem.cert"));
    rename "$stem.new", $files[0] or die "$files[0]: $!\n";
    return @files;
}

sub openssl {
    my ($stem, @arguments) = @_;
    my ($exit, $out, $err) = Atl::Server::run_captured("$stem.made", 'openssl', @arguments);
    die "openssl @arguments: $err\n" if $exit;
    return;
}

1;
