#include "CLinux.h"

#include <pthread.h>
#include <string.h>

// Castagnoli's polynomial, bits reversed; eight tables take eight bytes a step ("slicing by 8",
// Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC
// Generators", ISCC 2005).
static uint32_t tables[8][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void) {
  for (uint32_t n = 0; n < 256; n++) {
    uint32_t crc = n;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    tables[0][n] = crc;
  }
  for (uint32_t n = 0; n < 256; n++)
    for (int slice = 1; slice < 8; slice++)
      tables[slice][n] = (tables[slice - 1][n] >> 8) ^ tables[0][tables[slice - 1][n] & 255];
}

static uint32_t by_tables(uint32_t crc, const unsigned char *bytes, size_t size) {
  pthread_once(&once, fill);
  while (size >= 8) {
    uint32_t low = crc ^ ((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
          tables[4][low >> 24] ^ tables[3][bytes[4]] ^ tables[2][bytes[5]] ^ tables[1][bytes[6]] ^
          tables[0][bytes[7]];
    bytes += 8;
    size -= 8;
  }
  while (size--) crc = (crc >> 8) ^ tables[0][(crc ^ *bytes++) & 255];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const unsigned char *bytes,
                                                                 size_t size) {
  uint64_t wide = crc;
  while (size >= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    wide = __builtin_ia32_crc32di(wide, word);
    bytes += 8;
    size -= 8;
  }
  crc = (uint32_t)wide;
  while (size--) crc = __builtin_ia32_crc32qi(crc, *bytes++);
  return crc;
}
#endif

uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t size) {
  crc = ~crc;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~by_instruction(crc, bytes, size);
#endif
  return ~by_tables(crc, bytes, size);
}
