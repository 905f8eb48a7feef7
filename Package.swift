// swift-tools-version: 6.1
// The root: the `memfun` executable, and every package's tests declared again by path, because
// `swift test` runs only the root's own test targets.
import PackageDescription

/// Packages with tests, lowest layer first. Imports go down this list only (docs/architecture.md).
let layers = ["Core", "Models", "Runtime", "Tools", "Agent", "CLI"]

/// The revision which `memfun --version` prints; "unknown" outside a git checkout. `make` passes it.
let commit = Context.environment["MEMFUN_COMMIT"] ?? "unknown"

let package = Package(
  name: "memfun",
  products: [.executable(name: "memfun", targets: ["memfun"])],
  dependencies: layers.map { .package(path: "Packages/\($0)") },
  targets: [
    .target(
      name: "CBuildInfo",
      cSettings: [.define("MEMFUN_COMMIT", to: "\"\(commit)\"")]),
    .executableTarget(
      name: "memfun",
      dependencies: ["CBuildInfo", .product(name: "MemfunCLI", package: "CLI")]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        .product(name: "MemfunCore", package: "Core")
      ],
      path: "tests/EndToEnd",
      exclude: ["Fixtures", "Support"]),
    // A process of its own for the contract's crash cases.
    .executableTarget(
      name: "runtime-process",
      dependencies: [
        .product(name: "MemfunCore", package: "Core"),
        .product(name: "MemfunRuntime", package: "Runtime"),
        .product(name: "MemfunSQLite", package: "Runtime"),
      ],
      path: "tests/RuntimeProcess"),
    .testTarget(
      name: "ContractTests",
      dependencies: [
        "runtime-process",
        .product(name: "MemfunCore", package: "Core"),
        .product(name: "MemfunRuntime", package: "Runtime"),
        .product(name: "MemfunSQLite", package: "Runtime"),
      ],
      path: "tests/Contract"),
    .testTarget(
      name: "MemfunSQLiteTests",
      dependencies: [.product(name: "MemfunSQLite", package: "Runtime")],
      path: "Packages/Runtime/Tests/MemfunSQLiteTests"),
    .testTarget(
      name: "MemfunSimulationTests",
      dependencies: [
        .product(name: "MemfunRuntime", package: "Runtime"),
        .product(name: "MemfunSimulation", package: "Runtime"),
      ],
      path: "Packages/Runtime/Tests/MemfunSimulationTests"),
  ]
    + layers.map { layer in
      .testTarget(
        name: "Memfun\(layer)Tests",
        dependencies: [.product(name: "Memfun\(layer)", package: layer)],
        path: "Packages/\(layer)/Tests/Memfun\(layer)Tests")
    },
  swiftLanguageModes: [.v6]
)
