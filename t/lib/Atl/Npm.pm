# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Npm;

# Packages of npm that tests use, as the lock file of t/browser has them; installed once for a build directory.
use strict;
use warnings;
use Exporter 'import';
use File::Copy 'copy';
use File::Path 'make_path';

use Atl::Backends ();

our @EXPORT = qw(npm_directory);

# npm_directory(): where they are; its node_modules is for NODE_PATH.
sub npm_directory {
    my $from = "$ENV{ATL_SRCDIR}/t/browser";
    my $to   = "$ENV{ATL_BUILDDIR}/browser";
    my $lock = Atl::Backends::slurp("$from/package-lock.json");
    make_path($to);
    if (Atl::Backends::slurp("$to/installed") ne $lock) {
        copy("$from/$_", $to) or die "$_: $!\n" for qw(package.json package-lock.json);
        system("cd '$to' && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund >npm.log 2>&1") == 0
            or die "npm ci failed:\n" . Atl::Backends::slurp("$to/npm.log");
        Atl::Backends::spew("$to/installed", $lock);
    }
    return $to;
}

1;
