# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Httpd;

# Where this machine's httpd is, and which LoadModule lines a configuration of our own needs.
# Nothing is inherited from the system's httpd configuration.

use strict;
use warnings;

use Exporter 'import';
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(apxs httpd load_lines user_lines reachable_for settle test_user);

my $SETTLE_SECONDS = 30;

my %query;

# apxs(NAME): one of apxs' values, e.g. LIBEXECDIR.
sub apxs {
    my ($name) = @_;
    return $query{$name} //= do {
        my ($tool) = grep { defined && length && -x }
            $ENV{APXS}, $ENV{APACHE_TEST_APXS}, map { ("$_/apxs", "$_/apxs2") } split(/:/, $ENV{PATH}), '/usr/sbin';
        die "apxs not found: install apache2-dev (Debian) or httpd-devel (Fedora), or set APXS\n" if !$tool;
        chomp(my $value = qx{"$tool" -q $name});
        die "$tool -q $name said nothing\n" if !length $value;
        $value;
    };
}

# The httpd program that belongs to apxs.
sub httpd {
    return $ENV{HTTPD} || apxs('SBINDIR') . '/' . apxs('PROGNAME');
}

my $static;

sub is_static {
    my ($name) = @_;
    if (!$static) {
        my $program = httpd();
        $static = { map { /^\s+mod_(\w+)\.c/ ? ($1 => 1) : () } qx{"$program" -l} };
    }
    return $static->{$name};
}

# load_lines(NAMES): LoadModule lines for modules by name (proxy_http), static ones left out.
# A name with a slash is a file: the module under test.
sub load_lines {
    my $dir = apxs('LIBEXECDIR');
    my @lines;
    for my $name (@_) {
        if ($name =~ m{/mod_(\w+)\.so$}) {
            push @lines, qq{LoadModule $1_module "$name"};
        }
        elsif (!is_static($name)) {
            my $file = "$dir/mod_$name.so";
            die "$file is missing: which package brings mod_$name?\n" if !-e $file;
            push @lines, qq{LoadModule ${name}_module "$file"};
        }
    }
    return join '', map { "$_\n" } @lines;
}

# The user httpd's children run as when the tests run as root.
sub test_user {
    return $ENV{APACHE_TEST_USER} || 'nobody';
}

# User and Group lines, none when not root.
sub user_lines {
    return '' if $> != 0;
    my @entry = getpwnam(test_user()) or die 'no such user: ' . test_user() . "\n";
    my $group = getgrgid($entry[3]);
    return "User $entry[0]\nGroup $group\n";
}

# reachable_for(DIR): can httpd's children read below DIR? Only asked as root; a home like /root says no.
sub reachable_for {
    my ($dir) = @_;
    return 1 if $> != 0;
    my @entry = getpwnam(test_user()) or die 'no such user: ' . test_user() . "\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        ($(, $)) = ($entry[3], "$entry[3] $entry[3]");
        ($<, $>) = ($entry[2], $entry[2]);
        require POSIX;
        POSIX::_exit(chdir($dir) && opendir(my $handle, '.') ? 0 : 1);
    }
    waitpid $pid, 0;
    return $? == 0;
}

# turns(PID): how often the threads of httpd's children have had a processor; undef while one has or wants it.
sub turns {
    my ($pid) = @_;
    my $sum = 0;
    for my $child (split ' ', read_file("/proc/$pid/task/$pid/children")) {
        for my $file (glob "/proc/$child/task/*/status") {
            my $text = read_file($file);
            return undef if $text =~ /^State:\s+[RD]/m;
            $sum += $_ for $text =~ /ctxt_switches:\s+(\d+)/g;
        }
    }
    return $sum;
}

# read_file(FILE): all of it, '' when it cannot be read.
sub read_file {
    my ($file) = @_;
    open my $in, '<', $file or return '';
    local $/;
    return scalar(<$in>) // '';
}

# settle(PID): returns when nothing runs in httpd's children, or some seconds later. Before a hard stop: a child
# of the event MPM that is told to end while one of its threads is about to be done with a connection may use
# that connection's memory after it is freed (close_worker_sockets in server/mpm/event/event.c, any module or none).
sub settle {
    my ($pid) = @_;
    my $deadline = time + $SETTLE_SECONDS;
    my $before;
    while (time < $deadline) {
        my $now = turns($pid);
        return if defined $now && defined $before && $now == $before;
        $before = $now;
        sleep 0.01;
    }
    return;
}

1;
