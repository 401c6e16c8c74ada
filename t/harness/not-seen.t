# Run by 01-harness.t: announces a log line that never comes; must fail.
use Atl::Test;
expect_log(qr/AH00957/, 'never happens here');
is(get(stockproxy => '/jira/echo')->{status}, 200);
done_testing;
