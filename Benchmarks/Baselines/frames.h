// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_BENCHMARKS_FRAMES_H
#define MYELIN_BENCHMARKS_FRAMES_H

#include "wire.h"

// A request is built once and sent many times; only its correlation id, the partition of a produce and
// the offset of a fetch are patched.

enum { FRAME_CORRELATION = 8, FRAME_HEAD = 12 };

static const char client_id[] = "bench";

/// One record batch without compression, producer id or keys: as many values of `value_bytes` as fit into
/// `batch_bytes`, and at least one.
struct batch {
    uint8_t *bytes;
    size_t count;
    uint32_t record_count;
};

static inline void add_varint(struct writer *to, int64_t value) {
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    for (; zigzag >= 0x80; zigzag >>= 7) add8(to, (uint8_t)(zigzag | 0x80));
    add8(to, (uint8_t)zigzag);
}

// Text that no two records share, so that nothing on the way can be cheap by accident.
static inline void add_value(struct writer *to, size_t count) {
    static uint64_t state = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        add8(to, (uint8_t)('a' + (state >> 33) % 26));
    }
}

static inline void add_record(struct writer *to, uint32_t index, size_t value_bytes) {
    uint8_t head[32];
    struct writer fields = {.bytes = head};
    add8(&fields, 0);
    add_varint(&fields, 0);
    add_varint(&fields, index);
    add_varint(&fields, -1);
    add_varint(&fields, (int64_t)value_bytes);
    add_varint(to, (int64_t)(fields.count + value_bytes + 1));
    add_bytes(to, head, fields.count);
    add_value(to, value_bytes);
    add_varint(to, 0);
}

static inline struct batch make_batch(size_t value_bytes, size_t batch_bytes, uint64_t timestamp) {
    struct writer to = {.bytes = malloc(batch_bytes + value_bytes + 256), .count = BATCH_HEADER};
    check(to.bytes != NULL, "no memory for a batch");
    uint32_t records = 0;
    do add_record(&to, records++, value_bytes);
    while (to.count + value_bytes + 24 <= batch_bytes);
    size_t count = to.count;
    to.count = 0;
    add64(&to, 0);
    add32(&to, (uint32_t)(count - BATCH_LENGTH - 4));
    add32(&to, (uint32_t)-1);
    add8(&to, 2);
    add32(&to, 0);
    add16(&to, 0);
    add32(&to, records - 1);
    add64(&to, timestamp);
    add64(&to, timestamp);
    add64(&to, (uint64_t)-1);
    add16(&to, (uint16_t)-1);
    add32(&to, (uint32_t)-1);
    add32(&to, records);
    put32(to.bytes + BATCH_CHECKSUM, crc32c(to.bytes + BATCH_CHECKED, count - BATCH_CHECKED));
    return (struct batch){.bytes = to.bytes, .count = count, .record_count = records};
}

static inline struct writer begin_frame(size_t body_bytes_max, uint16_t key, uint16_t version) {
    struct writer to = {.bytes = malloc(body_bytes_max + 512)};
    check(to.bytes != NULL, "no memory for a frame");
    add32(&to, 0);
    add16(&to, key);
    add16(&to, version);
    add32(&to, 0);
    add_string(&to, client_id);
    return to;
}

static inline void end_frame(struct writer *frame) { put32(frame->bytes, (uint32_t)(frame->count - 4)); }

/// `partition_position` is where another partition could be patched in.
static inline struct writer produce_frame(const char *topic, uint32_t partition, int acks, struct batch batch,
                                          size_t *partition_position) {
    struct writer to = begin_frame(batch.count + strlen(topic), API_PRODUCE, VERSION_PRODUCE);
    add16(&to, (uint16_t)-1);
    add16(&to, (uint16_t)acks);
    add32(&to, 30000);
    add32(&to, 1);
    add_string(&to, topic);
    add32(&to, 1);
    *partition_position = to.count;
    add32(&to, partition);
    add32(&to, (uint32_t)batch.count);
    add_bytes(&to, batch.bytes, batch.count);
    end_frame(&to);
    return to;
}

/// The length of the answer to a produce frame, its size prefix included, and where its error code lies.
static inline size_t produce_answer_bytes(const char *topic) {
    return 4 + 4 + 4 + 2 + strlen(topic) + 4 + 4 + 2 + 8 + 8 + 8 + 4;
}

static inline size_t produce_answer_error(const char *topic) { return 4 + 4 + 4 + 2 + strlen(topic) + 4 + 4; }

/// `offset_position` is where the offset has to be patched.
static inline struct writer fetch_frame(const char *topic, uint32_t partition, uint32_t bytes_max,
                                        size_t *offset_position) {
    struct writer to = begin_frame(strlen(topic), API_FETCH, VERSION_FETCH);
    add32(&to, (uint32_t)-1);
    add32(&to, 500);
    add32(&to, 1);
    add32(&to, bytes_max);
    add8(&to, 0);
    add32(&to, 0);
    add32(&to, (uint32_t)-1);
    add32(&to, 1);
    add_string(&to, topic);
    add32(&to, 1);
    add32(&to, partition);
    add32(&to, (uint32_t)-1);
    *offset_position = to.count;
    add64(&to, 0);
    add64(&to, (uint64_t)-1);
    add32(&to, bytes_max);
    add32(&to, 0);
    add_string(&to, "");
    end_frame(&to);
    return to;
}

/// What comes before the records in the answer to a fetch frame, its size prefix included.
static inline size_t fetch_answer_head(const char *topic) {
    return 4 + 4 + 4 + 2 + 4 + 4 + 2 + strlen(topic) + 4 + 4 + 2 + 8 + 8 + 8 + 4 + 4 + 4;
}

/// `config` is `name=value`, or NULL.
static inline struct writer create_frame(const char *topic, uint32_t partitions, const char *config) {
    struct writer to = begin_frame(512, API_CREATE_TOPICS, VERSION_CREATE_TOPICS);
    const char *equals = config == NULL ? NULL : strchr(config, '=');
    add32(&to, 1);
    add_string(&to, topic);
    add32(&to, partitions);
    add16(&to, 1);
    add32(&to, 0);
    add32(&to, equals != NULL);
    if (equals != NULL) {
        add16(&to, (uint16_t)(equals - config));
        add_bytes(&to, config, (size_t)(equals - config));
        add_string(&to, equals + 1);
    }
    add32(&to, 30000);
    add8(&to, 0);
    end_frame(&to);
    return to;
}

#endif
