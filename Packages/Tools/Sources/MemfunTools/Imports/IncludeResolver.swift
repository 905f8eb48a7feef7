/// C and C++: `"x"` is looked for beside the including file, then, as `<x>`, by the end of its path.
///
/// Include paths are not known without a build, so every file whose path ends in the written one is a
/// candidate; the one that shares most folders with the including file wins, then the shorter path. Names
/// of the standard library and of the system in angle brackets are external even if the tree has such a
/// file.
struct IncludeResolver {
  private let context: ResolverContext

  init(_ context: ResolverContext) { self.context = context }

  func resolve(_ raw: RawImport, in file: FileID) -> Import.Target {
    let path = context.path(file)
    let folder = Path.folder(path)
    let isQuoted = raw.kind == .quotedInclude
    if isQuoted, let joined = Path.join(folder, raw.text), let found = context.index[joined] {
      return .files([found])
    }
    let parts = raw.text.split(separator: "/").filter { $0 != "." && $0 != ".." }
    guard let name = parts.last else { return .unresolved }
    if !isQuoted, Self.isSystem(parts) { return .external(raw.text) }
    let suffix = "/" + parts.joined(separator: "/")
    var best: FileID?
    var bestKey = (common: -1, length: 0)
    for candidate in (context.index.byName[name] ?? []).prefix(256) {
      let other = context.path(candidate)
      guard other.hasSuffix(suffix) || other.utf8.count + 1 == suffix.utf8.count && "/" + other == suffix
      else {
        continue
      }
      let key = (common: Path.commonFolders(path, other), length: -other.utf8.count)
      if key > bestKey || best == nil {
        best = candidate
        bestKey = key
      }
    }
    if let best { return .files([best]) }
    return isQuoted ? .unresolved : .external(raw.text)
  }

  private static func isSystem(_ parts: [Substring]) -> Bool {
    if parts.count > 1 { return systemFolders.contains(parts[0]) }
    let name = parts[0]
    if name.hasSuffix(".h") { return systemHeaders.contains(name.dropLast(2)) }
    // C++ headers have no extension; a project's own hardly ever lack one.
    return !name.utf8.contains(Ascii.dot)
  }

  private static let systemFolders: Set<Substring> = [
    "sys", "netinet", "arpa", "net", "linux", "asm", "bits", "gnu", "mach", "experimental",
  ]
  private static let systemHeaders: Set<Substring> = [
    "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits", "locale", "math",
    "setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib",
    "stdnoreturn", "string", "tgmath", "threads", "time", "uchar", "wchar", "wctype", "unistd", "fcntl",
    "pthread", "dlfcn", "dirent", "poll", "sched", "semaphore", "spawn", "strings", "syslog", "termios",
    "grp", "pwd", "glob", "netdb", "regex", "getopt", "execinfo", "malloc", "alloca", "windows", "winsock2",
    "io", "direct", "process", "utime", "libgen", "wordexp", "fnmatch", "ifaddrs", "mqueue", "aio",
    "ucontext",
  ]
}
