/// Bugs that are planted on purpose in the simulated store and its drivers, never in the program: each
/// must be found, or the simulation could not find the like either.
public enum Mutant: String, Sendable, CaseIterable {
  /// An acknowledgement of an earlier delivery counts.
  case acceptStaleAcknowledgement
  /// A completion with an old fence counts.
  case acceptStaleFence
  /// A heartbeat with an old fence is told that it holds the lease.
  case acceptStaleHeartbeat
  /// Nobody looks after leases that ran out, delays that are over and redeliveries.
  case forgetSweeper
  /// An answer leaves before its command is on the disk.
  case acknowledgeBeforeSync
  /// A read shows what is not on the disk yet.
  case readUncommitted
  /// The disk's records are believed without their checksum.
  case ignoreChecksums
  /// Revisions begin anew after a deletion.
  case revisionResetOnDelete
  /// Revisions begin anew in each process.
  case revisionPerProcess
  /// An attempt counts when it ends, so a crash does not.
  case attemptsCountedAtEnd
  /// Fences begin anew in each process.
  case fenceReusedAfterRestart
  /// Dedupe keys are kept in memory only.
  case dedupeForgottenAtRestart
  /// A message that is given up is put twice with the dead letters.
  case deadLetterTwice
  /// `notBefore` of a new task does not count.
  case notBeforeIgnored
  /// Whoever waits is not woken by new tasks and messages.
  case wakeUpLost
  /// The store's time is the wall clock as it is.
  case rawWallClock
  /// A key's time to live is looked at by writes only.
  case timeToLiveIgnoredOnRead
  /// A group begins with new messages whenever a process begins.
  case groupStartMoved
  /// A task's unique key does not count.
  case uniqueKeyUnchecked
  /// Cancelling a leased task does not take the lease away.
  case cancelForgetsToRevoke
  /// A request that the network delivers twice is done twice.
  case repeatedRequestDoneTwice
  /// A completion that was repeated makes the event of success again.
  case successEventTwice
}
