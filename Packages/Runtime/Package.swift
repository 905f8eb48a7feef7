// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Runtime",
  products: [
    .library(name: "MemfunRuntime", targets: ["MemfunRuntime"]),
    // For tests: it reaches the state machines through `@testable`, so it builds where they are testable.
    .library(name: "MemfunSimulation", targets: ["MemfunSimulation"]),
  ],
  dependencies: [.package(path: "../CLibraries"), .package(path: "../Core")],
  targets: [
    .target(
      name: "MemfunRuntime",
      dependencies: [
        .product(name: "CCrypto", package: "CLibraries"),
        .product(name: "MemfunCore", package: "Core"),
      ]),
    .target(
      name: "MemfunSimulation",
      dependencies: ["MemfunRuntime", .product(name: "MemfunCore", package: "Core")]),
    .executableTarget(name: "simulate", dependencies: ["MemfunSimulation"]),
    .testTarget(name: "MemfunRuntimeTests", dependencies: ["MemfunRuntime"]),
    .testTarget(name: "MemfunSimulationTests", dependencies: ["MemfunRuntime", "MemfunSimulation"]),
  ],
  swiftLanguageModes: [.v6]
)
