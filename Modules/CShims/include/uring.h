// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_URING_H
#define MYELIN_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// io_uring behind an opaque type: liburing.h in a module's header breaks other C modules, and half of it is macros.

struct myelin_ring;

struct myelin_ring_completion {
    /// As given to the push.
    uint64_t token;
    /// What the call would have returned, or a negative errno.
    int32_t result;
};

/// Sets up a ring whose completions signal `eventfd`.
/// Returns 0, or a negative errno: -EPERM and -ENOSYS where the system refuses io_uring or lacks what is needed.
int myelin_ring_create(unsigned entries, int eventfd, struct myelin_ring **ring);
/// Closes the ring. Operations still in flight go on in the kernel: their buffers must outlive them.
void myelin_ring_destroy(struct myelin_ring *ring);

/// How many operations may be in flight without overflowing the completion queue.
unsigned myelin_ring_capacity(const struct myelin_ring *ring);

/// Each queues one operation and returns false when the submission queue is full.
bool myelin_ring_push_read(
    struct myelin_ring *ring, int descriptor, void *target, uint32_t count, int64_t position, uint64_t token);
bool myelin_ring_push_fdatasync(struct myelin_ring *ring, int descriptor, uint64_t token);
/// Asks for the cancellation of everything in flight.
bool myelin_ring_push_cancel_all(struct myelin_ring *ring, uint64_t token);

/// Hands what was queued to the kernel. Returns how many it took, or a negative errno.
int myelin_ring_submit(struct myelin_ring *ring);
/// Operations queued and not yet taken by the kernel.
unsigned myelin_ring_unsubmitted(const struct myelin_ring *ring);
/// Takes up to `count` completions, also those the kernel kept aside when the queue was full. Never waits.
unsigned myelin_ring_take(struct myelin_ring *ring, struct myelin_ring_completion *completions, unsigned count);
/// Waits until a completion can be taken: 0, or -ETIME.
int myelin_ring_wait(struct myelin_ring *ring, int64_t milliseconds);

#endif
