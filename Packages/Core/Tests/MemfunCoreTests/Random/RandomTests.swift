import Testing

@testable import MemfunCore

@Suite("Random numbers")
struct RandomTests {
  @Test("from a seed are those of SplitMix64's reference implementation")
  func reference() {
    let source = SeededRandomSource(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in source.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test("in a range stay inside it and fill it")
  func ranges() {
    let source = SeededRandomSource(seed: 2)
    let units = (0..<10_000).map { _ in source.unit() }
    #expect(units.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(units.reduce(0, +) / 10_000 - 0.5) < 0.02)
    #expect((0..<1000).allSatisfy { _ in (5.0...6.0).contains(source.uniform(in: 5...6)) })
    #expect(source.uniform(in: 3...3) == 3)
  }
}

@Suite("A UUID of version 7")
struct UUIDv7Tests {
  private let random = SeededRandomSource(seed: 1)

  @Test("has the layout of RFC 9562 and gives back its time")
  func layout() throws {
    let time = ManualTimeSource(start: Timestamp(rfc3339: "2022-02-22T19:22:22Z")!)
    let id = UUIDv7Generator(time: time, random: random).next()
    let text = id.description
    #expect(text.hasPrefix("017f22e2-79b0-7"))
    #expect("89ab".contains(Array(text)[19]))
    #expect(text.count == 36)
    #expect(id.timestamp == time.now())
    #expect(UUIDv7(text) == id)
    #expect(UUIDv7(text.uppercased()) == id)
  }

  @Test(
    "is greater than the one before, within a millisecond, over its counter's end, and when the clock steps back"
  )
  func order() {
    let time = ManualTimeSource()
    let generator = UUIDv7Generator(time: time, random: random)
    var last = generator.next()
    for turn in 0..<20_000 {
      if turn == 10_000 { time.advance(by: .seconds(-100)) }
      if turn % 5000 == 4999 { time.advance(by: .milliseconds(1)) }
      let next = generator.next()
      if next <= last { Issue.record("\(next) after \(last)") }
      if next.description <= last.description { Issue.record("text of \(next) after \(last)") }
      last = next
    }
  }

  @Test("is unique over tasks that make them at the same time")
  func unique() async {
    let generator = UUIDv7Generator(time: SystemTimeSource(), random: SystemRandomSource())
    let ids = await withTaskGroup(of: [UUIDv7].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1000).map { _ in generator.next() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(ids).count == 8000)
  }

  @Test(
    "is not read from other text",
    arguments: [
      "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e279b07cc398c4dc0c0c07398f",
      "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",
      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f ",
      "+17f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
    ])
  func refusing(text: String) { #expect(UUIDv7(text) == nil) }
}
