// Tells ThreadSanitizer about contended Synchronization.Mutex locks.
//
// The fast paths of the mutex are inlined into our code and instrumented. The slow paths live in the
// toolchain's library, which is not: there the kernel hands the lock over (FUTEX_LOCK_PI), the
// sanitizer sees no order between the two holders, and reports races that do not exist. This library
// is preloaded in sanitizer runs only; it wraps the two slow paths and states what they guarantee.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Present in processes that run under ThreadSanitizer; the build tools that inherit the preload do not.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Synchronization._MutexHandle._lockSlow(UInt32) -> ()
SWIFT void lock_slow(uint32_t owner, SELF void *handle) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
// Synchronization._MutexHandle._unlockSlow() -> ()
SWIFT void unlock_slow(SELF void *handle) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

SWIFT void lock_slow(uint32_t owner, SELF void *handle) {
  SWIFT void (*original)(uint32_t, SELF void *) =
      (SWIFT void (*)(uint32_t, SELF void *))dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
  original(owner, handle);
  if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT void unlock_slow(SELF void *handle) {
  SWIFT void (*original)(SELF void *) =
      (SWIFT void (*)(SELF void *))dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
  if (__tsan_release) __tsan_release(handle);
  original(handle);
}
