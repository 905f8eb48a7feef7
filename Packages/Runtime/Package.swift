// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Runtime",
  products: [.library(name: "MemfunRuntime", targets: ["MemfunRuntime"])],
  dependencies: [.package(path: "../CLibraries"), .package(path: "../Core")],
  targets: [
    .target(
      name: "MemfunRuntime",
      dependencies: [
        .product(name: "CCrypto", package: "CLibraries"),
        .product(name: "MemfunCore", package: "Core"),
      ]),
    .testTarget(name: "MemfunRuntimeTests", dependencies: ["MemfunRuntime"]),
  ],
  swiftLanguageModes: [.v6]
)
