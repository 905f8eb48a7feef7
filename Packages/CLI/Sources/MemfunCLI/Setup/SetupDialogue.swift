import MemfunCore

/// A question of the setup.
struct SetupQuestion: Sendable {
  /// The question, without the question mark's blank and default.
  let text: String
  /// Answers to choose from, by number or by value; empty for a free answer.
  var choices: [(value: String, label: String)] = []
  /// The answer that an empty line stands for; nil when there is none.
  var fallback: String?
  /// Whether the answer must not be seen.
  var isHidden = false
  /// Whether an answer that is none of the choices may be given.
  var allowsOther = false
  /// What is wrong with a free answer; nil when it is fine.
  var rule: @Sendable (String) -> String? = { _ in nil }
}

/// Who answers: a person at a terminal, or a test.
protocol SetupPrompter: Sendable {
  /// One line; nil when the person ends the dialogue.
  func answer(to question: SetupQuestion, problem: String?) async throws -> String?
}

/// Asks what the flags left open, with the current settings as defaults.
struct SetupDialogue {
  /// What the flags say; nil where they say nothing.
  struct Flags: Sendable, Equatable {
    var provider, model, baseURL, keyVariable, storedKey: String?
    var draftsAgents: Bool?
  }

  /// What is configured now; nil where nothing is.
  struct Current: Sendable, Equatable {
    var provider, model, baseURL, keyVariable: String?
    var hasStoredKey = false
    var hasAgents = false
  }

  let flags: Flags
  let current: Current
  let servers: [LocalModelServer]

  /// The plan that follows from flags, current settings and found servers alone, for `--yes`.
  func planWithoutQuestions() throws(SetupError) -> SetupPlan {
    try checkFlags()
    let provider = flags.provider ?? defaultProvider
    let server = server(for: provider)
    var plan = SetupPlan(provider: provider)
    plan.draftsAgents = flags.draftsAgents ?? true
    guard provider != "offline" else { return plan }
    plan.baseURL = flags.baseURL ?? inherited(current.baseURL, provider) ?? server?.baseURL
    plan.model = flags.model ?? inherited(current.model, provider) ?? server?.models.first
    plan.keyVariable = flags.keyVariable ?? inherited(current.keyVariable, provider)
    plan.storedKey = flags.storedKey
    return plan
  }

  /// The plan after asking. Answers that cannot be used are asked again.
  func plan(asking prompter: any SetupPrompter) async throws -> SetupPlan {
    try checkFlags()
    let provider = try await value(flags.provider, prompter, providerQuestion)
    let isLocal = provider.contains("\n")
    let chosen = isLocal ? servers.first { provider == Self.mark($0) } : nil
    var plan = SetupPlan(provider: chosen?.provider ?? provider)
    if plan.provider != "offline" {
      let server = chosen ?? server(for: plan.provider)
      if let chosen, flags.baseURL == nil {
        plan.baseURL = chosen.baseURL
      } else if plan.provider != "anthropic" || flags.baseURL != nil {
        plan.baseURL = try await value(
          flags.baseURL, prompter,
          SetupQuestion(
            text: "Address of the server",
            fallback: inherited(current.baseURL, plan.provider) ?? server?.baseURL
              ?? SetupPlan.usualBaseURL(of: plan.provider),
            rule: AnswerRules.baseURL))
      }
      let model = try await value(flags.model, prompter, modelQuestion(plan.provider, server))
      plan.model = model.isEmpty ? nil : model
      try await askForKey(&plan, prompter)
    }
    if current.hasAgents {
      plan.draftsAgents = false
    } else if let drafts = flags.draftsAgents {
      plan.draftsAgents = drafts
    } else {
      let answer = try await value(
        nil, prompter,
        SetupQuestion(
          text: "Draft an AGENTS.md from this project's files", choices: [("yes", ""), ("no", "")],
          fallback: "yes"))
      plan.draftsAgents = answer == "yes"
    }
    return plan
  }

  // MARK: Questions

  private var defaultProvider: String { current.provider ?? servers.first?.provider ?? "offline" }

  /// A choice that stands for a found server; no provider's name contains a line feed.
  private static func mark(_ server: LocalModelServer) -> String { server.provider + "\n" + server.baseURL }

  private var providerQuestion: SetupQuestion {
    let found = servers.map { server in
      (
        value: Self.mark(server),
        label:
          "\(server.name) at \(server.baseURL) with \(server.models.count) \(server.models.count == 1 ? "model" : "models")"
      )
    }
    let fallback = current.provider ?? found.first?.value ?? "offline"
    return SetupQuestion(text: "Which model server", choices: found + SetupPlan.providers, fallback: fallback)
  }

  private func modelQuestion(_ provider: String, _ server: LocalModelServer?) -> SetupQuestion {
    let models = server?.models ?? []
    let fallback = inherited(current.model, provider) ?? models.first
    if models.isEmpty {
      return SetupQuestion(
        text: "Model (empty: the first that the server lists)", fallback: fallback ?? "",
        rule: AnswerRules.model)
    }
    var choices = models.map { (value: $0, label: "") }
    if let fallback, !models.contains(fallback) { choices.append((fallback, "as configured now")) }
    return SetupQuestion(
      text: "Model", choices: choices, fallback: fallback, allowsOther: true, rule: AnswerRules.model)
  }

  private func askForKey(_ plan: inout SetupPlan, _ prompter: any SetupPrompter) async throws {
    plan.storedKey = flags.storedKey
    plan.keyVariable = flags.keyVariable
    guard let usual = SetupPlan.usualKeyVariable(of: plan.provider), flags.storedKey == nil,
      flags.keyVariable == nil
    else { return }
    let isLocal = plan.baseURL.map { $0.contains("://127.0.0.1") || $0.contains("://localhost") } ?? false
    let known = inherited(current.keyVariable, plan.provider)
    let keep: [(value: String, label: String)] =
      current.hasStoredKey ? [("keep", "the key that is stored already")] : []
    let none: [(value: String, label: String)] = isLocal ? [("none", "the server needs no key")] : []
    let way = try await value(
      nil, prompter,
      SetupQuestion(
        text: "Where is the API key",
        choices: none + keep + [
          ("variable", "in an environment variable; its name is saved"),
          ("file", "type it now; saved in a file that only you can read"),
        ], fallback: isLocal ? "none" : current.hasStoredKey ? "keep" : "variable"))
    switch way {
    case "variable":
      plan.keyVariable = try await value(
        nil, prompter,
        SetupQuestion(text: "Name of the variable", fallback: known ?? usual, rule: AnswerRules.variable))
    case "file":
      plan.storedKey = try await value(
        nil, prompter, SetupQuestion(text: "API key (not shown)", isHidden: true, rule: AnswerRules.key))
    default: break
    }
  }

  // MARK: Answers

  private func value(_ given: String?, _ prompter: any SetupPrompter, _ question: SetupQuestion) async throws
    -> String
  {
    if let given { return given }
    var problem: String?
    while true {
      guard let line = try await prompter.answer(to: question, problem: problem) else {
        throw SetupError.declined
      }
      let text = line.trimmingBlanks
      if text.isEmpty {
        if let fallback = question.fallback { return fallback }
        problem = "an answer is needed"
        continue
      }
      if let number = Int(text), question.choices.indices.contains(number - 1) {
        return question.choices[number - 1].value
      }
      let matching = question.choices.map(\.value).filter {
        $0.hasPrefix(text.lowercased()) && !$0.contains("\n")
      }
      if let exact = question.choices.first(where: { $0.value == text })?.value { return exact }
      if matching.count == 1 { return matching[0] }
      let isOpen = question.choices.isEmpty || question.allowsOther
      problem = isOpen ? question.rule(text) : "a number from 1 to \(question.choices.count) was expected"
      if isOpen, problem == nil { return text }
    }
  }

  private func checkFlags() throws(SetupError) {
    let checks: [(String, String?, (String) -> String?)] = [
      ("--base-url", flags.baseURL, AnswerRules.baseURL), ("--model", flags.model, AnswerRules.model),
      ("--api-key-env", flags.keyVariable, AnswerRules.variable),
      ("--api-key-stdin", flags.storedKey, AnswerRules.key),
    ]
    for (flag, value, rule) in checks {
      if let value, let problem = rule(value) { throw .invalidAnswer(flag: flag, problem: problem) }
    }
  }

  /// A current value, provided that it belongs to the provider that was chosen.
  private func inherited(_ value: String?, _ provider: String) -> String? {
    current.provider == provider ? value.flatMap { $0.isEmpty ? nil : $0 } : nil
  }

  private func server(for provider: String) -> LocalModelServer? {
    if let url = flags.baseURL { return servers.first { $0.provider == provider && $0.baseURL == url } }
    if let url = inherited(current.baseURL, provider) {
      return servers.first { $0.provider == provider && $0.baseURL == url }
    }
    return servers.first { $0.provider == provider }
  }
}

extension String {
  /// Without blanks and tabs at both ends.
  var trimmingBlanks: String {
    let blanks: Set<Character> = [" ", "\t", "\r"]
    let start = drop { blanks.contains($0) }
    return String(start.reversed().drop { blanks.contains($0) }.reversed())
  }
}
