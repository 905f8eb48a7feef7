// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Tools",
  products: [.library(name: "MemfunTools", targets: ["MemfunTools"])],
  dependencies: [
    .package(path: "../CLibraries"),
    .package(path: "../Core"),
  ],
  targets: [
    .target(
      name: "MemfunTools",
      dependencies: [
        .product(name: "CXXHash", package: "CLibraries"),
        .product(name: "MemfunCore", package: "Core"),
      ]),
    .testTarget(name: "MemfunToolsTests", dependencies: ["MemfunTools"]),
  ],
  swiftLanguageModes: [.v6]
)
