/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/* Fuzz target for libFuzzer: the bytes of a tunnel's direction. Where its frames end does not depend on
 * the pieces in which they come. */
#include "fuzz.h"
#include "websocket.h"

#include <string.h>

static const char *track_rule_broken(const unsigned char *data, size_t size)
{
    atl_ws_track whole = {0}, pieces = {0}, frames = {0};
    size_t done = 0;

    atl_ws_track_pass(&whole, data, size);
    for (size_t i = 0; i < size; i++) {
        atl_ws_track_pass(&pieces, data + i, 1);
    }
    if (memcmp(&whole, &pieces, sizeof(whole))) {
        return "pieces do not count";
    }
    while (done < size) {
        size_t n = atl_ws_track_finish(&frames, data + done, size - done);

        if (n > size - done) {
            return "no more than there is";
        }
        done += n;
        if (done < size) {
            atl_ws_track_pass(&frames, data + done++, 1); /* the next frame begins */
        }
    }
    return memcmp(&whole, &frames, sizeof(whole)) ? "frame by frame is the same" : NULL;
}

void fuzz_one(apr_pool_t *pool, char *text, size_t size)
{
    (void)pool;
    must_hold(track_rule_broken((const unsigned char *)text, size), "(bytes)");
}
