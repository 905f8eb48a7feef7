import MemfunCore
import MemfunTools

/// Writes the `result` of `memfun analyze --json`: the report and the whole map, as described by
/// analyze.schema.json beside this file. It is written piece by piece, so that a map of a million
/// lines needs no second copy in memory.
public enum JSONReport {
  /// Writes one JSON object.
  public static func write(_ document: AnalysisDocument, to writer: inout JSONStreamWriter) throws {
    let (report, map) = (document.report, document.report.map)
    try writer.object { writer in
      try writer.member("root", map.root)
      try writer.member("project", report.project)
      try writer.member("method", of: AnalysisMethod.sentences(for: document)) { try $0.value($1.plainText) }
      try writer.member("standouts", of: report.standouts) { try $0.sentence($1) }
      try writer.member("overview") { try $0.overview(report.overview) }
      try writer.member("conditions", of: document.conditions) { try $0.value($1.description) }
      try writer.member("violations", of: document.violations) { try $0.violation($1) }
      try writer.key("narrative")
      try writer.narrative(document.narrative)
      try writer.member("findings", of: report.findings) { try $0.finding($1) }
      try writer.ranking(of: report)
      try writer.member("map") { try $0.map(map) }
    }
  }
}

extension JSONStreamWriter {
  fileprivate mutating func place(_ place: Place?) throws {
    guard let place else { return try null() }
    try object { writer in
      try writer.member("path", place.path)
      try writer.optional("line", place.line)
      try writer.optional("end_line", place.endLine)
    }
  }

  fileprivate mutating func optional(_ name: String, _ number: Int?) throws {
    try key(name)
    if let number { try value(number) } else { try null() }
  }

  fileprivate mutating func sentence(_ sentence: Sentence) throws {
    try object { writer in
      try writer.member("text", sentence.plainText)
      try writer.member("places", of: sentence.places) { try $0.place($1) }
    }
  }

  fileprivate mutating func finding(_ finding: Finding) throws {
    try object { writer in
      try writer.member("rule", finding.rule.rawValue)
      try writer.member("severity", finding.severity.name)
      try writer.member("place") { try $0.place(finding.place) }
      try writer.member("message", finding.message.plainText)
      try writer.member("measure", finding.measure)
    }
  }

  fileprivate mutating func violation(_ violation: Violation) throws {
    try object { writer in
      try writer.member("condition", violation.condition.description)
      try writer.member("message", violation.message.plainText)
      try writer.member("count", violation.count)
      try writer.member("examples", of: violation.examples) { try $0.finding($1) }
    }
  }

  fileprivate mutating func narrative(_ outcome: NarrativeOutcome) throws {
    try object { writer in
      switch outcome {
      case .offline: try writer.member("state", "offline")
      case .declined: try writer.member("state", "declined")
      case .failed(let model, let message):
        try writer.member("state", "failed")
        try writer.member("model", model)
        try writer.member("message", message)
      case .written(let narrative):
        try writer.member("state", "written")
        try writer.member("model", narrative.model)
        try writer.member("claims", of: narrative.claims) { writer, claim in
          try writer.object { writer in
            try writer.member("text", claim.text)
            try writer.member("places", of: claim.places) { try $0.place($1) }
          }
        }
        try writer.member("removed_claims", narrative.removed)
        try writer.member("removal_reasons", of: narrative.removalReasons) { try $0.value($1) }
      }
    }
  }

  fileprivate mutating func overview(_ overview: Overview) throws {
    try object { writer in
      try writer.member("files", overview.files)
      try writer.member("lines", overview.lines)
      try writer.member("code_lines", overview.codeLines)
      try writer.member("bytes", overview.bytes)
      try writer.member("own_files", overview.ownFiles)
      try writer.member("own_lines", overview.ownLines)
      try writer.member("own_code_lines", overview.ownCodeLines)
      try writer.member("functions", overview.functions)
      try writer.member("complexity", overview.complexity)
      try writer.member("languages", of: overview.languages) { writer, count in
        try writer.object { writer in
          try writer.member("language", count.language.rawValue)
          try writer.member("files", count.files)
          try writer.member("code_lines", count.codeLines)
          try writer.member("comment_lines", count.commentLines)
          try writer.member("functions", count.functions)
        }
      }
      try writer.member("roles", of: overview.roles) { writer, count in
        try writer.object { writer in
          try writer.member("role", count.role.rawValue)
          try writer.member("files", count.files)
          try writer.member("lines", count.lines)
          try writer.member("bytes", count.bytes)
        }
      }
    }
  }

  /// The ranked parts of the report; files and symbols are named by their index in the map.
  fileprivate mutating func ranking(of report: AnalysisReport) throws {
    try member("hot_spots", of: report.hotSpots) { writer, hotSpot in
      try writer.object { writer in
        try writer.member("file", hotSpot.file)
        try writer.member("score", hotSpot.score)
        try writer.member("functions", of: hotSpot.functions) { try $0.value($1) }
        try writer.member("is_tested", hotSpot.isTested)
      }
    }
    try member("complex_functions", of: report.complexFunctions) { try $0.value($1) }
    try member("long_functions", of: report.longFunctions) { try $0.value($1) }
    try member("structure") { try $0.structure(report.structure) }
    try member("duplicates") { writer in
      try writer.object { writer in
        try writer.member("groups", of: report.duplicates.groups) { try $0.value($1) }
        try writer.member("lines", report.duplicates.lines)
        try writer.member("share", report.duplicates.share)
      }
    }
    try member("markers") { writer in
      try writer.object { writer in
        try writer.member("counts") { writer in
          try writer.object { writer in
            for count in report.markers.counts { try writer.member(count.kind.rawValue, count.count) }
          }
        }
        try writer.member("ranked", of: report.markers.ranked) { try $0.value($1) }
      }
    }
    try member("tests") { writer in
      let tests = report.tests
      try writer.object { writer in
        try writer.member("test_files", tests.testFiles)
        try writer.member("test_code_lines", tests.testCodeLines)
        try writer.member("source_files", tests.sourceFiles)
        try writer.member("source_code_lines", tests.sourceCodeLines)
        try writer.member("linked_source_files", tests.linkedSourceFiles)
        try writer.member("ratio", tests.ratio)
        try writer.member("untested", of: tests.untested) { try $0.value($1) }
      }
    }
    try member("authorship") { writer in
      guard let people = report.authorship else { return try writer.null() }
      try writer.object { writer in
        try writer.member("half_of_commits", people.halfOfCommits)
        try writer.member("top_share", people.topShare)
        try writer.member("single_author_hot_spots", of: people.singleAuthorHotSpots) { try $0.value($1) }
      }
    }
  }

  fileprivate mutating func structure(_ structure: DependencyStructure) throws {
    try object { writer in
      try writer.member("most_depended_on", of: structure.mostDependedOn) { writer, top in
        try writer.object { writer in
          try writer.member("file", top.file)
          try writer.member("direct", top.direct)
          try writer.optional("transitive", top.transitive)
        }
      }
      try writer.member("cycles", of: structure.cycles) { writer, cycle in
        try writer.object { writer in
          try writer.member("files", of: cycle.files) { try $0.value($1) }
          try writer.member("path", of: cycle.path) { writer, step in
            try writer.object { writer in
              try writer.member("from", step.from)
              try writer.member("to", step.to)
              try writer.optional("line", step.line)
            }
          }
        }
      }
      try writer.member("folders", of: structure.folders.folders) { try $0.value($1) }
      try writer.member("folder_edges", of: structure.folders.edges) { writer, edge in
        try writer.array(of: [edge.from, edge.to, edge.count]) { try $0.value($1) }
      }
      try writer.member("unresolved", of: structure.unresolved) { try $0.value($1) }
    }
  }
}
