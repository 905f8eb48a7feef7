#include "CXXHash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

memfun_hash128 memfun_xxh3_128(const void *bytes, size_t length) {
  XXH128_hash_t h = XXH3_128bits(bytes, length);
  return (memfun_hash128){.low = h.low64, .high = h.high64};
}

uint64_t memfun_xxh3_64(const void *bytes, size_t length) { return XXH3_64bits(bytes, length); }
