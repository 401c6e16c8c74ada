# Run by 01-harness.t: every assertion holds, yet the file must fail, because httpd logs an error.
use Atl::Test;
is(get(stockproxy => '/refused')->{status}, 503);
done_testing;
