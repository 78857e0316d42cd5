// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_BENCHMARKS_WIRE_H
#define MYELIN_BENCHMARKS_WIRE_H

#include <endian.h>
#include <errno.h>
#include <isa-l/crc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The Kafka protocol as far as the benchmarks speak it. These versions have fields of fixed size only, so that every
// answer to one kind of request has the same length.

enum { API_PRODUCE = 0, API_FETCH = 1, API_API_VERSIONS = 18, API_CREATE_TOPICS = 19 };
enum { VERSION_PRODUCE = 7, VERSION_FETCH = 11, VERSION_API_VERSIONS = 0, VERSION_CREATE_TOPICS = 1 };

// Record batch, format 2 (docs/formats/record-batch.md): where the fields lie, and where the checksum begins.
enum { BATCH_LENGTH = 8, BATCH_MAGIC = 16, BATCH_CHECKSUM = 17, BATCH_CHECKED = 21, BATCH_LAST_OFFSET_DELTA = 23,
       BATCH_HEADER = 61 };

static inline void put16(void *at, uint16_t value) { value = htobe16(value); memcpy(at, &value, 2); }
static inline void put32(void *at, uint32_t value) { value = htobe32(value); memcpy(at, &value, 4); }
static inline void put64(void *at, uint64_t value) { value = htobe64(value); memcpy(at, &value, 8); }

static inline uint16_t get16(const void *at) { uint16_t value; memcpy(&value, at, 2); return be16toh(value); }
static inline uint32_t get32(const void *at) { uint32_t value; memcpy(&value, at, 4); return be32toh(value); }
static inline uint64_t get64(const void *at) { uint64_t value; memcpy(&value, at, 8); return be64toh(value); }

/// Appends fields to a buffer that the caller has made large enough.
struct writer {
    uint8_t *bytes;
    size_t count;
};

static inline void add8(struct writer *to, uint8_t value) { to->bytes[to->count++] = value; }
static inline void add16(struct writer *to, uint16_t value) { put16(to->bytes + to->count, value); to->count += 2; }
static inline void add32(struct writer *to, uint32_t value) { put32(to->bytes + to->count, value); to->count += 4; }
static inline void add64(struct writer *to, uint64_t value) { put64(to->bytes + to->count, value); to->count += 8; }

static inline void add_bytes(struct writer *to, const void *bytes, size_t count) {
    memcpy(to->bytes + to->count, bytes, count);
    to->count += count;
}

static inline void add_string(struct writer *to, const char *text) {
    add16(to, (uint16_t)strlen(text));
    add_bytes(to, text, strlen(text));
}

/// CRC-32C as record batches carry it. A batch is below 2 GiB, so its length fits ISA-L's int.
static inline uint32_t crc32c(const void *bytes, size_t count) {
    return crc32_iscsi((unsigned char *)bytes, (int)count, 0xffffffffu) ^ 0xffffffffu;
}

/// Ends the program with one line: what failed, and errno when it says something.
static inline void __attribute__((noreturn)) fail(const char *what) {
    fprintf(stderr, errno == 0 ? "%s\n" : "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline void check(int good, const char *what) {
    if (!good) fail(what);
}

#endif
