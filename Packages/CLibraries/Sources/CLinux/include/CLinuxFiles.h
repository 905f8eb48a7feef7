#ifndef MEMFUN_CLINUX_FILES_H
#define MEMFUN_CLINUX_FILES_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// O_PATH: a descriptor that stands for a place and cannot be read.
extern const int clinux_o_path;

/// RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS of openat2.
extern const uint64_t clinux_resolve_beneath;

/// openat2(2), close-on-exec. Returns -1 with errno set; ENOSYS on kernels before 5.6.
int clinux_openat2(int directory, const char *path, int flags, mode_t mode, uint64_t resolve);

/// openat(2) with a mode (variadic in C, so Swift cannot call it). Close-on-exec is always set.
int clinux_openat(int directory, const char *path, int flags, mode_t mode);

/// The target of the symbolic link that an O_PATH descriptor stands for, NUL-terminated.
/// Returns its length, or -1 with errno set.
ssize_t clinux_read_link(int link, char *space, size_t size);

/// The first place where `needle` occurs in `text`, or NULL (memmem(3)).
const void *clinux_find(const void *text, size_t text_size, const void *needle,
                                  size_t needle_size);
#endif
