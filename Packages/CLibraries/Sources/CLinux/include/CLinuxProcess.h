#ifndef MEMFUN_CLINUX_PROCESS_H
#define MEMFUN_CLINUX_PROCESS_H
#include <stddef.h>
#include <sys/types.h>

// Functions return 0 (or a descriptor) on success; failures are described at each one.

/// A pipe whose two ends are close-on-exec and numbered 3 or higher, so that no later dup2 onto the
/// standard descriptors of a child can overwrite them. Returns 0 or an errno value.
int clinux_pipe(int ends[2]);

/// Asks for a larger pipe buffer. Returns 0 or an errno value; a refusal is harmless.
int clinux_pipe_resize(int end, int bytes);

/// Makes one end non-blocking; the other end keeps its mode. Returns 0 or an errno value.
int clinux_set_nonblocking(int descriptor);

/// The opposite of `clinux_set_nonblocking`. Returns 0 or an errno value.
int clinux_set_blocking(int descriptor);

/// An eventfd, close-on-exec and non-blocking. Returns -1 with errno set on failure.
int clinux_eventfd(void);

/// Opens a folder only as a place (O_PATH) and checks that it may be entered. Returns -1 with errno.
int clinux_open_place(const char *path);

/// Starts a program in a session of its own, with no signal blocked or ignored and with no descriptor
/// but 0, 1 and 2. `directory` is a descriptor or -1 for the parent's folder; `input`, `output` and
/// `error` are descriptors >= 3, or -1 for /dev/null. Returns 0 or an errno value.
int clinux_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], int directory,
                 int input, int output, int error);

/// A descriptor that becomes readable when the process ends. Returns -1 with errno.
int clinux_pidfd_open(pid_t pid);

/// Waits for the child and removes it from the process table. Exactly one of `exit_status` and
/// `signal_number` is set to a value >= 0, the other to -1. Returns 0 or an errno value.
int clinux_reap(pid_t pid, int *exit_status, int *signal_number);

/// A process whose SIGCHLD is ignored (as some parents bequeath it) loses its children's exit status;
/// this restores the default action in that case.
void clinux_ensure_children_can_be_waited_for(void);

/// Runs `body(context)` on a new detached thread with every signal blocked. Returns 0 or an errno value.
int clinux_thread_start(const char *name, size_t stack_bytes, void (*body)(void *), void *context);
#endif
