#ifndef MEMFUN_CFUZZER_H
#define MEMFUN_CFUZZER_H
/// The program's entry. SwiftPM renames an executable's `main` to its module's name and expects it
/// there, so that libFuzzer's own is never linked.
int memfun_fuzz_main(int count, char *_Nonnull *_Nonnull arguments);
#endif
