#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// A socket's path has room for 107 bytes; by way of the folder's descriptor any folder will do.
static int address(struct sockaddr_un *place, int folder, const char *name) {
  *place = (struct sockaddr_un){.sun_family = AF_UNIX};
  int length = snprintf(place->sun_path, sizeof place->sun_path, "/proc/self/fd/%d/%s", folder, name);
  return length > 0 && (size_t)length < sizeof place->sun_path ? 0 : ENAMETOOLONG;
}

int clinux_bell_open(int folder, const char *name) {
  struct sockaddr_un place;
  int code = address(&place, folder, name);
  if (code != 0) {
    errno = code;
    return -1;
  }
  int bell = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bell < 0) return -1;
  if (bind(bell, (struct sockaddr *)&place, sizeof place) != 0) {
    code = errno;
    close(bell);
    errno = code;
    return -1;
  }
  return bell;
}

int clinux_bell_ring(int bell, int folder, const char *name, uint8_t what) {
  struct sockaddr_un place;
  int code = address(&place, folder, name);
  if (code != 0) return code;
  ssize_t sent = sendto(bell, &what, 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&place, sizeof place);
  return sent == 1 ? 0 : errno;
}

uint8_t clinux_bell_answer(int bell) {
  uint8_t all = 0, one;
  while (recv(bell, &one, 1, MSG_DONTWAIT) == 1) all |= one;
  return all;
}
