// swift-tools-version: 6.1
// Every parser under libFuzzer. `fuzz/run.sh` builds and runs it; `make fuzz` calls that.
//
// The sanitizers come from the command line (run.sh), not from here: so they cover the packages below
// too, where the parsers are.
import PackageDescription

let package = Package(
  name: "fuzz",
  dependencies: [
    .package(path: "../Packages/Core"), .package(path: "../Packages/Models"),
    .package(path: "../Packages/Tools"),
  ],
  targets: [
    .target(name: "CFuzzer"),
    .executableTarget(
      name: "memfun-fuzz",
      dependencies: [
        "CFuzzer", .product(name: "MemfunCore", package: "Core"),
        .product(name: "MemfunModels", package: "Models"),
        .product(name: "MemfunTools", package: "Tools"),
      ],
      // The entry is CFuzzer's.
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
  ],
  swiftLanguageModes: [.v6]
)
