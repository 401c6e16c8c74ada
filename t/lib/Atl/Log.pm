# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Log;

# Reads httpd's error log and says which lines nobody expected: every line of level warn and above, every line that
# is not in httpd's form (a sanitizer's report, a library's complaint), and children killed by a signal.

use strict;
use warnings;

# Lines that stock httpd writes without anything being wrong: pattern, reason.
our @NOISE = (
    [ qr/AH00045: child process \d+ still did not exit, sending a SIGTERM/,
        'a stop or restart while a kept-alive connection was open' ],
    [ qr/\(9\)Bad file descriptor: AH03092: process_lingering_close: /,
        'event: a hard stop takes the pollset away from threads that are closing connections' ],
    [ qr/AH01882: Init: this version of mod_ssl was compiled against a newer library/,
        'a system whose httpd was updated and whose OpenSSL was not: Debian lets packages of different days stand together' ],
    [ qr/ATLP0306: /, 'prefork: said at every start; tunnel/fallback.t looks for it' ],
    [ qr/ATLP0307: /, 'MaxSpareThreads as Apache::Test sets it: said at every start; tunnel/reload.t looks for it' ],
);

my %QUIET = map { $_ => 1 } qw(notice info debug), map { "trace$_" } 1 .. 8;

sub error_log {
    return "$ENV{ATL_LOGS}/error_log";
}

sub size {
    return -s error_log() || 0;
}

# suspicious(TEXT): the lines that need an explanation.
sub suspicious {
    my ($text) = @_;
    my @lines;
    for my $line (split /\n/, $text) {
        next if $line =~ /^\s*$/;
        my ($level) = $line =~ /^\[[^\]]+\] \[\w*:(\w+)\] /;
        next if $level && $QUIET{$level} && $line !~ /exit signal/;
        next if grep { $line =~ $_->[0] } @NOISE;
        push @lines, $line;
    }
    return @lines;
}

sub read_from {
    my ($start, $end) = @_;
    open my $in, '<', error_log() or return '';
    seek $in, $start, 0;
    my $text = '';
    read $in, $text, defined $end ? $end - $start : (-s $in);
    return $text;
}

# A file's part of the log is judged by the file itself; it leaves a note of which part that was.
sub note_window {
    my ($start, $end) = @_;
    open my $out, '>>', "$ENV{ATL_LOGS}/windows" or die "windows: $!\n";
    print {$out} "$start $end\n";
    close $out;
    return;
}

# check_rest(LOGS): after httpd's end: what no file has judged, start and stop above all. True when clean.
sub check_rest {
    my ($logs) = @_;
    local $ENV{ATL_LOGS} = $logs;
    my @windows;
    if (open my $in, '<', "$logs/windows") {
        @windows = sort { $a->[0] <=> $b->[0] } map { [split] } <$in>;
    }
    my ($at, $text) = (0, '');
    for my $window (@windows) {
        $text .= read_from($at, $window->[0]) if $window->[0] > $at;
        $at = $window->[1] if $window->[1] > $at;
    }
    $text .= read_from($at);
    my @lines = suspicious($text);
    print "unexpected in the error log, outside of every test file (start or stop of httpd, or late):\n",
        map { "  $_\n" } @lines if @lines;
    return !@lines;
}

1;
