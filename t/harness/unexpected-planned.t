# Run by 01-harness.t: the same with a plan of its own instead of done_testing.
use Atl::Test;
plan(tests => 1);
is(get(stockproxy => '/refused')->{status}, 503);
