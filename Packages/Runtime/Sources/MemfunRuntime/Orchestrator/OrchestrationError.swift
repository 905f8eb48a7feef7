import MemfunCore

/// Why work that was handed out did not succeed.
public enum OrchestrationError: MemfunError, Equatable {
  /// A child failed or was cancelled, and the others were cancelled with it.
  case childFailed(name: String, task: UUIDv7, outcome: ChildOutcome)
  /// A stage of a pipeline failed; the later ones were not started.
  case stageFailed(stage: Int, name: String, outcome: ChildOutcome)
  /// No live agent has the capability.
  case noRoute(capability: String)
  /// Two children of one parent have one name.
  case duplicateName(String)

  public var kind: String {
    switch self {
    case .childFailed: "orchestrator.child_failed"
    case .stageFailed: "orchestrator.stage_failed"
    case .noRoute: "orchestrator.no_route"
    case .duplicateName: "orchestrator.duplicate_name"
    }
  }

  public var what: String {
    switch self {
    case .childFailed(let name, _, let outcome): "the child \"\(name)\" \(Self.text(outcome))"
    case .stageFailed(let stage, let name, let outcome):
      "stage \(stage + 1) of the pipeline (\"\(name)\") \(Self.text(outcome))"
    case .noRoute(let capability): "no live agent offers \"\(capability)\""
    case .duplicateName(let name): "two children are named \"\(name)\""
    }
  }

  public var location: String? { if case .childFailed(_, let task, _) = self { "task \(task)" } else { nil } }

  public var remedy: String? {
    switch self {
    case .childFailed, .stageFailed: "look at the task (memfun queue inspect), mend the cause, and requeue it"
    case .noRoute: "start a worker with an agent that offers it"
    case .duplicateName: "give each child a name of its own: it is what a restart finds it by"
    }
  }

  public var isRetryable: Bool { if case .noRoute = self { true } else { false } }

  private static func text(_ outcome: ChildOutcome) -> String {
    switch outcome {
    case .succeeded: "succeeded"
    case .dead(let error): "failed: \(error)"
    case .cancelled: "was cancelled"
    }
  }
}
