# What the documents say is true: every configuration in them passes httpd -t, and the reference knows every key.
use Atl::Test;

use Atl::Backends ();

my $top = $ENV{ATL_SRCDIR};

# Each ```apache block, alone. What is said to be a "Before" needs no module of ours and is checked all the same.
for my $file ('README.md', glob "$top/docs/*.md") {
    my $path = $file =~ m{^/} ? $file : "$top/$file";
    my $text = Atl::Backends::slurp($path);
    my @blocks = $text =~ /^```apache\n(.*?)^```/msg;
    for my $n (0 .. $#blocks) {
        my $block = $blocks[$n];
        $block = "<VirtualHost *:80>\nServerName a.example.com\n$block</VirtualHost>\n" if $block !~ /^<VirtualHost/m;
        my ($exit, $out, $err) = configtest($block);
        is("$exit $err", "0 Syntax OK\n", "$file, block @{[$n + 1]}");
    }
    cmp_ok(scalar @blocks, '>', 2, "$file has configurations") if $file eq 'README.md';
}

# The annotated reference, with its comment signs taken off.
my $reference = Atl::Backends::slurp("$top/conf/atlassian_proxy.conf");
my ($example) = $reference =~ /^(#<VirtualHost.*)/ms;
$example =~ s/^#//mg;
my ($exit, $out, $err) = configtest($example);
is("$exit $err", "0 Syntax OK\n", 'conf/atlassian_proxy.conf is a valid configuration');
($exit, $out, $err) = configtest($reference);
is("$exit $err", "0 Syntax OK\n", 'and says nothing as it is shipped');

# The directive's own list of keys, as its error message gives it.
($exit, $out, $err) = configtest("AtlassianApp jira no-such-key=1\n");
my ($list) = $err =~ /; keys are (.*) and mod_proxy's/ or die "no list of keys in: $err";
for my $key (split /, /, $list) {
    like($reference, qr/^#    # \Q$key\E= /m, "$key= is explained in conf/atlassian_proxy.conf");
}
my %known = map { $_ => 1 } split /, /, $list;
ok($known{$_}, "$_=, explained there, exists") for $reference =~ /^#    # ([a-z-]+)= /mg;

# Every message number in the source has its entry, and every entry its number.
my %entry = map { $_ => 1 } Atl::Backends::slurp("$top/docs/messages.md") =~ /^### ATLP(\d{4})/mg;
my %number;
for my $file (glob "$top/modules/*.c") {
    $number{$_} = 1 for Atl::Backends::slurp($file) =~ /ATL_LOGNO\((\d+)\)/g;
}
cmp_ok(scalar keys %number, '>', 4, 'numbers found');
is_deeply([sort keys %entry], [sort keys %number], 'docs/messages.md and the numbers in the source agree');

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
my %told = Atl::Backends::slurp("$top/docs/findings.md") =~ /^### ATLP(\d{4} [\w-]+)\n\n- \*\*Symptom\*\*: (.*)\.\n- \*\*Cause\*\*: .+\n- \*\*Cure\*\*: .+/mg;
cmp_ok(scalar keys %finding, '>=', 30, 'findings in the source');
is_deeply(\%told, \%finding, 'docs/findings.md and the findings in the source agree');

done_testing;
