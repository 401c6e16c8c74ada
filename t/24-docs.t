# What the documents say is true: every configuration in them passes httpd -t, the application's half is what the
# dump prints, the reference knows every product, key and default, and no link leads nowhere.
use Atl::Test;

use Atl::Backends ();
use Atl::Certificates ();
use Atl::Run ();

my $top = $ENV{ATL_SRCDIR};
my @pages = ('README.md', map { s{^\Q$top/\E}{}r } sort glob "$top/docs/*.md");
my %text = map { $_ => Atl::Backends::slurp("$top/$_") } @pages, 'conf/atlassian_proxy.conf', 'docs/mod_atlassian_proxy.8';

# Certificates the pages name; httpd -t reads them.
my $pem = "$ENV{ATL_LOGS}/docs";
Atl::Certificates::openssl(qw(req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=example.com),
    '-keyout', "$pem.key", '-out', "$pem.pem");

# docs_test(TEXT, ARGUMENTS): configtest with mod_md besides, which docs/https.md is about.
sub docs_test {
    my ($text, @arguments) = @_;
    $text =~ s{(SSLCertificate(Key)?File\s+)\S+}{$1 . $pem . ($2 ? '.key' : '.pem')}ge;
    $text =~ s{\bca=\S+}{ca=$pem.pem}g;
    return configtest({ modules => [grep({ mpm() ne 'prefork' || $_ ne 'http2' } @Atl::Run::MODULES), 'md'] }, $text, @arguments);
}

# A block that is not a virtual host or about httpd.conf itself is a part of one.
sub whole {
    my ($block) = @_;
    return $block =~ /^<VirtualHost/m ? $block : "<VirtualHost *:80>\nServerName a.example.com\n$block</VirtualHost>\n";
}

# Each ```apache block, alone. What is said to be a "Before" needs no module of ours and is checked all the same.
my %dump;
for my $page (@pages) {
    my @blocks = $text{$page} =~ /^```apache\n(.*?)^```/msg;
    for my $n (0 .. $#blocks) {
        my ($exit, $out, $err) = docs_test(whole($blocks[$n]), '-D', 'DUMP_ATLASSIAN_APPS');
        is("$exit $err", "0 Syntax OK\n", "$page, block @{[$n + 1]}");
        $dump{$page} .= $out;
    }
    cmp_ok(scalar @blocks, '>', 2, "$page has configurations") if $page eq 'README.md';
}

# sections(TEXT): what a dump says to set in the applications, without its comment signs.
sub sections {
    return map { s/^    # ?(?:  )?//mgr } $_[0] =~ /^(    # In .*?\n(?:    #   .*\n)+)/mg;
}

# Each application's half in the pages is word for word what the module prints for the page's own line.
my %described;
for my $page (@pages) {
    my %printed = map { $_ => 1 } sections($dump{$page} // '');
    for my $block ($text{$page} =~ /^```text\n(In .*?)^```/msg) {
        my ($name) = $block =~ /^In (\w+)/;
        ok($printed{$block}, "$page: $name\'s half is what the dump says") or diag(join "\n", keys %printed);
        $described{ lc $name } = $page;
    }
}

# The httpd.conf of docs/loading.md: the modules it names, by their places, are enough for a line.
my ($loading) = $text{'docs/loading.md'} =~ /^```text httpd\.conf\n(.*?)^```/ms;
my @loaded = $loading =~ /^LoadModule (\w+)_module modules\/mod_\1\.so$/mg;
is(scalar @loaded, scalar(() = $loading =~ /^LoadModule/mg), 'docs/loading.md: names and files agree');
my ($exit, $out, $err) = configtest({ modules => [qw(unixd authz_core), grep { $_ ne 'atlassian_proxy' } @loaded] },
    "AtlassianApp jira trusted-proxy=10.0.0.1\n");
is("$exit $err", "0 Syntax OK\n", 'docs/loading.md: they are enough');
is_deeply([sort split ' ', (Atl::Backends::slurp("$top/conf/atlassian_proxy.load") =~ /^# Depends: (.*)/m)[0]],
    [sort grep { $_ ne 'atlassian_proxy' } @loaded], 'conf/atlassian_proxy.load depends on the same');

# The annotated reference, with its comment signs taken off.
my $annotated = $text{'conf/atlassian_proxy.conf'};
my ($example) = $annotated =~ /^(#<VirtualHost.*)/ms;
$example =~ s/^#//mg;
($exit, $out, $err) = configtest($example);
is("$exit $err", "0 Syntax OK\n", 'conf/atlassian_proxy.conf is a valid configuration');
($exit, $out, $err) = configtest($annotated);
is("$exit $err", "0 Syntax OK\n", 'and says nothing as it is shipped');

# The directive's own list of keys, as its error message gives it: in three places, and nothing but these there.
my %where = (
    'conf/atlassian_proxy.conf'   => qr/^#    # ([a-z-]+)= /m,
    'docs/reference.md'           => qr/^### `([a-z-]+)=/m,
    'docs/mod_atlassian_proxy.8'  => qr/^\.BR? ?I? ([a-z\\-]+)= /m,
);
($exit, $out, $err) = configtest("AtlassianApp jira no-such-key=1\n");
my ($list) = $err =~ /; keys are (.*) and mod_proxy's/ or die "no list of keys in: $err";
for my $file (sort keys %where) {
    my @found = map { s/\\//gr } $text{$file} =~ /$where{$file}/g;
    is_deeply([sort @found], [sort split /, /, $list], "$file explains every key, and no other");
}

# Products, their other names, and what holds without more words, by what the module makes of them.
my ($products) = (configtest("AtlassianApp no-such-product\n"))[2] =~ /; the products are (.*)/;
my @products = split /, /, $products;
my @rows = $text{'docs/reference.md'} =~ /^\| `([a-z]+)` \|([^|]*)\| (\d+) \| `([^`]+)` \| (\d+) s \|$/mg;
is(@rows / 5, scalar @products, 'docs/reference.md has a row for each product');
while (my ($name, $aliases, $port, $context, $silent) = splice @rows, 0, 5) {
    my @words = ($name, $aliases =~ /`([a-z-]+)`/g);
    my $target = "http://127.0.0.1:$port" . ($context eq '/' ? '/' : $context);
    for my $word (@words) {
        ($exit, $out, $err) = configtest("AtlassianApp $word\n", '-D', 'DUMP_ATLASSIAN_APPS');
        like($out, qr/^    ProxyPass "\Q$context\E" "\Q$target\E" /m, "$word alone is $target");
        like($out, qr/ timeout=$silent /, "... and may be silent for $silent seconds");
    }
    like($text{"docs/$name.md"} // '', qr/^    AtlassianApp $name\s/m, "docs/$name.md has the line");
    is($described{$name}, "docs/$name.md", '... and the other half');
}

# mod_proxy's words, and those that are refused with a reason.
my $parser = Atl::Backends::slurp("$top/modules/worker_param.c");
my ($passed) = $parser =~ /\} params\[\] = \{(.*?)\n\};/s;
my ($refused) = $parser =~ /\} refused\[\] = \{(.*?)\n\};/s;
my ($passed_on, $not) = $text{'docs/reference.md'} =~ /unchanged; (.*?)\.\n\n.*?^Refused, (.*?)\.\n/ms;
is_deeply([sort $passed_on =~ /`(\w+)`/g], [sort $passed =~ /\{"(\w+)",/g], 'docs/reference.md: the worker parameters');
is_deeply([sort $not =~ /`(\w+)`/g], [sort $refused =~ /\{"(\w+)",/g], 'docs/reference.md: the refused ones');
($exit, $out, $err) = configtest("AtlassianApp jira http://192.0.2.1/jira/\n", '-D', 'DUMP_ATLASSIAN_APPS');
like($out, qr{^    ProxyPass "/jira" "http://192.0.2.1/jira" }m, 'docs/reference.md: a slash at the end is taken off');

# Every message number in the source has its entry, and every entry its number.
my %entry;
$entry{$_}++ for $text{'docs/messages.md'} =~ /^### ATLP(\d{4})/mg;
is_deeply([grep { $entry{$_} > 1 } sort keys %entry], [], 'no number has two entries');
my %number;
for my $file (glob "$top/modules/*.c") {
    $number{$_} = 1 for Atl::Backends::slurp($file) =~ /ATL_LOGNO\((\d+)\)/g;
}
cmp_ok(scalar keys %number, '>', 4, 'numbers found');
is_deeply([sort keys %entry], [sort keys %number], 'docs/messages.md and the numbers in the source agree');
# Links to other files, and to headings in them, lead somewhere.
for my $page (@pages) {
    my ($dir) = "$top/$page" =~ m{(.*)/};
    my @links = $text{$page} =~ /\]\((?!https?:)([^)#]+)((?:#[^)]*)?)\)/g;
    while (my ($file, $anchor) = splice @links, 0, 2) {
        ok(-e "$dir/$file", "$page: $file is there");
        next if !$anchor;
        my %heading = map { ('#' . (lc =~ s/[^\w -]//gr =~ tr/ /-/r) => 1) } Atl::Backends::slurp("$dir/$file") =~ /^#+ (.*)/mg;
        ok($heading{$anchor}, "... and has $anchor");
    }
}

# Every finding in the source has its entry, with the words it uses, and every entry its finding.
my $table = Atl::Backends::slurp("$top/modules/finding.c");
my %finding;
while ($table =~ /\{(1\d{3}), "([\w-]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+),/g) {
    my ($id, $name, $symptom) = ($1, $2, $3);
    $symptom = join '', $symptom =~ /"((?:[^"\\]|\\.)*)"/g;
    $symptom =~ s/\{label\}/PRODUCT/g;
    $symptom =~ s/\{([\w-]+)\}/(my $word = uc $1) =~ tr{-}{ }; $word/ge;
    $finding{"$id $name"} = $symptom;
}
my %told = $text{'docs/findings.md'} =~ /^### ATLP(\d{4} [\w-]+)\n\n- \*\*Symptom\*\*: (.*)\.\n- \*\*Cause\*\*: .+\n- \*\*Cure\*\*: .+/mg;
cmp_ok(scalar keys %finding, '>=', 29, 'findings in the source');
is_deeply(\%told, \%finding, 'docs/findings.md and the findings in the source agree');

# So has every mistake that a suggestion names.
my %mistake;
$table = Atl::Backends::slurp("$top/modules/suggest_mistake.c");
while ($table =~ /\{(11\d\d), "([\w-]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+),/g) {
    my ($id, $name, $said) = ($1, $2, $3);
    $said = join '', $said =~ /"((?:[^"\\]|\\.)*)"/g;
    $said =~ s/\\"/"/g;
    $said =~ s/\{([\w-]+)\}/(my $word = uc $1) =~ tr{-}{ }; $word/ge;
    $mistake{"$id $name"} = $said;
}
my %named = $text{'docs/suggest.md'} =~ /^### ATLP(\d{4} [\w-]+)\n\n- \*\*Mistake\*\*: (.*)\.\n- \*\*Cure\*\*: .+\n- \*\*Seen by\*\*: .+/mg;
cmp_ok(scalar keys %mistake, '>=', 19, 'mistakes in the source');
is_deeply(\%named, \%mistake, 'docs/suggest.md and the mistakes in the source agree');

# Numbers the pages mention exist.
my %any = (%entry, map { substr($_, 0, 4) => 1 } keys %told, keys %named);
for my $page (@pages) {
    ok($any{$_}, "$page: ATLP$_ exists") for $text{$page} =~ /\bATLP(\d{4})\b/g;
}

done_testing;
