// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Hello",
  targets: [
    .target(name: "Greeter"),
    .executableTarget(name: "App", dependencies: ["Greeter"]),
    .testTarget(name: "GreeterTests", dependencies: ["Greeter"]),
  ]
)
