import CBuildInfo
import Glibc
import MemfunCLI

// Everything happens in a library function: closures formed at the top level belong to the main actor,
// and C code that calls them from another thread would trap.
exit(Entry.main(commit: String(cString: memfun_build_commit())))
