/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

#include "fuzz.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* APR carves its allocations out of one block, where a sanitizer sees no overrun. This takes the
 * place of libapr's function, for its own callers too: each allocation is malloc's. */
typedef struct block {
    struct block *next;
    max_align_t data[];
} block;

static block *kept, *of_input, **blocks = &kept;

#undef apr_palloc
void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    block *made = malloc(sizeof(*made) + size);

    (void)pool;
    if (!made) {
        abort();
    }
    made->next = *blocks;
    *blocks = made;
    return made->data;
}

static void free_blocks(void)
{
    while (of_input) {
        block *next = of_input->next;
        free(of_input);
        of_input = next;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return apr_initialize() != APR_SUCCESS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    char *text = malloc(size + 1);

    if (!text || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    blocks = &of_input;
    fuzz_one(pool, text, size);
    apr_pool_destroy(pool);
    free_blocks();
    blocks = &kept;
    free(text);
    return 0;
}

char *next_line(char **text)
{
    char *line = *text;
    size_t len = strcspn(line, "\n");

    *text += line[len] ? len + 1 : len;
    line[len] = '\0';
    return line;
}

void must_hold(const char *broken_rule, const char *input)
{
    if (broken_rule) {
        fprintf(stderr, "does not hold: %s\n  input: %s\n", broken_rule, input);
        abort();
    }
}
