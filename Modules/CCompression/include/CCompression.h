// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_CCOMPRESSION_H
#define MYELIN_CCOMPRESSION_H

// The four compression libraries of the system. Only `RecordBatch` imports them.
#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "growable.h"

#endif
