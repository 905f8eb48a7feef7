import Greeter

// TODO: read the language from the environment
let greeter = Greeter(language: "de")
print(greeter.greeting(for: CommandLine.arguments.dropFirst().first ?? "world"))
