# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Suggest;

# Hand-written virtual hosts of t/suggest and what the module suggests for them, applied as it says.
#
#   my $case = Atl::Suggest->read('recipe-many', A => '127.1.2.3', ...);   # NAME.conf, NAME.want, .inc files
#   my $text = $case->text(PORT => 8080);                  # the configuration as it was
#   my $said = Atl::Suggest::parse($out);                  # what the dump says
#   my $new  = $case->applied($said, $file, PORT => 8081); # the configuration as it says it should be
#
# NAME.want: one paragraph for each virtual host; see expectation().

use strict;
use warnings;

use Atl::Backends ();

sub names {
    return map { m{/([^/]+)\.conf$} } sort glob "$ENV{ATL_STAGED}/t/suggest/*.conf";
}

sub fill {
    my ($text, %value) = @_;
    $text =~ s/\@([A-Z]+)\@/$value{$1} \/\/ die "\@$1\@?\n"/ge;
    return $text;
}

sub read {
    my ($class, $name, %value) = @_;
    my $stem = "$ENV{ATL_STAGED}/t/suggest/$name";
    my $want = fill(Atl::Backends::slurp("$stem.want"), %value);
    return bless {
        value => { %value, DIR => $ENV{ATL_LOGS} },
        name  => $name,
        text  => Atl::Backends::slurp("$stem.conf"),
        inc   => -e "$stem.inc" ? Atl::Backends::slurp("$stem.inc") : undef,
        hosts => [map { expectation($_) } split /\n\n/, $want],
    }, $class;
}

# host NAME; name ServerName ...: what it has to become; write WORDS, unsure WORDS: the lines; delete N ..., lost N ...: line numbers, inc:N in the included file;
# wrong ID:N ...; pages CONTEXT ...: all sorts of requests below; same TARGET ...: these too; websocket TARGET;
# differ TARGET ID, differ-header TARGET HEADER ID, differ-cookie TARGET ID: answers that are not the same, because of
# that mistake.
sub expectation {
    my %host = (write => [], unsure => [], differ => [], 'differ-header' => [], 'differ-cookie' => [], map { $_ => '' } qw(host name delete lost wrong pages same websocket));
    for my $line (split /\n/, $_[0]) {
        my ($key, $value) = split / /, $line, 2;
        if (ref $host{$key}) { push @{ $host{$key} }, $value }
        elsif (defined $host{$key}) { $host{$key} = $value }
        else { die "\"$key\" is not a word of an expectation\n" }
    }
    return \%host;
}

# text(PORT => ...): the configuration; its included file is written beside.
sub text {
    my ($self, %value) = @_;
    if (defined $self->{inc}) {
        Atl::Backends::spew("$self->{value}{DIR}/$self->{name}.inc", fill($self->{inc}, %{ $self->{value} }, %value));
    }
    return fill($self->{text}, %{ $self->{value} }, %value);
}

# parse(OUTPUT): a list of virtual hosts, each { file, line, host, write, unsure, delete, lost, wrong }.
sub parse {
    my ($out) = @_;
    my @hosts;
    my $part;
    for (split /\n/, $out) {
        if (/^# <VirtualHost \S+> in (\S+):(\d+)(?:, (\S+))?\. Write:$/) {
            push @hosts, { file => $1, line => $2, host => $3, map { $_ => [] } qw(name write unsure delete lost wrong) };
        }
        elsif (/^    (ServerName .*)/) { push @{ $hosts[-1]{name} }, $1 }
        elsif (/^    AtlassianApp (.*)/) { push @{ $hosts[-1]{write} }, $1 }
        elsif (/^    # AtlassianApp (.*)/) { push @{ $hosts[-1]{unsure} }, $1 }
        elsif (/^# Delete:/) { $part = 'delete' }
        elsif (/^# Not carried over:/) { $part = 'lost' }
        elsif (/^#   ATLP(\d+) [\w-]+, (\S+):(\d+): (.*)\.$/) { push @{ $hosts[-1]{wrong} }, { id => $1, file => $2, line => $3, said => $4 } }
        elsif (/^#   (\S+):(\d+): (\S+)/) { push @{ $hosts[-1]{$part} }, { file => $1, line => $2, name => $3 } }
        elsif (!/^(?:#|# What was wrong:|# no hand-written .*|#       \S.*|    #     unsure .*|    # there is one for .*|)$/) { die "not understood: $_\n" }
    }
    return \@hosts;
}

# remove(LINES, N): takes out line N, which a continued directive ends with, or the section that begins there.
sub remove {
    my ($lines, $n) = @_;
    my $at = $n - 1;
    my ($section) = $lines->[$at] =~ /^\s*<(\w+)/;
    for (my $i = $at; $section; $i++) {
        my $is_end = $lines->[$i] =~ m{^\s*</\Q$section\E>}i;
        $lines->[$i] = undef;
        return if $is_end;
    }
    $lines->[$at] = undef;
    $lines->[$at] = undef while --$at >= 0 && defined $lines->[$at] && $lines->[$at] =~ /\\$/;
    return;
}

# applied(SAID, FILE, PORT => ...): FILE is the one that said names the configuration by.
sub applied {
    my ($self, $said, $file, %value) = @_;
    my $inc = "$self->{value}{DIR}/$self->{name}.inc";
    my %lines = ($file => [split /\n/, $self->{text}], $inc => [split /\n/, $self->{inc} // '']);
    for my $host (@$said) {
        my $last = scalar @{ $host->{delete} };
        remove($lines{ $_->{file} } // die("no file $_->{file}\n"), $_->{line}) for @{ $host->{delete} };
        $lines{ $host->{file} }[$host->{line} - 1] .= join '', map { "\n    $_" } @{ $host->{name} },
            map { "AtlassianApp $_" } @{ $host->{write} };
    }
    my ($text, $included) = map { join '', map { "$_\n" } grep { defined } @{ $lines{$_} } } $file, $inc;
    if (defined $self->{inc}) {
        Atl::Backends::spew("$inc.new", fill($included, %{ $self->{value} }, %value));
        $text =~ s/\Q$self->{name}\E\.inc/$self->{name}.inc.new/;
    }
    return fill($text, %{ $self->{value} }, %value);
}

1;
