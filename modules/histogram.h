/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * A log-linear histogram of durations: four buckets to each doubling, from 128 microseconds to
 * more than an hour, so that any percentile is off by a quarter at most (pure).
 */
#ifndef ATL_HISTOGRAM_H
#define ATL_HISTOGRAM_H

#include <apr.h>

#define ATL_HISTOGRAM_BUCKETS 102

/*
 * The bucket of a duration in microseconds, 0 to ATL_HISTOGRAM_BUCKETS - 1. The first takes
 * everything below 128, the last everything from 2^32 on.
 */
unsigned atl_histogram_bucket(apr_uint64_t microseconds);

/*
 * The smallest duration, in microseconds, that lies beyond a bucket; for the last bucket, the
 * smallest that lies in it.
 */
apr_uint64_t atl_histogram_limit(unsigned bucket);

/*
 * The duration in microseconds that a share (0 to 1) of all counted ones does not exceed,
 * interpolated within its bucket. counts has ATL_HISTOGRAM_BUCKETS members. 0 when nothing was
 * counted.
 */
apr_uint64_t atl_histogram_percentile(const apr_uint64_t *counts, double share);

#endif
