# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Report;

# One row for each attempt and fault that a test tried: what was expected and what was seen. The rows of all files
# make up t/FAULTS.md (t/faults-report), which is compared from run to run: no times, ports or process numbers here.
#
#   use Atl::Report;
#   report_row('Paths', 'GET /wiki/..;/secure', 'refused by httpd', $seen);
#
# They go to report-FILE.tsv, FILE the test file without ".t", in ATL_REPORT_DIR if that is set, else in ATL_LOGS.

use strict;
use warnings;

use Exporter 'import';
use File::Basename 'basename';

our @EXPORT = qw(report_row);
my $out;

# report_row(SECTION, ATTEMPT, EXPECTED, SEEN): four cells of text. Bytes that are not printable ASCII, and the
# backslash, are written \xNN, so that a row is always one line of four cells.
sub report_row {
    my @cells = @_;
    die "report_row wants section, attempt, expected, seen\n" if @cells != 4 || grep { !defined } @cells;
    s/([^\x20-\x5b\x5d-\x7e])/sprintf '\\x%02x', ord $1/ge for @cells;
    $out //= open_report();
    print {$out} join("\t", @cells), "\n";
    return;
}

# A run begins with an empty file; each row is on disk at once, whatever happens to the test afterwards.
sub open_report {
    my $dir = $ENV{ATL_REPORT_DIR} // $ENV{ATL_LOGS} // die "neither ATL_REPORT_DIR nor ATL_LOGS is set\n";
    my $file = "$dir/report-" . basename($0, '.t') . '.tsv';
    open my $handle, '>', $file or die "$file: $!\n";
    $handle->autoflush(1);
    return $handle;
}

1;
