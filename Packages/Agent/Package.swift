// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Agent",
  products: [.library(name: "MemfunAgent", targets: ["MemfunAgent"])],
  dependencies: [
    .package(path: "../Core"),
    .package(path: "../Models"),
    .package(path: "../Tools"),
  ],
  targets: [
    .target(
      name: "MemfunAgent",
      dependencies: [
        .product(name: "MemfunCore", package: "Core"),
        .product(name: "MemfunModels", package: "Models"),
        .product(name: "MemfunTools", package: "Tools"),
      ],
      // In the code, not beside it: the release is one file.
      resources: [
        .embedInCode("Analysis/Output/analyze.schema.json"),
        .embedInCode("Analysis/Narrative/narrative.md"),
        .embedInCode("Analysis/Page/page.html"),
        .embedInCode("Analysis/Page/page.css"),
        .embedInCode("Analysis/Page/page-data.js"),
        .embedInCode("Analysis/Page/page-table.js"),
        .embedInCode("Analysis/Page/page-tree.js"),
        .embedInCode("Analysis/Page/page-treemap.js"),
        .embedInCode("Analysis/Page/page-graph.js"),
        .embedInCode("Analysis/Page/page-views.js"),
        .embedInCode("Analysis/Page/page-main.js"),
      ]),
    .testTarget(name: "MemfunAgentTests", dependencies: ["MemfunAgent"]),
  ],
  swiftLanguageModes: [.v6]
)
