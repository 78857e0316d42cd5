// SPDX-License-Identifier: Apache-2.0
// Tells ThreadSanitizer about a contended `Synchronization.Mutex`.
//
// The compiler copies the uncontended path of the mutex into the caller, where ThreadSanitizer sees its atomics. The
// contended one is in the runtime, which is not instrumented, and ends in the kernel (futex, priority inheritance): to
// ThreadSanitizer, two threads that met there were never in order. These two take the place of the runtime's in an
// instrumented executable, call it, and say what it did. In other builds this file is empty.
#define _GNU_SOURCE

#if __has_feature(thread_sanitizer)

#include <dlfcn.h>
#include <stdint.h>

// Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow(), as Swift 6.0 and later name them.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

void __tsan_acquire(void *address);
void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF void *mutex) __asm__(UNLOCK_SLOW);

typedef SWIFT void (*lock_call)(uint32_t thread, SELF void *mutex);
typedef SWIFT void (*unlock_call)(SELF void *mutex);

static lock_call runtime_lock_slow;
static unlock_call runtime_unlock_slow;

// Before main: looking a name up takes locks of its own.
__attribute__((constructor)) static void find_runtime(void) {
    runtime_lock_slow = (lock_call)dlsym(RTLD_NEXT, LOCK_SLOW);
    runtime_unlock_slow = (unlock_call)dlsym(RTLD_NEXT, UNLOCK_SLOW);
    if (!runtime_lock_slow || !runtime_unlock_slow) __builtin_trap();
}

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
    runtime_lock_slow(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF void *mutex) {
    __tsan_release(mutex);
    runtime_unlock_slow(mutex);
}

#else

typedef int no_thread_sanitizer;

#endif
