// SPDX-License-Identifier: Apache-2.0
//
// Counts allocations in a process without asking it: LD_PRELOAD this and name a file in MALLOC_COUNT_FILE. The file is
// mapped, so whoever maps or reads it sees the counts of the running process at any moment:
//
//     0  uint64  allocations: malloc, calloc, realloc of nothing, aligned
//     8  uint64  bytes asked for by them
//    16  uint64  reallocations of existing memory
//    24  uint64  frees of existing memory
//
// The C library's own names for its allocator stay reachable under `__libc_`, so nothing has to be looked up, and no
// allocation is made or missed while the process starts.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

struct counts {
    _Atomic uint64_t allocations, bytes, reallocations, frees;
};

static struct counts private_counts;
static struct counts *counts = &private_counts;

__attribute__((constructor)) static void open_counts(void) {
    const char *path = getenv("MALLOC_COUNT_FILE");
    if (path == NULL) return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, sizeof(struct counts)) < 0) abort();
    void *mapped = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) abort();
    close(file);
    counts = mapped;
    // A process started by this one would map the same file and count into it.
    unsetenv("LD_PRELOAD");
}

static void count(_Atomic uint64_t *counter, uint64_t by) {
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static void *counted(void *memory, size_t size) {
    count(&counts->allocations, 1);
    count(&counts->bytes, size);
    return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size), size); }

void *calloc(size_t number, size_t size) { return counted(__libc_calloc(number, size), number * size); }

void *realloc(void *memory, size_t size) {
    if (memory == NULL) return malloc(size);
    count(&counts->reallocations, 1);
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size), size); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *memory = made;
    return 0;
}

void free(void *memory) {
    if (memory == NULL) return;
    count(&counts->frees, 1);
    __libc_free(memory);
}
