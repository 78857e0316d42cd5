// SPDX-License-Identifier: Apache-2.0
#include "crc32c.h"

#include <isa-l/crc.h>

// ISA-L takes and returns the raw register and an int length; feed it in pieces that fit an int.
uint32_t myelin_crc32c(uint32_t previous, const void *bytes, size_t count) {
    uint32_t register_ = previous ^ 0xffffffffu;
    unsigned char *next = (unsigned char *)bytes;
    while (count > 0) {
        int piece = count > 0x40000000 ? 0x40000000 : (int)count;
        register_ = crc32_iscsi(next, piece, register_);
        next += piece;
        count -= (size_t)piece;
    }
    return register_ ^ 0xffffffffu;
}
