#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct clinux_shared {
  _Atomic uint32_t next;
  _Atomic uint32_t serving;
  _Atomic int64_t instant;
};

enum { PAGE = 4096 };

clinux_shared *clinux_shared_open(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  // Real blocks, so that a full disk cannot turn a store into a SIGBUS.
  int code = posix_fallocate(file, 0, PAGE);
  void *page = MAP_FAILED;
  if (code == 0) {
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    code = errno;
  }
  close(file);
  if (page == MAP_FAILED) {
    errno = code;
    return NULL;
  }
  return page;
}

void clinux_shared_close(clinux_shared *shared) { munmap(shared, PAGE); }

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t clinux_shared_enter(clinux_shared *shared, unsigned patience_ms) {
  uint32_t mine = atomic_fetch_add(&shared->next, 1);
  uint32_t seen = atomic_load(&shared->serving);
  int64_t since = 0;
  for (;;) {
    uint32_t serving = atomic_load(&shared->serving);
    int32_t before = (int32_t)(mine - serving);
    if (before <= 0) return mine;
    if (since == 0 || serving != seen) {
      seen = serving;
      since = milliseconds();
    }
    // Those further back wait longer, so that after a death they go one by one.
    int64_t distance = before > 64 ? 64 : before;
    int64_t left = since + (int64_t)patience_ms * distance - milliseconds();
    if (left <= 0) return mine;
    struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = (left % 1000) * 1000000};
    syscall(SYS_futex, &shared->serving, FUTEX_WAIT, serving, &wait, NULL, 0);
  }
}

void clinux_shared_leave(clinux_shared *shared, uint32_t ticket) {
  uint32_t after = ticket + 1;
  uint32_t serving = atomic_load(&shared->serving);
  // Only forward: somebody who lost patience may have been served before this one.
  while ((int32_t)(after - serving) > 0 &&
         !atomic_compare_exchange_weak(&shared->serving, &serving, after)) {
  }
  if (atomic_load(&shared->next) != after)
    syscall(SYS_futex, &shared->serving, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int64_t clinux_shared_raise(clinux_shared *shared, int64_t value) {
  int64_t known = atomic_load(&shared->instant);
  while (known < value && !atomic_compare_exchange_weak(&shared->instant, &known, value)) {
  }
  return known < value ? value : known;
}
