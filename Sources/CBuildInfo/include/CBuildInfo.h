#ifndef MEMFUN_CBUILDINFO_H
#define MEMFUN_CBUILDINFO_H
/// The git revision this binary was built from, or "unknown". Kept in C so that a new commit
/// recompiles one line and not a Swift module.
const char *_Nonnull memfun_build_commit(void);
#endif
