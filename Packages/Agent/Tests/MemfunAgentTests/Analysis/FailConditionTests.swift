import MemfunCore
import MemfunTools
import Testing

@testable import MemfunAgent

@Suite("Conditions of --fail-on")
struct FailConditionTests {
  @Test(
    "parse to what they say, in any spacing",
    arguments: [
      ("complexity>25", "complexity>25"), (" complexity >= 25 ", "complexity>=25"), ("cycles", "cycles"),
      ("duplicates>5%", "duplicates>5%"), ("duplicates > 2.5 %", "duplicates>2.5%"), ("todo>0", "todo>0"),
      ("severity=high", "severity>=high"), ("severity>=low", "severity>=low"), ("high", "severity>=high"),
      ("unresolved-imports", "unresolved-imports"),
    ])
  func parses(text: String, normal: String) throws {
    let conditions = try FailCondition.parse(text)
    #expect(conditions.map(\.description) == [normal])
    #expect(try FailCondition.parse(normal) == conditions)
  }

  @Test("are separated by commas")
  func several() throws {
    #expect(try FailCondition.parse("cycles, todo>3,high").count == 3)
  }

  @Test("an unknown rule is a usage error with the nearest name")
  func unknownRule() {
    #expect {
      try FailCondition.parse("complxity>25")
    } throws: { error in
      guard let error = error as? FailConditionError else { return false }
      return error.exitCode == .usage && error.problem == .unknownRule("complxity", nearest: "complexity")
        && error.description.contains("did you mean \"complexity\"?")
    }
  }

  @Test(
    "nonsense is refused with advice",
    arguments: [
      "", ",", "cycles,", "complexity<5", "complexity=5", "complexity>", "complexity>x", "complexity>-1",
      "complexity>1e9", "complexity>inf", "complexity>5%", "severity=", "severity=huge", "high>3",
      "complexity>1.5", "complexity>99999999999999999999", ">5",
    ])
  func nonsense(text: String) {
    #expect {
      try FailCondition.parse(text)
    } throws: { error in
      (error as? FailConditionError)?.exitCode == .usage && (error as? FailConditionError)?.remedy != nil
    }
  }

  @Test(
    "hold or break by what is measured",
    arguments: [
      ("complexity>55", 0), ("complexity>=55", 1), ("complexity>17", 3), ("complexity>0", 7),
      ("complexity", 3),
      ("function-lines>250", 1), ("function-lines>251", 0), ("file-lines>300", 1), ("cycles", 1),
      ("cycles>1", 0), ("cycles>=1", 1), ("duplicates", 1), ("duplicates>1", 0), ("duplicates>6.9%", 1),
      ("duplicates>7%", 0), ("todo", 2), ("todo>2", 0), ("fixme", 1), ("unresolved-imports", 1),
      ("untested-hot-spots", 4), ("single-author-hot-spots", 1), ("skipped", 2), ("incomplete", 1),
      ("severity=high", 1), ("severity=medium", 8),
    ])
  func evaluate(text: String, broken: Int) throws {
    let report = AnalysisReport(of: SampleMap.make())
    let violations = report.violations(of: try FailCondition.parse(text))
    #expect((violations.first?.count ?? 0) == broken, "\(violations)")
  }

  @Test("carry their worst examples, at most five")
  func examples() throws {
    let report = AnalysisReport(of: SampleMap.make())
    let violation = try #require(report.violations(of: try FailCondition.parse("complexity>0")).first)
    #expect(violation.examples.count == 5)
    #expect(violation.examples.first?.place == Place("app/cart.py", line: 10))
  }
}
