// swift-tools-version: 6.1
// The only C in the project: one target a library. Nothing above the owner type of a
// library sees its pointers (STYLE: "every C library is wrapped once").
import PackageDescription

let package = Package(
  name: "CLibraries",
  products: [
    .library(name: "CLinux", targets: ["CLinux"]),
    .library(name: "CCurl", targets: ["CCurl"]),
    .library(name: "CToml", targets: ["CToml"]),
    .library(name: "CXXHash", targets: ["CXXHash"]),
    .library(name: "CCrypto", targets: ["CCrypto"]),
    .library(name: "CSQLite", targets: ["CSQLite"]),
  ],
  targets: [
    // Kernel interfaces that `import Glibc` lacks (epoll, pidfd, openat2, posix_spawn extras).
    .target(name: "CLinux"),
    // libcurl, opened with dlopen at the first request: linking it would pull some thirty
    // shared objects into every start of the program, `--version` included.
    .target(name: "CCurl"),
    // toml++ behind a C interface; header-only, so nothing is linked but the C++ runtime.
    .target(
      name: "CToml",
      cxxSettings: [
        .define("TOML_HEADER_ONLY", to: "1"),
        .define("TOML_EXCEPTIONS", to: "0"),
      ]),
    // XXH3, header-only: the content key of caches that nobody attacks.
    .target(name: "CXXHash"),
    // SHA-256 of OpenSSL's libcrypto, opened with dlopen at the first hash.
    .target(name: "CCrypto"),
    // SQLite as the system provides it.
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
  ],
  cLanguageStandard: .gnu11,
  cxxLanguageStandard: .cxx17
)
