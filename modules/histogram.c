/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "histogram.h"

#define FIRST_BITS 7 /* below 2^7 microseconds nothing is told apart */
#define LAST_BITS 32
#define SUB_BITS 2 /* 2^2 buckets to a doubling */

unsigned atl_histogram_bucket(apr_uint64_t microseconds)
{
    unsigned bits = FIRST_BITS;

    if (!(microseconds >> FIRST_BITS)) {
        return 0;
    }
    if (microseconds >> LAST_BITS) {
        return ATL_HISTOGRAM_BUCKETS - 1;
    }
    while (microseconds >> (bits + 1)) {
        bits++;
    }
    return 1 + ((bits - FIRST_BITS) << SUB_BITS) +
           ((unsigned)(microseconds >> (bits - SUB_BITS)) & ((1u << SUB_BITS) - 1));
}

apr_uint64_t atl_histogram_limit(unsigned bucket)
{
    unsigned octave = bucket >> SUB_BITS, sub = bucket & ((1u << SUB_BITS) - 1);

    if (bucket >= ATL_HISTOGRAM_BUCKETS - 1) {
        return (apr_uint64_t)1 << LAST_BITS;
    }
    return ((apr_uint64_t)1 << (octave + FIRST_BITS)) +
           ((apr_uint64_t)sub << (octave + FIRST_BITS - SUB_BITS));
}

apr_uint64_t atl_histogram_percentile(const apr_uint64_t *counts, double share)
{
    apr_uint64_t total = 0, below = 0;
    double wanted;

    for (unsigned i = 0; i < ATL_HISTOGRAM_BUCKETS; i++) {
        total += counts[i];
    }
    wanted = share * (double)total;
    for (unsigned i = 0; i < ATL_HISTOGRAM_BUCKETS; i++) {
        if (counts[i] && (double)(below + counts[i]) >= wanted) {
            apr_uint64_t low = i ? atl_histogram_limit(i - 1) : 0;
            double within = (wanted - (double)below) / (double)counts[i];

            return low + (apr_uint64_t)(within * (double)(atl_histogram_limit(i) - low));
        }
        below += counts[i];
    }
    return 0;
}
