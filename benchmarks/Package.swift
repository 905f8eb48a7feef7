// swift-tools-version: 6.1
// Programs that measure. Each compares with a peer or a floor in the same run; `make bench` runs them.
import PackageDescription

let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(path: "../Packages/Core"), .package(path: "../Packages/Tools"),
    .package(path: "../Packages/Runtime"),
  ],
  targets: [
    .executableTarget(
      name: "codemap-benchmark",
      dependencies: [.product(name: "MemfunTools", package: "Tools")],
      path: "codemap/Driver"),
    .executableTarget(
      name: "http-benchmark",
      dependencies: [.product(name: "MemfunCore", package: "Core")],
      path: "http/Driver"),
    .executableTarget(
      name: "runtime-benchmark",
      dependencies: [
        .product(name: "MemfunCore", package: "Core"),
        .product(name: "MemfunRuntime", package: "Runtime"),
        .product(name: "MemfunSQLite", package: "Runtime"),
      ],
      path: "runtime/Driver"),
  ],
  swiftLanguageModes: [.v6]
)
