// SPDX-License-Identifier: Apache-2.0
#ifndef MYELIN_CSHIMS_H
#define MYELIN_CSHIMS_H
#include "crc32c.h"
#include "syscalls.h"
#include "uring.h"
#endif
