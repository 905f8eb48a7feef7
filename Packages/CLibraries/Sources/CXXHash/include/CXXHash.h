#ifndef MEMFUN_CXXHASH_H
#define MEMFUN_CXXHASH_H
#include <stddef.h>
#include <stdint.h>

/// 128 bits of XXH3, as two words.
typedef struct {
  uint64_t low;
  uint64_t high;
} memfun_hash128;

memfun_hash128 memfun_xxh3_128(const void *_Nullable bytes, size_t length);
uint64_t memfun_xxh3_64(const void *_Nullable bytes, size_t length);
#endif
