import MemfunCore

/// The life of one task: every transition that any tier may make, and none other.
///
/// Pure: the store's time and the jitter come in as arguments. A tier reads a record, applies one
/// transition and writes the record back on the condition that nobody else did meanwhile.
///
/// The fence decides who may settle an attempt. It goes up with every claim and with every revocation;
/// whoever comes with another fence has lost the lease. Being late alone is no reason to refuse work
/// that is done: as long as nobody else claimed the task, its last holder may complete it.
extension TaskRecord {
  /// The result of a settling call.
  public enum Settlement: Sendable, Equatable {
    /// The transition was made.
    case applied
    /// The same call was made before; its answer stands.
    case repeated
    /// The caller's fence is not the current one. Nothing changed.
    case leaseLost
  }

  private func holds(_ fence: UInt64) -> Bool { self.fence == fence && fenceIsOpen }

  /// Whether the holder of `fence` may still act for the task.
  package func isHeld(by fence: UInt64) -> Bool { holds(fence) && (phase == .leased || phase == .waiting) }

  /// Hands the task to `owner`. The caller has checked that it is ready.
  package mutating func claim(owner: String, now: Timestamp) -> Lease {
    precondition(phase == .waiting, "only a waiting task is claimed; the queue offers no other")
    phase = .leased
    fence += 1
    fenceIsOpen = true
    attempts += 1
    self.owner = owner
    let until = now + policy.lease
    leasedUntil = until
    return Lease(
      id: id, queue: queue, fence: fence, attempt: attempts, until: until, payload: payload,
      progress: progress)
  }

  /// Moves the end of the lease. A holder whose lease ran out but whose task nobody took gets it back.
  package mutating func heartbeat(fence: UInt64, progress: [UInt8]?, now: Timestamp) -> HeartbeatAnswer {
    guard isHeld(by: fence) else { return .lost }
    phase = .leased
    if let progress { self.progress = progress }
    let until = now + policy.lease
    leasedUntil = until
    guard let cancelRequested else { return .held(until: until) }
    return .cancelRequested(until: min(until, cancelRequested + policy.cancelGrace))
  }

  /// Ends the task with success.
  package mutating func complete(fence: UInt64, result: [UInt8], now: Timestamp) -> Settlement {
    if phase == .succeeded { return self.fence == fence ? .repeated : .leaseLost }
    guard isHeld(by: fence) else { return .leaseLost }
    end(.succeeded, now: now)
    self.result = result
    return .applied
  }

  /// Ends the attempt with failure.
  ///
  /// - Parameter jitter: uniform in -1…1, from the injected generator.
  package mutating func fail(fence: UInt64, error: String, retryable: Bool, jitter: Double, now: Timestamp)
    -> Settlement
  {
    guard isHeld(by: fence) else { return .leaseLost }
    note(error)
    if cancelRequested != nil {
      end(.cancelled, now: now)
    } else if !retryable || attempts >= policy.maximumAttempts {
      end(.dead, now: now)
    } else {
      wait(until: now + policy.backoff(afterAttempt: attempts, jitter: jitter))
    }
    return .applied
  }

  /// Gives the task back without counting the attempt: a worker that drains must not use up the
  /// attempts of a task that did nothing wrong.
  package mutating func release(fence: UInt64, delay: Duration, now: Timestamp) -> Settlement {
    guard isHeld(by: fence) else { return .leaseLost }
    if cancelRequested != nil {
      end(.cancelled, now: now)
    } else {
      attempts -= 1
      wait(until: now + max(delay, .zero))
    }
    return .applied
  }

  /// Asks for the end of the task. The state after it is the answer.
  package mutating func cancel(now: Timestamp) {
    switch phase {
    case .waiting: end(.cancelled, now: now)
    case .leased: cancelRequested = cancelRequested ?? now
    case .succeeded, .dead, .cancelled: break
    }
  }

  /// Puts a dead task back. False: it is not dead, nothing changed.
  package mutating func requeue(now: Timestamp) -> Bool {
    guard phase == .dead else { return false }
    attempts = 0
    deadline = nil
    ended = nil
    firstError = nil
    lastError = nil
    cancelRequested = nil
    wait(until: now)
    return true
  }

  /// Makes the transitions that time alone brings about. True: something changed.
  package mutating func sweep(now: Timestamp) -> Bool {
    guard let due = nextDue, due <= now else { return false }
    if let deadline, deadline <= now, phase == .waiting || phase == .leased {
      note("the deadline passed")
      revoke()
      end(.dead, now: now)
    } else if phase == .leased, let cancelRequested, cancelRequested + policy.cancelGrace <= now {
      revoke()
      end(.cancelled, now: now)
    } else if phase == .leased, let leasedUntil, leasedUntil <= now {
      note("the lease of \(owner ?? "its holder") ran out")
      if cancelRequested != nil {
        revoke()
        end(.cancelled, now: now)
      } else if attempts >= policy.maximumAttempts {
        revoke()
        end(.dead, now: now)
      } else {
        // The fence stays open: until somebody claims the task, its holder may still complete it.
        phase = .waiting
        notBefore = now
      }
    }
    return true
  }

  /// When `sweep` next has something to do; nil: never.
  package var nextDue: Timestamp? {
    switch phase {
    case .waiting: return deadline
    case .leased:
      return [leasedUntil, deadline, cancelRequested.map { $0 + policy.cancelGrace }].compactMap(\.self).min()
    case .succeeded, .dead, .cancelled: return nil
    }
  }

  /// Whether the record of the ended task may be forgotten.
  package func isExpired(now: Timestamp) -> Bool {
    guard let ended, phase != .dead else { return false }
    return ended + policy.resultTimeToLive <= now
  }

  /// Whether the key still keeps another task with the same key from being stored.
  package func occupiesKey(now: Timestamp) -> Bool {
    switch phase {
    case .waiting, .leased: true
    case .succeeded: ended.map { $0 + policy.uniqueAfterSuccess > now } ?? true
    case .dead, .cancelled: false
    }
  }

  private mutating func wait(until: Timestamp) {
    phase = .waiting
    fenceIsOpen = false
    leasedUntil = nil
    notBefore = until
  }

  private mutating func revoke() {
    if phase == .leased { fence += 1 }
    fenceIsOpen = false
  }

  private mutating func end(_ phase: Phase, now: Timestamp) {
    self.phase = phase
    fenceIsOpen = false
    leasedUntil = nil
    ended = now
  }

  private mutating func note(_ error: String) {
    // Errors are for people; a megabyte of stack trace would be carried with every claim.
    let cut = String(error.prefix(4096))
    firstError = firstError ?? cut
    lastError = cut
  }
}

extension TaskPolicy {
  /// min(maximum, base · 2^(n−1)) · (1 ± jitter).
  ///
  /// - Parameters:
  ///   - attempt: n, from 1.
  ///   - jitter: uniform in -1…1.
  func backoff(afterAttempt attempt: Int, jitter: Double) -> Duration {
    // 2^40 seconds exceed any maximum; the clamp keeps the shift from overflowing.
    let doublings = min(max(attempt - 1, 0), 40)
    let raw = backoffBase.inSeconds * Double(UInt64(1) << UInt64(doublings))
    let seconds = min(backoffMaximum.inSeconds, raw) * (1 + backoffJitter * jitter)
    return .nanoseconds(Int64(max(0, seconds) * 1e9))
  }
}
