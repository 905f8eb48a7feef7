#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

int64_t clinux_file_system_type(const char *path) {
  struct statfs about;
  if (statfs(path, &about) != 0) return -1;
  return (int64_t)about.f_type & 0xFFFFFFFF;
}

int64_t clinux_free_bytes(const char *path) {
  struct statvfs about;
  if (statvfs(path, &about) != 0) return -1;
  return (int64_t)about.f_bavail * (int64_t)about.f_frsize;
}

int clinux_reserve_file(const char *path, int64_t size) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  int code = posix_fallocate(file, 0, size);
  close(file);
  if (code != 0) unlink(path);
  return code;
}
