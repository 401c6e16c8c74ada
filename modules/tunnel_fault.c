/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "tunnel_fault.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int atl_fault_hit(atl_fault what)
{
    static const char *const names[ATL_FAULTS] = {
        "EAGAIN=", "SHORT_WRITE=", "DUP=", "ACCEPT=", "DELAY="};
    static _Atomic unsigned int counts[ATL_FAULTS];
    const char *spec = getenv("ATL_FAULTS");
    const char *at = spec ? strstr(spec, names[what]) : NULL;
    int every = at ? atoi(at + strlen(names[what])) : 0;

    return every > 0 && (atomic_fetch_add(&counts[what], 1) + 1) % (unsigned int)every == 0;
}
