// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_BENCHMARKS_HISTOGRAM_H
#define MYELIN_BENCHMARKS_HISTOGRAM_H

#include <stdint.h>

// Nanoseconds counted in buckets that are at most 1/128 of their value wide: 128 to each power of two.
enum { SUB_BUCKET_BITS = 7, SUB_BUCKETS = 1 << SUB_BUCKET_BITS, BUCKETS = (65 - SUB_BUCKET_BITS) * SUB_BUCKETS };

struct histogram {
    uint64_t count;
    uint64_t maximum;
    uint64_t buckets[BUCKETS];
};

static inline unsigned bucket_of(uint64_t value) {
    if (value < SUB_BUCKETS) return (unsigned)value;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - SUB_BUCKET_BITS;
    return (shift + 1) * SUB_BUCKETS + (unsigned)(value >> shift) - SUB_BUCKETS;
}

/// The largest value that falls into a bucket.
static inline uint64_t upper_bound(unsigned bucket) {
    if (bucket < SUB_BUCKETS) return bucket;
    unsigned shift = bucket / SUB_BUCKETS - 1;
    return (((uint64_t)SUB_BUCKETS + bucket % SUB_BUCKETS + 1) << shift) - 1;
}

static inline void record(struct histogram *in, uint64_t value) {
    in->buckets[bucket_of(value)] += 1;
    in->count += 1;
    if (value > in->maximum) in->maximum = value;
}

/// The smallest bucket bound that at least `share` of the values do not exceed; 0 when nothing was recorded.
static inline uint64_t percentile(const struct histogram *of, double share) {
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        seen += of->buckets[bucket];
        if (of->count > 0 && (double)seen >= share * (double)of->count) {
            return upper_bound(bucket) < of->maximum ? upper_bound(bucket) : of->maximum;
        }
    }
    return 0;
}

#endif
