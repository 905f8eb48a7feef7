#ifndef MEMFUN_CLINUX_SHARED_H
#define MEMFUN_CLINUX_SHARED_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What the processes of one store share in memory: a page of a file that each of them maps.
///
/// It carries advice, never truth: whoever finds it wrong only loses fairness or some precision.
typedef struct clinux_shared clinux_shared;

/// Maps the file, making it when it is missing. NULL with errno set.
clinux_shared *clinux_shared_open(const char *path);
void clinux_shared_close(clinux_shared *shared);

/// Takes a number and waits until it is served. Gives up when nobody before was served for
/// `patience_ms` (a holder died or sleeps). Returns the number.
uint32_t clinux_shared_enter(clinux_shared *shared, unsigned patience_ms);
/// Serves the number after `ticket`.
void clinux_shared_leave(clinux_shared *shared, uint32_t ticket);

/// Raises the shared instant to `value` and returns the highest that anybody gave.
int64_t clinux_shared_raise(clinux_shared *shared, int64_t value);

/// A datagram socket, non-blocking, bound to `name` in the folder. -1 with errno set.
int clinux_bell_open(int folder, const char *name);
/// Sends one byte to the bell `name` of the folder; never blocks. 0, or an errno value
/// (ECONNREFUSED and ENOENT: nobody listens there any more; EAGAIN: it is full, so it rings anyway).
int clinux_bell_ring(int bell, int folder, const char *name, uint8_t what);
/// The union of what was rung since the last call; 0 when it was not.
uint8_t clinux_bell_answer(int bell);

/// CRC-32C (Castagnoli) of the bytes, continued from `crc` (0 at the beginning).
uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t size);

/// The type number of the file system of `path` (statfs(2)); -1 with errno set.
int64_t clinux_file_system_type(const char *path);
/// Bytes that an ordinary user may still write; -1 with errno set.
int64_t clinux_free_bytes(const char *path);
/// Gives `path` real blocks of `size` bytes. 0 or an errno value; nothing is left behind on failure.
int clinux_reserve_file(const char *path, int64_t size);
#endif
