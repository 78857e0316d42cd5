// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_ALLOCATION_COUNT_H
#define MYELIN_ALLOCATION_COUNT_H

#include <stdint.h>

/// Bytes asked of malloc, calloc and realloc since the process began, freed ones counted too.
uint64_t myelin_allocated_byte_count(void);

#endif
