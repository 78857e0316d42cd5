// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_SYSCALLS_H
#define MYELIN_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

// Calls that the Swift overlay of the C library does not show. Each returns a negative errno on failure.

/// preadv2 with RWF_NOWAIT: the bytes that the page cache has, -EAGAIN when it would wait for the device.
int64_t myelin_read_nowait(int descriptor, void *target, size_t count, int64_t position);

/// cachestat(2), Linux 6.5: how many pages that overlap the range are in the page cache. -ENOSYS on older kernels.
int64_t myelin_cached_page_count(int descriptor, uint64_t position, uint64_t count);

/// fallocate(2) in mode 0: reserves the range and makes the file at least that long. -EOPNOTSUPP where there is none.
int myelin_allocate(int descriptor, int64_t position, int64_t count);

/// A non-blocking, close-on-exec eventfd.
int myelin_eventfd(void);

/// Takes an exclusive flock(2) without waiting; -EWOULDBLOCK when another open file holds it.
int myelin_lock_exclusively(int descriptor);

#endif
