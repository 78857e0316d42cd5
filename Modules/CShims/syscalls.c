// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Younger than the C library's headers on Debian 12; the number is the same on every architecture.
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

struct page_range {
    uint64_t position;
    uint64_t count;
};

struct page_counts {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

int64_t myelin_read_nowait(int descriptor, void *target, size_t count, int64_t position) {
    struct iovec piece = {.iov_base = target, .iov_len = count};
    ssize_t result = preadv2(descriptor, &piece, 1, position, RWF_NOWAIT);
    return result < 0 ? -errno : result;
}

int64_t myelin_cached_page_count(int descriptor, uint64_t position, uint64_t count) {
    struct page_range range = {.position = position, .count = count};
    struct page_counts counts = {0};
    long result = syscall(SYS_cachestat, descriptor, &range, &counts, 0);
    return result < 0 ? -errno : (int64_t)counts.cached;
}

int myelin_allocate(int descriptor, int64_t position, int64_t count) {
    return fallocate(descriptor, 0, position, count) < 0 ? -errno : 0;
}

int myelin_eventfd(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int myelin_lock_exclusively(int descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}
