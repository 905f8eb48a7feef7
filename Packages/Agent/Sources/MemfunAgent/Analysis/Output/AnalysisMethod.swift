import MemfunTools

/// How a report came about, in sentences: what was computed, with which programs, and whether a model
/// was asked. Every output format shows the same sentences.
enum AnalysisMethod {
  static func sentences(for document: AnalysisDocument) -> [Sentence] {
    let map = document.report.map
    var sentences = [narrative(document.narrative)]
    if !map.files.isEmpty {
      sentences.append(
        "Complexity is McCabe's: 1 + decision points of a function. Duplicates are equal runs of code lines. Tests are linked by import or by name."
      )
    }
    if let history = map.history {
      let window = history.windowDays.map { "\(Figures.counted($0, "day"))" } ?? "the whole history"
      sentences.append("Change was read from git: \(window). Hot spots are complexity × commits.")
      if history.isShallow {
        sentences.append(
          "The clone is shallow: older commits could not be seen, so change is underestimated.")
      }
    } else if !map.files.isEmpty {
      sentences.append(
        "There is no git history here, so there are no hot spots and no authors; files rank by complexity.")
    }
    if map.cache.isEnabled {
      sentences.append(
        "\(Figures.counted(map.cache.hits, "file")) came from the cache, \(map.cache.misses) \(map.cache.misses == 1 ? "was" : "were") read anew."
      )
    }
    for note in map.notes {
      sentences.append(note.remedy.map { "\(note.message) (\($0))" } ?? "\(note.message)")
    }
    return sentences
  }

  private static func narrative(_ outcome: NarrativeOutcome) -> Sentence {
    switch outcome {
    case .offline:
      return "Offline: no model was asked. Everything here was computed from the files on this machine."
    case .declined:
      return "No model was asked (--no-model). Everything here was computed from the files on this machine."
    case .failed(let model, let message):
      return
        "The model \(name: model) was asked for a narrative and failed: \(message). The rest was computed without it."
    case .written(let narrative):
      let usage = narrative.usage
      let tokens = [
        usage.inputTokens.map { "\(Figures.grouped($0)) tokens in" },
        usage.outputTokens.map { "\(Figures.grouped($0)) out" },
      ].compactMap(\.self).joined(separator: ", ")
      let cost = usage.costUSD.map { "$\(cents($0))" } ?? "cost unknown"
      return
        "Only the section in the model's words comes from a model (\(name: narrative.model); \(tokens.isEmpty ? "token use unknown" : tokens); \(cost)); the rest was computed from the files on this machine."
    }
  }

  /// Dollars with four decimals.
  static func cents(_ dollars: Double) -> String {
    let units = Int((dollars * 10_000).rounded())
    let rest = String(units % 10_000)
    return "\(units / 10_000).\(String(repeating: "0", count: 4 - rest.count))\(rest)"
  }
}
