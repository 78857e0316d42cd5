// SPDX-License-Identifier: Apache-2.0
#include "growable.h"

#include <stdlib.h>

void *myelin_memory_resize(void *memory, size_t byte_count) { return realloc(memory, byte_count); }

void myelin_memory_free(void *memory) { free(memory); }
