#include "CBuildInfo.h"

const char *memfun_build_commit(void) { return MEMFUN_COMMIT; }
