import Testing

@testable import Greeter

@Test func greetsInGerman() {
  #expect(Greeter(language: "de").greeting(for: "Ada") == "Hallo, Ada!")
}
