import MemfunCore

/// What became of a call.
enum CallResult {
  case reply(StoreReply, at: Timestamp)
  /// No answer came in time: it may have been done, or may be done later, or never.
  case unknown
}

/// A process that calls the store. A call without an answer ends as unknown; one that the store
/// certainly did not do, because it had been started anew, is sent again.
class SimClient: SimProcess {
  private struct Call {
    let command: StoreCommand
    let wait: Duration
    let done: (CallResult) -> Void
  }

  private let network: SimNetwork
  private let store: SimStore
  private var epoch = 1
  private var number: UInt64 = 0
  private var calls: [UInt64: Call] = [:]
  /// The store's time in the last answer.
  private(set) var storeTime = Timestamp(seconds: 1_700_000_000)

  init(world: SimWorld, network: SimNetwork, store: SimStore, name: String) {
    self.network = network
    self.store = store
    super.init(world: world, name: name)
  }

  override func lose() { calls = [:] }

  final func call(_ command: StoreCommand, wait: Duration = .zero, done: @escaping (CallResult) -> Void) {
    send(Call(command: command, wait: wait, done: done))
  }

  private func send(_ call: Call) {
    number += 1
    let mine = number
    calls[mine] = call
    let request = StoreRequest(
      client: self, number: mine, epoch: epoch, command: call.command, wait: call.wait)
    let store = store
    network.send(from: self, to: store) { store.receive(request) }
    after(call.wait + .seconds(2)) { [self] in
      calls.removeValue(forKey: mine)?.done(.unknown)
    }
  }

  final func receive(number: UInt64, epoch: Int, _ response: StoreResponse) {
    self.epoch = max(self.epoch, epoch)
    guard let call = calls.removeValue(forKey: number) else { return }
    switch response {
    case .otherEpoch: send(call)
    case .reply(let reply, let at):
      storeTime = max(storeTime, at)
      call.done(.reply(reply, at: at))
    }
  }
}
