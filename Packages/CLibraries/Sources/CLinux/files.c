#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const int clinux_o_path = O_PATH;
const uint64_t clinux_resolve_beneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;

int clinux_openat2(int directory, const char *path, int flags, mode_t mode, uint64_t resolve) {
  struct open_how how = {
      .flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
      // The kernel refuses a mode when nothing can be created.
      .mode = (flags & O_CREAT) != 0 ? mode : 0,
      .resolve = resolve,
  };
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int clinux_openat(int directory, const char *path, int flags, mode_t mode) {
  return openat(directory, path, flags | O_CLOEXEC, mode);
}

ssize_t clinux_read_link(int link, char *space, size_t size) {
  ssize_t length = readlinkat(link, "", space, size - 1);
  if (length < 0) return -1;
  if ((size_t)length == size - 1) {
    errno = ENAMETOOLONG;
    return -1;
  }
  space[length] = 0;
  return length;
}

const void *clinux_find(const void *text, size_t text_size, const void *needle, size_t needle_size) {
  return memmem(text, text_size, needle, needle_size);
}
