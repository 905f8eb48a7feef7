// The loopback server that both clients are measured against: one thread, epoll, HTTP/1.1 keep-alive.
//
//   POST /            a small JSON answer
//   GET  /burst/N     N chunks of about 20 bytes, as fast as the peer reads
//   GET  /paced/N     N chunks, 500 µs apart, each holding the monotonic time of its sending in ns
//
// Prints the port it listens on. Ends with its standard input.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_DESCRIPTOR = 1024, BUFFER = 16 << 10 };
static char *buffers[MAXIMUM_DESCRIPTOR];
static size_t lengths[MAXIMUM_DESCRIPTOR];

static const char answer[] =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Server: floor\r\n"
    "Content-Type: application/json\r\n"
    "X-Request-Id: 0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: 111\r\n"
    "\r\n"
    "{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":"
    "\"Hello, how can I help?\"}]}";

// Blocks until all is written; 0, or -1 when the peer is gone.
static int send_all(int descriptor, const char *data, size_t length) {
  while (length) {
    ssize_t count = send(descriptor, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
      poll(&(struct pollfd){descriptor, POLLOUT, 0}, 1, -1);
      continue;
    }
    if (count <= 0) return -1;
    data += count;
    length -= (size_t)count;
  }
  return 0;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int stream(int descriptor, int count, int paced) {
  static const char head[] =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (send_all(descriptor, head, sizeof head - 1)) return -1;
  char block[64 << 10];
  size_t used = 0;
  for (int i = 0; i < count; i++) {
    char text[32];
    if (paced) nanosleep(&(struct timespec){0, 500000}, NULL);
    int length = snprintf(text, sizeof text, "%019lld\n", paced ? now() : (long long)i);
    used += (size_t)snprintf(block + used, sizeof block - used, "%x\r\n%s\r\n", length, text);
    if (paced || used > sizeof block - 100) {
      if (send_all(descriptor, block, used)) return -1;
      used = 0;
    }
  }
  used += (size_t)snprintf(block + used, sizeof block - used, "0\r\n\r\n");
  return send_all(descriptor, block, used);
}

// Answers every complete request in the buffer; -1 ends the connection.
static int answer_requests(int descriptor) {
  char *data = buffers[descriptor];
  for (;;) {
    data[lengths[descriptor]] = 0;
    char *end = strstr(data, "\r\n\r\n");
    if (!end) return 0;
    size_t body = 0;
    char *field = strcasestr(data, "\r\ncontent-length:");
    if (field && field < end) body = strtoul(field + 17, NULL, 10);
    size_t total = (size_t)(end + 4 - data) + body;
    if (total >= BUFFER) return -1;
    if (total > lengths[descriptor]) return 0;
    int count = 0;
    int failed;
    if (sscanf(data, "GET /burst/%d", &count) == 1) {
      failed = stream(descriptor, count, 0);
    } else if (sscanf(data, "GET /paced/%d", &count) == 1) {
      failed = stream(descriptor, count, 1);
    } else {
      failed = send_all(descriptor, answer, sizeof answer - 1);
    }
    if (failed) return -1;
    lengths[descriptor] -= total;
    memmove(data, data + total, lengths[descriptor]);
  }
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 128) ||
      getsockname(listener, (struct sockaddr *)&address, &size)) {
    perror("listen");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  int queue = epoll_create1(0);
  epoll_ctl(queue, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
  epoll_ctl(queue, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN, .data.fd = 0});
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(queue, events, 64, -1);
    for (int i = 0; i < count; i++) {
      int descriptor = events[i].data.fd;
      if (descriptor == 0) return 0;
      if (descriptor == listener) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) continue;
        if (connection >= MAXIMUM_DESCRIPTOR) {
          close(connection);
          continue;
        }
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (!buffers[connection]) buffers[connection] = malloc(BUFFER + 1);
        lengths[connection] = 0;
        epoll_ctl(queue, EPOLL_CTL_ADD, connection,
                  &(struct epoll_event){.events = EPOLLIN, .data.fd = connection});
        continue;
      }
      ssize_t got = recv(descriptor, buffers[descriptor] + lengths[descriptor],
                         BUFFER - lengths[descriptor], 0);
      if (got > 0) lengths[descriptor] += (size_t)got;
      if (got <= 0 || answer_requests(descriptor)) close(descriptor);
    }
  }
}
