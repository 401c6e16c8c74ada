# Run by 01-harness.t: the same error, announced; must pass.
use Atl::Test;
expect_log(qr/AH00957: http: attempt to connect to 127\.0\.0\.1:1 /, 'nobody listens there');
expect_log(qr/AH01114: /, 'the same, said by mod_proxy_http');
is(get(stockproxy => '/refused')->{status}, 503);
done_testing;
