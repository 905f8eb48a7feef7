// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Models",
  products: [.library(name: "MemfunModels", targets: ["MemfunModels"])],
  dependencies: [
    .package(path: "../Core")
  ],
  targets: [
    .target(
      name: "MemfunModels",
      dependencies: [
        .product(name: "MemfunCore", package: "Core")
      ],
      resources: [.embedInCode("Usage/prices.json")]),
    .testTarget(name: "MemfunModelsTests", dependencies: ["MemfunModels"]),
  ],
  swiftLanguageModes: [.v6]
)
