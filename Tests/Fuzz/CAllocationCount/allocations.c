// SPDX-License-Identifier: Apache-2.0
// Stands between the process and its allocator: the sanitizers' hooks come with the address sanitizer only, and glibc
// has none. aligned_alloc and its kin are not counted; Swift asks for them above 16 bytes of alignment only.
#include "CAllocationCount.h"
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static uint64_t byte_count;

uint64_t myelin_allocated_byte_count(void) { return __atomic_load_n(&byte_count, __ATOMIC_RELAXED); }

static void count(size_t size) { __atomic_fetch_add(&byte_count, size, __ATOMIC_RELAXED); }

void *malloc(size_t size) {
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count(size);
    return __libc_realloc(old, size);
}
