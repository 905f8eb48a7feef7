// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "CLI",
  products: [.library(name: "MemfunCLI", targets: ["MemfunCLI"])],
  dependencies: [
    .package(path: "../Core"),
    .package(path: "../Models"),
    .package(path: "../Tools"),
    .package(path: "../Agent"),
  ],
  targets: [
    .target(
      name: "MemfunCLI",
      dependencies: [
        .product(name: "MemfunCore", package: "Core"),
        .product(name: "MemfunModels", package: "Models"),
        .product(name: "MemfunTools", package: "Tools"),
        .product(name: "MemfunAgent", package: "Agent"),
      ]),
    .testTarget(name: "MemfunCLITests", dependencies: ["MemfunCLI"]),
  ],
  swiftLanguageModes: [.v6]
)
