// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Runtime",
  products: [
    .library(name: "MemfunRuntime", targets: ["MemfunRuntime"]),
    // Tier T1. A module of its own, so that what needs no durable store links no SQLite.
    .library(name: "MemfunSQLite", targets: ["MemfunSQLite"]),
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
      name: "MemfunSQLite",
      dependencies: [
        "MemfunRuntime",
        .product(name: "MemfunCore", package: "Core"),
        .product(name: "CSQLite", package: "CLibraries"),
        .product(name: "CLinux", package: "CLibraries"),
      ]),
    .target(
      name: "MemfunSimulation",
      dependencies: ["MemfunRuntime", .product(name: "MemfunCore", package: "Core")]),
    .executableTarget(name: "simulate", dependencies: ["MemfunSimulation"]),
    .testTarget(name: "MemfunRuntimeTests", dependencies: ["MemfunRuntime"]),
    .testTarget(
      name: "MemfunSQLiteTests",
      dependencies: ["MemfunSQLite", .product(name: "CLinux", package: "CLibraries")]),
    .testTarget(name: "MemfunSimulationTests", dependencies: ["MemfunRuntime", "MemfunSimulation"]),
  ],
  swiftLanguageModes: [.v6]
)
