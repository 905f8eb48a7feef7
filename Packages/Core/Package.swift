// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Core",
  products: [.library(name: "MemfunCore", targets: ["MemfunCore"])],
  dependencies: [
    .package(path: "../CLibraries")
  ],
  targets: [
    .target(
      name: "MemfunCore",
      dependencies: [
        .product(name: "CLinux", package: "CLibraries"),
        .product(name: "CCurl", package: "CLibraries"),
        .product(name: "CToml", package: "CLibraries"),
      ]),
    .testTarget(name: "MemfunCoreTests", dependencies: ["MemfunCore"]),
  ],
  swiftLanguageModes: [.v6]
)
