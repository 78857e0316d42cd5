// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_CRC32C_H
#define MYELIN_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `count` bytes, continued from `previous` (0 to start). Both xors are applied:
/// the nine ASCII digits "123456789" give 0xE3069283.
uint32_t myelin_crc32c(uint32_t previous, const void *bytes, size_t count);

#endif
