#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int raise_above_standard(int *descriptor) {
  if (*descriptor > 2) return 0;
  int higher = fcntl(*descriptor, F_DUPFD_CLOEXEC, 3);
  if (higher < 0) return errno;
  close(*descriptor);
  *descriptor = higher;
  return 0;
}

int clinux_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  int failure = raise_above_standard(&ends[0]);
  if (failure == 0) failure = raise_above_standard(&ends[1]);
  if (failure != 0) {
    close(ends[0]);
    close(ends[1]);
  }
  return failure;
}

int clinux_pipe_resize(int end, int bytes) { return fcntl(end, F_SETPIPE_SZ, bytes) < 0 ? errno : 0; }

int clinux_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return errno;
  return fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

int clinux_set_blocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return errno;
  return fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) < 0 ? errno : 0;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_open_place(const char *path) {
  int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) return -1;
  if (faccessat(place, ".", X_OK, 0) != 0) {
    int failure = errno;
    close(place);
    errno = failure;
    return -1;
  }
  int failure = raise_above_standard(&place);
  if (failure != 0) {
    close(place);
    errno = failure;
    return -1;
  }
  return place;
}

static int add_standard(posix_spawn_file_actions_t *actions, int source, int target) {
  if (source < 0) {
    return posix_spawn_file_actions_addopen(actions, target, "/dev/null", target == 0 ? O_RDONLY : O_WRONLY,
                                            0);
  }
  return posix_spawn_file_actions_adddup2(actions, source, target);
}

int clinux_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], int directory,
                 int input, int output, int error) {
  posix_spawn_file_actions_t actions;
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure != 0) return failure;
  posix_spawnattr_t attributes;
  failure = posix_spawnattr_init(&attributes);
  if (failure != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return failure;
  }

  sigset_t none, all;
  sigemptyset(&none);
  // sigfillset leaves out the two signals that glibc keeps for itself, and the child would start with
  // those ignored.
  memset(&all, 0xFF, sizeof all);
  sigdelset(&all, SIGKILL);
  sigdelset(&all, SIGSTOP);
  failure = posix_spawnattr_setsigmask(&attributes, &none);
  if (failure == 0) failure = posix_spawnattr_setsigdefault(&attributes, &all);
  if (failure == 0) {
    failure = posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  if (failure == 0 && directory >= 0) failure = posix_spawn_file_actions_addfchdir_np(&actions, directory);
  if (failure == 0) failure = add_standard(&actions, input, 0);
  if (failure == 0) failure = add_standard(&actions, output, 1);
  if (failure == 0) failure = add_standard(&actions, error, 2);
  if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (failure == 0) failure = posix_spawn(pid, path, &actions, &attributes, argv, envp);

  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}

int clinux_pidfd_open(pid_t pid) {
  // The kernel sets close-on-exec on every pidfd.
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

int clinux_reap(pid_t pid, int *exit_status, int *signal_number) {
  int status = 0;
  pid_t reaped;
  do {
    reaped = waitpid(pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped < 0) return errno;
  *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  *signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  return 0;
}

void clinux_ensure_children_can_be_waited_for(void) {
  struct sigaction current;
  if (sigaction(SIGCHLD, NULL, &current) != 0) return;
  if (current.sa_handler == SIG_IGN || (current.sa_flags & SA_NOCLDWAIT) != 0) {
    memset(&current, 0, sizeof current);
    current.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &current, NULL);
  }
}

struct thread_start {
  char name[16];
  void (*body)(void *);
  void *context;
};

static void *run_thread(void *argument) {
  struct thread_start start = *(struct thread_start *)argument;
  free(argument);
  pthread_setname_np(pthread_self(), start.name);
  start.body(start.context);
  return NULL;
}

int clinux_thread_start(const char *name, size_t stack_bytes, void (*body)(void *), void *context) {
  struct thread_start *start = malloc(sizeof *start);
  if (start == NULL) return ENOMEM;
  // The kernel keeps 15 characters of a thread's name.
  strncpy(start->name, name, sizeof start->name - 1);
  start->name[sizeof start->name - 1] = 0;
  start->body = body;
  start->context = context;

  pthread_attr_t attributes;
  int failure = pthread_attr_init(&attributes);
  if (failure != 0) {
    free(start);
    return failure;
  }
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, stack_bytes);

  // The new thread inherits the mask of its creator, so the mask is set around the creation.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  failure = pthread_create(&thread, &attributes, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (failure != 0) free(start);
  return failure;
}
