// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "uring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

struct myelin_ring {
    struct io_uring ring;
};

enum { TAKE_MAX = 64 };

// Completions are noticed when the thread next enters the kernel instead of by an interrupt to it (Linux 5.19).
static int set_up(unsigned entries, struct io_uring *ring, struct io_uring_params *parameters) {
    parameters->flags = IORING_SETUP_CLAMP | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    int result = io_uring_queue_init_params(entries, ring, parameters);
    if (result != -EINVAL) return result;
    *parameters = (struct io_uring_params){.flags = IORING_SETUP_CLAMP};
    return io_uring_queue_init_params(entries, ring, parameters);
}

// NODROP keeps completions when the queue is full, EXT_ARG gives a wait its time limit.
static bool is_capable(struct io_uring *ring, const struct io_uring_params *parameters) {
    const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
    if ((parameters->features & needed) != needed) return false;
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    if (!probe) return false;
    bool capable = io_uring_opcode_supported(probe, IORING_OP_READ)
        && io_uring_opcode_supported(probe, IORING_OP_FSYNC)
        && io_uring_opcode_supported(probe, IORING_OP_ASYNC_CANCEL);
    io_uring_free_probe(probe);
    return capable;
}

int myelin_ring_create(unsigned entries, int eventfd, struct myelin_ring **target) {
    struct myelin_ring *ring = calloc(1, sizeof *ring);
    if (!ring) return -ENOMEM;
    struct io_uring_params parameters = {0};
    int result = set_up(entries, &ring->ring, &parameters);
    if (result < 0) {
        free(ring);
        return result;
    }
    result = is_capable(&ring->ring, &parameters) ? io_uring_register_eventfd(&ring->ring, eventfd) : -ENOSYS;
    if (result < 0) {
        myelin_ring_destroy(ring);
        return result;
    }
    *target = ring;
    return 0;
}

void myelin_ring_destroy(struct myelin_ring *ring) {
    io_uring_queue_exit(&ring->ring);
    free(ring);
}

unsigned myelin_ring_capacity(const struct myelin_ring *ring) { return ring->ring.cq.ring_entries; }

bool myelin_ring_push_read(
    struct myelin_ring *ring, int descriptor, void *target, uint32_t count, int64_t position, uint64_t token) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);
    if (!entry) return false;
    io_uring_prep_read(entry, descriptor, target, count, (uint64_t)position);
    io_uring_sqe_set_data64(entry, token);
    return true;
}

bool myelin_ring_push_fdatasync(struct myelin_ring *ring, int descriptor, uint64_t token) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);
    if (!entry) return false;
    io_uring_prep_fsync(entry, descriptor, IORING_FSYNC_DATASYNC);
    io_uring_sqe_set_data64(entry, token);
    return true;
}

bool myelin_ring_push_cancel_all(struct myelin_ring *ring, uint64_t token) {
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);
    if (!entry) return false;
    io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data64(entry, token);
    return true;
}

int myelin_ring_submit(struct myelin_ring *ring) { return io_uring_submit(&ring->ring); }

unsigned myelin_ring_unsubmitted(const struct myelin_ring *ring) { return io_uring_sq_ready(&ring->ring); }

unsigned myelin_ring_take(struct myelin_ring *ring, struct myelin_ring_completion *completions, unsigned count) {
    struct io_uring_cqe *entries[TAKE_MAX];
    unsigned taken = io_uring_peek_batch_cqe(&ring->ring, entries, count < TAKE_MAX ? count : TAKE_MAX);
    for (unsigned index = 0; index < taken; index++) {
        completions[index].token = entries[index]->user_data;
        completions[index].result = entries[index]->res;
    }
    io_uring_cq_advance(&ring->ring, taken);
    return taken;
}

int myelin_ring_wait(struct myelin_ring *ring, int64_t milliseconds) {
    struct __kernel_timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    struct io_uring_cqe *entry;
    int result;
    do result = io_uring_wait_cqe_timeout(&ring->ring, &entry, &limit);
    while (result == -EINTR);
    return result;
}
