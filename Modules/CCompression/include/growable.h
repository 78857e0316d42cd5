// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_GROWABLE_H
#define MYELIN_GROWABLE_H

#include <stddef.h>

/// Resizes heap memory, keeping its contents up to the smaller size; `memory` may be null, `byte_count` is above 0.
/// Large blocks are remapped, not copied, so that growing never holds the old and the new block at once.
/// Null when there is no memory; the old block is then untouched.
void *_Nullable myelin_memory_resize(void *_Nullable memory, size_t byte_count);

/// Frees what `myelin_memory_resize` gave.
void myelin_memory_free(void *_Nullable memory);

#endif
