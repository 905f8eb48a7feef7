// SHA-256 by OpenSSL's libcrypto without linking it: the library is opened at the first use.
//
// The library's assembly uses the processor's SHA instructions; nothing of its headers is needed.
// Every function except `ccrypto_load` and `ccrypto_try_library` needs a successful `ccrypto_load`
// first.
#ifndef MEMFUN_CCRYPTO_H
#define MEMFUN_CCRYPTO_H

#include <stddef.h>

/// The bytes of a SHA-256 digest.
#define CCRYPTO_SHA256_BYTES 32

/// Opens libcrypto, once in the life of the process; safe from any thread. Returns NULL when it is
/// usable, or the reason why it is not (valid for ever).
const char *ccrypto_load(void);

/// Tries one library file without keeping it: 0 when it could be used, otherwise -1 and the reason,
/// zero-terminated, in `reason`.
int ccrypto_try_library(const char *name, char *reason, size_t capacity);

/// A hash that is being computed. NULL when there is no memory.
void *ccrypto_sha256_new(void);

/// Frees what `ccrypto_sha256_new` gave; NULL is allowed.
void ccrypto_sha256_free(void *context);

/// Hashes more bytes. 1 on success.
int ccrypto_sha256_update(void *context, const void *bytes, size_t count);

/// Writes the 32 bytes of the digest. 1 on success. The context can then only be freed.
int ccrypto_sha256_final(void *context, unsigned char digest[CCRYPTO_SHA256_BYTES]);

#endif
