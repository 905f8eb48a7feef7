#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

// The oldest version with every option that the client relies on (CURLOPT_PROTOCOLS_STR: 7.85.0).
#define OLDEST_VERSION 0x075500
#define OLDEST_VERSION_TEXT "7.85.0"

// Debian's names. Both have the same interface; the second is built with GnuTLS.
static const char *const library_names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

// Every function of libcurl that is used, once: name in the table, name in the library.
#define FUNCTIONS(X)                                                                                         \
  X(global_init, CURLcode, (long))                                                                           \
  X(version_info, curl_version_info_data *, (CURLversion))                                                   \
  X(easy_strerror, const char *, (CURLcode))                                                                 \
  X(easy_init, CURL *, (void))                                                                               \
  X(easy_cleanup, void, (CURL *))                                                                            \
  X(easy_pause, CURLcode, (CURL *, int))                                                                     \
  X(easy_setopt, CURLcode, (CURL *, CURLoption, ...))                                                        \
  X(easy_getinfo, CURLcode, (CURL *, CURLINFO, ...))                                                         \
  X(slist_append, struct curl_slist *, (struct curl_slist *, const char *))                                  \
  X(slist_free_all, void, (struct curl_slist *))                                                             \
  X(multi_strerror, const char *, (CURLMcode))                                                               \
  X(multi_init, CURLM *, (void))                                                                             \
  X(multi_cleanup, CURLMcode, (CURLM *))                                                                     \
  X(multi_setopt, CURLMcode, (CURLM *, CURLMoption, ...))                                                    \
  X(multi_add_handle, CURLMcode, (CURLM *, CURL *))                                                          \
  X(multi_remove_handle, CURLMcode, (CURLM *, CURL *))                                                       \
  X(multi_perform, CURLMcode, (CURLM *, int *))                                                              \
  X(multi_poll, CURLMcode, (CURLM *, struct curl_waitfd *, unsigned int, int, int *))                        \
  X(multi_info_read, CURLMsg *, (CURLM *, int *))

struct table {
#define MEMBER(name, result, arguments) result(*name) arguments;
  FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct table curl;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char load_failure[512];

// Opens one library file and fills `table`. Returns the handle, or NULL and the reason.
static void *open_library(const char *name, struct table *table, char *reason, size_t capacity) {
  void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *text = dlerror();
    snprintf(reason, capacity, "%s", text ? text : name);
    return NULL;
  }
  const char *missing = NULL;
// The POSIX way to turn dlsym's object pointer into a function pointer.
#define RESOLVE(name, result, arguments)                                                                     \
  *(void **)&table->name = dlsym(handle, "curl_" #name);                                                     \
  if (!table->name && !missing) missing = "curl_" #name;
  FUNCTIONS(RESOLVE)
#undef RESOLVE
  if (missing) {
    snprintf(reason, capacity, "%s has no function %s", name, missing);
    dlclose(handle);
    return NULL;
  }
  const curl_version_info_data *info = table->version_info(CURLVERSION_NOW);
  if (info->version_num < OLDEST_VERSION) {
    snprintf(reason, capacity, "%s is version %s; %s or newer is needed", name, info->version,
             OLDEST_VERSION_TEXT);
    dlclose(handle);
    return NULL;
  }
  return handle;
}

static void load(void) {
  char reason[240];
  size_t used = 0;
  void *handle = NULL;
  for (size_t i = 0; i < sizeof library_names / sizeof *library_names && !handle; i++) {
    handle = open_library(library_names[i], &curl, reason, sizeof reason);
    if (!handle) {
      used += (size_t)snprintf(load_failure + used, sizeof load_failure - used, "%s%s", used ? "; " : "", reason);
      if (used >= sizeof load_failure) used = sizeof load_failure - 1;
    }
  }
  if (!handle) return;
  load_failure[0] = 0;
  // OpenSSL frees its globals in an atexit handler, while the event thread may still be using them:
  // a crash at the end of a good run. OPENSSL_INIT_NO_ATEXIT (0x00080000) keeps them. dlsym also looks
  // into the libraries that libcurl needs; a libcurl with another TLS library has no such function.
  int (*init_crypto)(uint64_t, const void *);
  *(void **)&init_crypto = dlsym(handle, "OPENSSL_init_crypto");
  if (init_crypto) init_crypto(0x00080000, NULL);
  CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) {
    snprintf(load_failure, sizeof load_failure, "curl_global_init failed: %s", curl.easy_strerror(code));
  }
}

const char *ccurl_load(void) {
  pthread_once(&once, load);
  return load_failure[0] ? load_failure : NULL;
}

int ccurl_try_library(const char *name, char *reason, size_t capacity) {
  struct table scratch;
  void *handle = open_library(name, &scratch, reason, capacity);
  if (!handle) return -1;
  dlclose(handle);
  return 0;
}

const char *ccurl_version(void) { return curl.version_info(CURLVERSION_NOW)->version; }
const char *ccurl_strerror(CURLcode code) { return curl.easy_strerror(code); }
const char *ccurl_multi_strerror(CURLMcode code) { return curl.multi_strerror(code); }

CURL *ccurl_easy_new(void) { return curl.easy_init(); }
void ccurl_easy_free(CURL *easy) { curl.easy_cleanup(easy); }
CURLcode ccurl_easy_pause(CURL *easy, int mask) { return curl.easy_pause(easy, mask); }

CURLcode ccurl_easy_set_long(CURL *easy, CURLoption option, long value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_easy_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_easy_set_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl.easy_setopt(easy, option, value);
}
CURLcode ccurl_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl.easy_setopt(easy, option, value);
}

CURLcode ccurl_easy_set_callbacks(CURL *easy, curl_write_callback body, curl_write_callback header,
                                  curl_opensocket_callback open_socket, curl_prereq_callback connected,
                                  void *context) {
  CURLcode code = curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_WRITEDATA, context);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_HEADERDATA, context);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, connected);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_PREREQDATA, context);
  if (!code) code = curl.easy_setopt(easy, CURLOPT_PRIVATE, context);
  return code;
}

void *ccurl_easy_private(CURL *easy) {
  char *value = NULL;
  return curl.easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *line) {
  return curl.slist_append(list, line);
}
void ccurl_slist_free(struct curl_slist *list) { curl.slist_free_all(list); }

CURLM *ccurl_multi_new(void) { return curl.multi_init(); }
CURLMcode ccurl_multi_free(CURLM *multi) { return curl.multi_cleanup(multi); }
CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl.multi_setopt(multi, option, value);
}
CURLMcode ccurl_multi_add(CURLM *multi, CURL *easy) { return curl.multi_add_handle(multi, easy); }
CURLMcode ccurl_multi_remove(CURLM *multi, CURL *easy) { return curl.multi_remove_handle(multi, easy); }
CURLMcode ccurl_multi_perform(CURLM *multi, int *running) { return curl.multi_perform(multi, running); }
CURLMcode ccurl_multi_poll(CURLM *multi, int wake_descriptor, int timeout_milliseconds) {
  struct curl_waitfd wake = {.fd = wake_descriptor, .events = CURL_WAIT_POLLIN};
  CURLMcode code = curl.multi_poll(multi, &wake, 1, timeout_milliseconds, NULL);
  if (wake.revents) {
    // One read resets the count. It cannot fail for a reason that would matter: the descriptor does not
    // block, and a count that stays makes the next sleep short.
    uint64_t count;
    ssize_t ignored = read(wake_descriptor, &count, sizeof count);
    (void)ignored;
  }
  return code;
}

int ccurl_wake_new(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void ccurl_wake(int wake_descriptor) {
  uint64_t one = 1;
  ssize_t ignored = write(wake_descriptor, &one, sizeof one);  // fails only when it is awake 2^64 times
  (void)ignored;
}

CURL *ccurl_multi_next_done(CURLM *multi, CURLcode *result) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl.multi_info_read(multi, &left))) {
    if (message->msg == CURLMSG_DONE) {
      *result = message->data.result;
      return message->easy_handle;
    }
  }
  return NULL;
}
