# Licensed to you under the Apache License, Version 2.0; see LICENSE.

# TLS that is taken over from mod_ssl: versions, keys, resumption, client certificates, KeyUpdate,
# renegotiation, farewells. The client is OpenSSL's own, through IO::Socket::SSL and s_client.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::SSL;
use IPC::Open2;
use Test::More;
use Tunnel;

start_rogue();
start_httpd();

sub write_all { my ($s, $data) = @_; print {$s} $data or die "write: $!\n"; $s->flush }

sub echoes
{
    my ($s, $text) = @_;

    return eval { write_all($s, frame($text)); (read_frame($s))[1] eq $text };
}

my $tunnels = 0;

# --- versions and keys
for my $case (['TLSv1_3', 'tls'], ['TLSv1_2', 'tls'], ['TLSv1_2', 'tls12'], ['TLSv1_3', 'ecdsa'],
              ['TLSv1_2', 'ecdsa']) {
    my ($version, $to) = @$case;
    my $s = tls_client(version => $version, to => $to);

    is($s->get_sslversion, $version, "$version at $to");
    upgrade($s, '/echo');
    my $good = grep { echoes($s, 'x' x $_) } 0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 200_000;
    is($good, 10, "$version at $to: echoes of ten sizes");
    $s->close;
    $tunnels++;
}

# --- resumption
for my $version ('TLSv1_3', 'TLSv1_2') {
    my $context = IO::Socket::SSL::SSL_Context->new(SSL_verify_mode => SSL_VERIFY_NONE,
        SSL_version => $version, SSL_session_cache_size => 10);
    my $reused = 0;
    for (1 .. 5) {
        my $s = tls_client(version => $version, ssl => {SSL_reuse_ctx => $context, SSL_session_key => 'k'});
        upgrade($s, '/echo');
        echoes($s, 'resumed') or die "no echo\n";
        $reused++ if $s->get_session_reused;
        $s->close;
        $tunnels++;
    }
    is($reused, 4, "$version: four of five sessions resumed, all echoed");
}

# --- client certificates, asked for in a Location: renegotiation (1.2), post-handshake (1.3)
for my $version ('TLSv1_2', 'TLSv1_3') {
    my @key = (SSL_cert_file => dir() . '/user.crt', SSL_key_file => dir() . '/user.key', SSL_use_cert => 1);
    my $s = tls_client(version => $version, to => 'cert', ssl => {@key,
        SSL_create_ctx_callback => sub { Net::SSLeay::CTX_set_post_handshake_auth($_[0], 1) if $version eq 'TLSv1_3' }});
    upgrade($s, '/echo');
    is(scalar(grep { echoes($s, "certified $_") } 1 .. 20), 20, "$version: with a client certificate");
    $s->close;
    $tunnels++;
    $s = tls_client(version => $version, to => 'cert');
    is(eval { upgrade($s, '/echo'); 'open' } // 'refused', 'refused', "$version: without one");
}

# --- s_client can do what libraries hide: KeyUpdate, renegotiation
sub s_client
{
    my ($version) = @_;
    my $pid = open2(my $out, my $in, 'sh', '-c',
        'exec openssl s_client -connect 127.0.0.1:' . port('tls') . " -$version 2>&1");

    binmode $_ for $in, $out;
    $in->autoflush(1);
    return ($in, $out, $pid);
}

sub until_seen
{
    my ($out, $re) = @_;
    my $all = '';

    while ($all !~ $re) {
        my $some = read_some($out, 4096);
        die "not seen: $re in $all\n" if !defined $some || $some eq '';
        $all .= $some;
    }
    return $all;
}

{
    my ($in, $out, $pid) = s_client('tls1_3');
    print $in request_head('/echo');
    until_seen($out, qr/Sec-WebSocket-Accept.*?\r\n\r\n/s);
    for my $round (1 .. 3) {
        for my $command ('k', 'K') {
            print $in "$command\n"; # K asks for ours in return
            until_seen($out, qr/KEYUPDATE/);
            # s_client reads commands at the start of what it reads: the frame must not be one
            print $in frame("after $command$round");
            until_seen($out, qr/after $command$round/);
            pass("TLS 1.3 KeyUpdate $command: echo after it ($round)");
        }
    }
    kill 'TERM', $pid;
    waitpid $pid, 0;
    $tunnels++;
}
{
    my ($in, $out, $pid) = s_client('tls1_2');
    print $in request_head('/echo');
    until_seen($out, qr/Sec-WebSocket-Accept.*?\r\n\r\n/s);
    print $in "R\n";
    until_seen($out, qr/no renegotiation/);
    pass('TLS 1.2 renegotiation inside a tunnel is refused');
    kill 'TERM', $pid;
    waitpid $pid, 0;
    $tunnels++;
}

# --- farewells: the end of a tunnel is a close_notify, not a cut
for my $version ('TLSv1_2', 'TLSv1_3') {
    my $s = tls_client(version => $version);
    upgrade($s, '/last-words');
    is_deeply([read_frame($s)], [0x88, "\x03\xe8bye"], "$version: last words");
    my $n = sysread $s, my $buf, 1;
    is($n, 0, "$version: then a proper end");
    ok($SSL_ERROR !~ /unexpected eof/i, "$version: by close_notify") or diag $SSL_ERROR;
    ok(Net::SSLeay::get_shutdown($s->_get_ssl_object) & 2, "$version: it has been received");
    $tunnels++;
}

# --- damage: a record that is none ends the tunnel on both sides
{
    my $s = tls_client();
    upgrade($s, '/echo');
    my $fd = fileno $s;
    open my $raw, '>&=', $fd or die $!;
    syswrite $raw, "\x17\x03\x03\x00\x20" . 'garbage!' x 4;
    my $end = eval { read_to_end($s); 'ended' } // $@;
    is($end, 'ended', 'a damaged record ends the tunnel');
    wait_log(qr/closed by client: TLS connection broken/);
    $tunnels++;
}

wait_log(qr/WebSocket ended/, $tunnels);
stop_httpd();
is(log_count(qr/WebSocket ended/), $tunnels, 'all of them outside httpd');
is(log_count(qr/ATLP0303/), 0, 'none was left to mod_proxy');
is(join("\n", unused_log_lines(qr/ATLP0307/, qr/AH02261|AH02039|AH10129|AH10158|AH02225/,
    qr/SSL Library Error.*(?:did not return a certificate|extension not received)/)), '', 'nothing else in the log');
done_testing();
