# Licensed to you under the Apache License, Version 2.0; see LICENSE.
package Atl::Tomcat;

# A Tomcat of a test's own, whose server.xml it may spoil and mend: the stand-in application with one connector.
#
#   my $tomcat = Atl::Tomcat->start('jira:/jira', scheme => 'https');   # attributes of its Connector
#   $tomcat->connector(proxyPort => 443);  $tomcat->context(path => '/wiki');   # undef removes one
#   $tomcat->restart;  $tomcat->stop;  $tomcat->port
#   $tomcat->paste($text);    # the attributes of <Connector ...> and <Context ...> in a text for server.xml

use strict;
use warnings;

use Atl::Backends ();

my $START_SECONDS = 300;
my $count = 0;
my %homes;

sub start {
    my ($class, $spec, %attributes) = @_;
    my $name = 'own-tomcat-' . ++$count;
    my $app  = { %{ Atl::Backends::instance("$name=$spec") }, valve => 0 };
    my $home = "$ENV{ATL_LOGS}/$name-$$";
    my %ports = map { $_ => Atl::Backends::free_port() } '', '-http', '-plain';
    my @command = Atl::Backends::tomcat_command($app, $ENV{ATL_BACKENDS}, $home, \%ports);
    my $self = bless { home => $home, port => $ports{''}, command => \@command, path => $app->{context} }, $class;
    my $xml = $self->xml;
    $xml =~ s/<Connector port="(?:$ports{'-http'}|$ports{'-plain'})".*?\/>//gs;
    $xml =~ s/ (?:scheme|secure|proxyName|proxyPort)="[^"]*"//g;
    Atl::Backends::spew("$home/conf/server.xml", $xml);
    $self->connector(%attributes);
    $homes{$home} = $$;
    $self->launch;
    return $self;
}

sub port { return $_[0]{port} }

sub xml { return Atl::Backends::slurp("$_[0]{home}/conf/server.xml") }

# change(ELEMENT, ATTRIBUTES): of the first such element.
sub change {
    my ($self, $element, %attributes) = @_;
    my $xml = $self->xml;
    for my $name (sort keys %attributes) {
        $xml =~ s/(<$element\b[^>]*?)\s+$name="[^"]*"/$1/s;
        $xml =~ s/<$element\b/<$element $name="$attributes{$name}"/ if defined $attributes{$name};
    }
    Atl::Backends::spew("$self->{home}/conf/server.xml", $xml);
    return;
}

sub connector {
    my ($self, %attributes) = @_;
    return $self->change('Connector', %attributes);
}

sub context {
    my ($self, %attributes) = @_;
    $self->{path} = $attributes{path} if defined $attributes{path};
    return $self->change('Context', %attributes);
}

# inner(XML): into the first Context, before its end.
sub inner {
    my ($self, $text) = @_;
    my $xml = $self->xml;
    $xml =~ s{</Context>}{$text</Context>};
    Atl::Backends::spew("$self->{home}/conf/server.xml", $xml);
    return;
}

sub paste {
    my ($self, $text) = @_;
    while ($text =~ /<(Connector|Context)\b(.*?)>/gs) {
        my ($element, $inside) = ($1, $2);
        my %attributes = $inside =~ /([\w]+)="([^"]*)"/g;
        if ($element eq 'Connector') {
            $self->connector(%attributes);
        }
        else {
            $self->context(%attributes);
        }
    }
    return;
}

sub launch {
    my ($self) = @_;
    Atl::Backends::launch($self->{home}, @{ $self->{command} });
    my $deadline = time + $START_SECONDS;
    # TLS connectors answer plain http too, with 400.
    until (Atl::Backends::answers($self->{port}, "$self->{path}/control")) {
        die "Tomcat did not start:\n" . Atl::Backends::tail("$self->{home}/log", 30)
            if time > $deadline || !Atl::Backends::running_pid($self->{home});
        select undef, undef, undef, 0.05;
    }
    return;
}

sub stop {
    my ($self) = @_;
    Atl::Backends::stop_homes($self->{home});
    return;
}

# Without a word to anybody.
sub kill {
    my ($self) = @_;
    CORE::kill 'KILL', Atl::Backends::running_pid($self->{home});
    $self->stop;
    return;
}

# What does not answer and does not go away either.
sub freeze { return CORE::kill 'STOP', Atl::Backends::running_pid($_[0]{home}) }

sub thaw { return CORE::kill 'CONT', Atl::Backends::running_pid($_[0]{home}) }

sub restart {
    my ($self) = @_;
    $self->stop;
    return $self->launch;
}

END {
    local $?;
    Atl::Backends::stop_homes(grep { $homes{$_} == $$ } keys %homes);
}

1;
