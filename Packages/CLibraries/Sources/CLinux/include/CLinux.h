#ifndef MEMFUN_CLINUX_H
#define MEMFUN_CLINUX_H
// No _GNU_SOURCE here: defined in a public header it clashes with other clang modules
// ("different definitions in different modules"). GNU-only calls are wrapped in the .c files.
#include <stdint.h>

#include "CLinuxFiles.h"
#include "CLinuxProcess.h"
#include "CLinuxShared.h"
#endif
