#include "CCrypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

// OpenSSL 3 (Debian 12), and 1.1.1 with the same functions.
static const char *const library_names[] = {"libcrypto.so.3", "libcrypto.so.1.1"};

// Every function of libcrypto that is used, once.
#define FUNCTIONS(X)                                                                                         \
  X(EVP_MD_CTX_new, void *, (void))                                                                          \
  X(EVP_MD_CTX_free, void, (void *))                                                                         \
  X(EVP_sha256, const void *, (void))                                                                        \
  X(EVP_DigestInit_ex, int, (void *, const void *, void *))                                                  \
  X(EVP_DigestUpdate, int, (void *, const void *, size_t))                                                   \
  X(EVP_DigestFinal_ex, int, (void *, unsigned char *, unsigned int *))                                      \
  X(OPENSSL_init_crypto, int, (uint64_t, const void *))

struct table {
#define MEMBER(name, result, arguments) result(*name) arguments;
  FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct table crypto;
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
  *(void **)&table->name = dlsym(handle, #name);                                                             \
  if (!table->name && !missing) missing = #name;
  FUNCTIONS(RESOLVE)
#undef RESOLVE
  if (missing) {
    snprintf(reason, capacity, "%s has no function %s", name, missing);
    dlclose(handle);
    return NULL;
  }
  return handle;
}

static void load(void) {
  char reason[240];
  size_t used = 0;
  for (size_t i = 0; i < sizeof library_names / sizeof *library_names; i++) {
    if (open_library(library_names[i], &crypto, reason, sizeof reason)) {
      load_failure[0] = 0;
      // OPENSSL_INIT_NO_ATEXIT: its globals must outlive threads that still hash when the process ends.
      crypto.OPENSSL_init_crypto(0x00080000, NULL);
      return;
    }
    used += (size_t)snprintf(load_failure + used, sizeof load_failure - used, "%s%s", used ? "; " : "", reason);
    if (used >= sizeof load_failure) used = sizeof load_failure - 1;
  }
}

const char *ccrypto_load(void) {
  pthread_once(&once, load);
  return load_failure[0] ? load_failure : NULL;
}

int ccrypto_try_library(const char *name, char *reason, size_t capacity) {
  struct table scratch;
  void *handle = open_library(name, &scratch, reason, capacity);
  if (!handle) return -1;
  dlclose(handle);
  return 0;
}

void *ccrypto_sha256_new(void) {
  void *context = crypto.EVP_MD_CTX_new();
  if (context && crypto.EVP_DigestInit_ex(context, crypto.EVP_sha256(), NULL) != 1) {
    crypto.EVP_MD_CTX_free(context);
    return NULL;
  }
  return context;
}

void ccrypto_sha256_free(void *context) {
  if (context) crypto.EVP_MD_CTX_free(context);
}

int ccrypto_sha256_update(void *context, const void *bytes, size_t count) {
  return crypto.EVP_DigestUpdate(context, bytes, count);
}

int ccrypto_sha256_final(void *context, unsigned char digest[CCRYPTO_SHA256_BYTES]) {
  return crypto.EVP_DigestFinal_ex(context, digest, NULL);
}
