import MemfunCore
import Testing

@testable import MemfunModels

private let sonnet = ModelIdentity(provider: "anthropic", model: "claude-sonnet-4-5-20250929")
private let stranger = ModelIdentity(provider: "openai", model: "some-local-model")
private let today = Timestamp(seconds: 1_795_000_000)
private func usage(_ input: Int, _ output: Int) -> Usage { Usage(input: input, output: output) }

@Suite("Money and prices")
struct PriceTests {
  @Test(
    "amounts are read and written exactly",
    arguments: [
      ("0", "0.00"), ("12", "12.00"), ("$3.5", "3.50"), (".075", "0.075"),
      ("0.000000000001", "0.000000000001"),
      ("9223371", "9223371.00"),
    ])
  func money(text: String, decimal: String) {
    #expect(Money(dollars: text)?.decimal == decimal)
  }

  @Test(
    "what is no amount is refused",
    arguments: ["", ".", "-1", "1e3", "1,5", "0.0000000000001", "99999999999", "$", "1.2.3"])
  func noMoney(text: String) { #expect(Money(dollars: text) == nil) }

  @Test("a cost is exact, cached tokens have their own prices")
  func cost() throws {
    let price = try #require(PriceTable.builtIn.price(of: sonnet, at: today))
    // 1000 fresh at $3, 10000 read at $0.30, 2000 written at $3.75, 500 output at $15, all per million.
    let used = Usage(input: 13_000, output: 500, cacheRead: 10_000, cacheWrite: 2000)
    #expect(price.cost(of: used).decimal == "0.021")
    #expect(price.cost(of: usage(1, 0)).decimal == "0.000003")
  }

  @Test("an unknown price is unknown and not zero; a local model is free because the list says so")
  func unknown() {
    #expect(PriceTable.builtIn.price(of: stranger, at: today) == nil)
    #expect(
      PriceTable.builtIn.price(of: ModelIdentity(provider: "ollama", model: "qwen3:8b"), at: today) == .free)
    #expect(
      PriceTable.builtIn.price(of: ModelIdentity(provider: "ollama", model: "gpt-oss:120b-cloud"), at: today)
        == nil)
    #expect(
      PriceTable.builtIn.price(
        of: ModelIdentity(provider: "openai", model: "gpt-4o-audio-preview"), at: today) == nil)
  }

  @Test("the built-in list can be read, and names a source for every price")
  func builtIn() throws {
    _ = try PriceTable(json: PackageResources.prices_json, source: "prices.json")
    let list = try JSONParser.parse(PackageResources.prices_json)["prices"]?.arrayValue ?? []
    #expect(list.count > 5)
    for entry in list {
      #expect(entry["source"]?.stringValue?.isEmpty == false)
      #expect(entry["checked"]?.stringValue?.isEmpty == false)
    }
  }

  @Test("the user's list comes first, and the latest date that has passed counts")
  func override() throws {
    let own = try PriceTable(
      json: Array(
        #"{"prices":[{"provider":"*","models":["claude-sonnet*","some-*"],"input":1,"output":0.25},{"provider":"*","models":["some-*"],"input":"7","output":"7","effective":"2026-01-01"},{"provider":"*","models":["some-*"],"input":"9","output":"9","effective":"2200-01-01"}]}"#
          .utf8), source: "mine.json"
    ).before(.builtIn)
    #expect(own.price(of: sonnet, at: today)?.cost(of: usage(1_000_000, 1_000_000)).decimal == "1.25")
    #expect(own.price(of: stranger, at: today)?.cost(of: usage(1_000_000, 0)).decimal == "7.00")
    #expect(
      own.price(of: stranger, at: Timestamp(seconds: 0))?.cost(of: usage(1_000_000, 0)).decimal == "1.00")
  }

  @Test(
    "a faulty list names the entry and the fault",
    arguments: [
      ("{", "invalid JSON"), ("[]", "prices"), (#"{"prices":[{}]}"#, "provider"),
      (#"{"prices":[{"provider":"a","models":[]}]}"#, "models"),
      (#"{"prices":[{"provider":"a","models":["b"],"input":-1,"output":1}]}"#, "input"),
      (#"{"prices":[{"provider":"a","models":["b"],"input":"1.1234567","output":1}]}"#, "input"),
      (#"{"prices":[{"provider":"a","models":["b"],"inputs":1}]}"#, "did you mean \"input\"?"),
      (#"{"prices":[{"provider":"a","models":["b"],"free":true,"effective":"today"}]}"#, "effective"),
    ])
  func faults(text: String, word: String) {
    let error = #expect(throws: (any Error).self) { try PriceTable(json: Array(text.utf8), source: "p.json") }
    #expect("\(error.map { "\($0)" } ?? "")".contains(word))
    #expect("\(error.map { "\($0)" } ?? "")".contains("p.json"))
  }

  @Test(
    "patterns",
    arguments: [
      ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "acd", false), ("*", "", true), ("*x*", "axb", true),
      ("a", "b", false), ("a**b", "a1b", true),
    ])
  func patterns(pattern: String, name: String, fits: Bool) {
    #expect(PriceTable.matches(name, pattern: pattern) == fits)
  }
}

@Suite("The ledger")
struct LedgerTests {
  @Test("usage of many calls at a time is summed to the token, by model, failed attempts included")
  func sums() async throws {
    let ledger = UsageLedger(time: ManualTimeSource(start: today))
    let chunks: [ModelChunk] = [
      .started(ResponseInfo()), .usage(Usage(input: 5, output: 1)),
      .restarted(Restart(attempt: 1, reason: "", delay: .zero)), .started(ResponseInfo(attempt: 2)),
      .usage(Usage(input: 5, output: 3)), .finished(.stop),
    ]
    let model = MeteredModel(ScriptedModel([.chunks(chunks)], repeatsLast: true), ledger: ledger)
    try await withThrowingTaskGroup { group in
      for _ in 0..<100 { group.addTask { _ = try await model.complete(ModelRequest(messages: [])) } }
      try await group.waitForAll()
    }
    #expect(ledger.calls == 100)
    #expect(ledger.usage == Usage(input: 1000, output: 400))
    #expect(ledger.models.first?.retries == 100)
    #expect(ledger.cost == .known(.zero))
  }

  @Test("the cost is unknown as soon as one used model has no price")
  func unknownCost() {
    let ledger = UsageLedger(time: ManualTimeSource(start: today))
    ledger.record(stranger, usage: .zero, attempts: 1)
    ledger.record(sonnet, usage: usage(1_000_000, 0), attempts: 1)
    #expect(ledger.cost == .known(Money(picodollars: 3_000_000_000_000)))
    ledger.record(stranger, usage: usage(1, 0), attempts: 1)
    #expect(ledger.cost == .unknown)
    #expect(ledger.cost.description == "unknown")
  }

  @Test("a call that fails or is dropped in the middle is entered with what it used")
  func interrupted() async throws {
    let ledger = UsageLedger()
    let begun: [ModelChunk] = [.started(ResponseInfo()), .usage(usage(50, 1)), .text("half an answer")]
    let failing = MeteredModel(ScriptedModel([.failure(begun, ModelError.offline)]), ledger: ledger)
    await #expect(throws: ModelError.offline) { try await failing.complete(ModelRequest(messages: [])) }
    #expect(ledger.usage.input == 50)
    #expect(ledger.usage.output >= 3)
    #expect(ledger.usage.isEstimated)
    let dropping = MeteredModel(ScriptedModel([.chunks(begun + [.finished(.stop)])]), ledger: ledger)
    for try await chunk in dropping.stream(ModelRequest(messages: [])) {
      if case .text = chunk { break }
    }
    #expect(ledger.calls == 2)
    #expect(ledger.usage.input == 100)
  }
}

@Suite("Budgets")
struct BudgetTests {
  let price = TokenPrice(
    input: Money(picodollars: 3_000_000), output: Money(picodollars: 15_000_000),
    cacheWrite: Money(picodollars: 3_750_000))

  @Test("calls in flight count: together they cannot pass the limit")
  func inFlight() throws {
    var machine = BudgetStateMachine(budget: Budget(maximumTokens: 1000))
    let first = try machine.reserve(input: 100, output: 500, price: nil, identity: stranger)
    #expect(first.outputTokens == 500)
    let second = try machine.reserve(input: 100, output: 500, price: nil, identity: stranger)
    #expect(second.outputTokens == 300, "a shorter reply fits")
    #expect(throws: BudgetExceeded.tokens(limit: 1000, used: 1000, needed: 116, isRunning: false)) {
      try machine.reserve(input: 100, output: 500, price: nil, identity: stranger)
    }
    machine.settle(first, usage: usage(80, 20), price: nil)
    #expect(machine.remainingTokens == 500)
    machine.settle(second, usage: usage(80, 20), price: nil)
    #expect(machine.usedTokens == 200)
    #expect(machine.reservedTokens == 0)
  }

  @Test("money is reserved at the dearest rate, and limits the reply's length")
  func money() throws {
    var machine = BudgetStateMachine(budget: Budget(maximumCost: Money(dollars: "0.01")))
    let reservation = try machine.reserve(input: 1000, output: 100_000, price: price, identity: sonnet)
    // (0.01 − 1000 × 3.75e-6) / 15e-6 = 416.67
    #expect(reservation.outputTokens == 416)
    #expect(reservation.cost <= Money(dollars: "0.01") ?? .zero)
    machine.settle(reservation, usage: usage(1000, 10), price: price)
    #expect(machine.usedCost.decimal == "0.00315")
    #expect(throws: BudgetExceeded.self) {
      try machine.reserve(input: 2000, output: 100, price: price, identity: sonnet)
    }
  }

  @Test("a limit on money with an unknown price refuses the call")
  func unpriced() throws {
    var machine = BudgetStateMachine(budget: Budget(maximumCost: Money(dollars: "5")))
    #expect(throws: BudgetExceeded.unpriced(model: stranger)) {
      try machine.reserve(input: 1, output: 1, price: nil, identity: stranger)
    }
  }

  @Test("no sequence of calls and outcomes within their reservations passes the limit")
  func property() {
    let random = SeededRandomSource(seed: 5)
    for _ in 0..<200 {
      let limit = Int(random.next() % 5000)
      var machine = BudgetStateMachine(budget: Budget(maximumTokens: limit))
      var open: [(BudgetStateMachine.Reservation, Int)] = []
      for _ in 0..<100 {
        if random.next() % 2 == 0 || open.isEmpty {
          let input = Int(random.next() % 400)
          if let new = try? machine.reserve(
            input: input, output: Int(random.next() % 400), price: nil, identity: stranger)
          {
            open.append((new, input))
          }
        } else {
          let (reservation, input) = open.remove(at: Int(random.next() % UInt64(open.count)))
          let output = Int(random.next() % UInt64(reservation.outputTokens + 1))
          machine.settle(reservation, usage: usage(input, output), price: nil)
        }
        #expect(machine.usedTokens + machine.reservedTokens <= limit)
      }
    }
  }

  @Test("a call that cannot fit is refused before anything is sent")
  func refusal() async throws {
    let base = ScriptedModel([.text("never")])
    let model = BudgetedModel(base, account: BudgetAccount(Budget(maximumTokens: 20)))
    let error = await #expect(throws: BudgetExceeded.self) {
      try await model.complete(ModelRequest(messages: [.user(String(repeating: "word ", count: 50))]))
    }
    #expect(error?.exitCode == .budget)
    #expect(base.requests.isEmpty)
  }

  @Test("the reply is asked to be as short as the budget demands, and the call is settled")
  func shortening() async throws {
    let base = ScriptedModel([.text("fine")])
    let account = BudgetAccount(Budget(maximumTokens: 200))
    let reply = try await BudgetedModel(base, account: account).complete(
      ModelRequest(messages: [.user("hello")]))
    let asked = try #require(base.requests.first?.maximumOutputTokens)
    #expect(asked > 100 && asked < 200)
    #expect(account.state.usedTokens == reply.usage.total)
    #expect(account.state.reservedTokens == 0)
  }

  @Test("a server that ignores the limit is stopped in the middle of its reply")
  func outgrown() async throws {
    let base = ScriptedModel([.text(String(repeating: "endless words ", count: 1000))])
    let account = BudgetAccount(Budget(maximumTokens: 100))
    let error = await #expect(throws: BudgetExceeded.self) {
      try await BudgetedModel(base, account: account).complete(ModelRequest(messages: [.user("hi")]))
    }
    guard case .tokens(_, _, _, true)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(account.state.usedTokens > 50)
    #expect(account.state.reservedTokens == 0)
  }

  @Test("a repeated attempt must fit into the budget again")
  func restarts() async throws {
    let begun: [ModelChunk] = [
      .started(ResponseInfo()), .usage(usage(60, 30)),
      .restarted(Restart(attempt: 1, reason: "cut", delay: .zero)),
      .started(ResponseInfo(attempt: 2)), .text("x"), .usage(usage(60, 1)), .finished(.stop),
    ]
    let account = BudgetAccount(Budget(maximumTokens: 120))
    await #expect(throws: BudgetExceeded.self) {
      try await BudgetedModel(ScriptedModel([.chunks(begun)]), account: account).complete(
        ModelRequest(messages: []))
    }
    #expect(account.state.usedTokens == 90)
    let roomy = BudgetAccount(Budget(maximumTokens: 10_000))
    let reply = try await BudgetedModel(ScriptedModel([.chunks(begun)]), account: roomy).complete(
      ModelRequest(messages: []))
    #expect(reply.totalUsage.total == 151)
    #expect(roomy.state.usedTokens == 151)
  }

  @Test("a dropped stream gives its reservation back and counts what it used")
  func dropped() async throws {
    let account = BudgetAccount(Budget(maximumTokens: 1000))
    let model = BudgetedModel(
      ScriptedModel([.chunks([.started(ResponseInfo()), .usage(usage(40, 1)), .text("a"), .text("b")])]),
      account: account)
    for try await chunk in model.stream(ModelRequest(messages: [.user("hi")])) {
      if case .text = chunk { break }
    }
    #expect(account.state.reservedTokens == 0)
    #expect(account.state.usedTokens >= 41)
  }

  @Test("the time limit ends a call that is on its way, with its own exit code")
  func time() async throws {
    let time = ManualTimeSource()
    let account = BudgetAccount(Budget(maximumTime: .seconds(60)), time: time)
    let model = BudgetedModel(ScriptedModel([.hang], repeatsLast: true), account: account)
    let task = Task { try await model.complete(ModelRequest(messages: [])) }
    while time.sleeperCount == 0 { await Task.yield() }
    time.advance(by: .seconds(60))
    let error = await #expect(throws: BudgetExceeded.self) { try await task.value }
    #expect(error == .time(limit: .seconds(60)))
    #expect(error?.exitCode == .wallClock)
    await #expect(throws: BudgetExceeded.time(limit: .seconds(60))) {
      try await model.complete(ModelRequest(messages: []))
    }
  }

  @Test("against a server, what is used stays within the limit and equals the server's counters")
  func server() async throws {
    let server = try await MockServer(["default": ["reply": "a short answer"]])
    let account = BudgetAccount(Budget(maximumTokens: 2000))
    let model = BudgetedModel(try server.provider(.openai).model, account: account, usualOutputTokens: 50)
    var refusals = 0
    for round in 0..<60 {
      do {
        _ = try await model.complete(ModelRequest(messages: [.user("question \(round)")]))
      } catch is BudgetExceeded {
        refusals += 1
      }
    }
    let stats = try await server.stats()
    let served = (stats["input_tokens"]?.intValue ?? 0) + (stats["output_tokens"]?.intValue ?? 0)
    #expect(served == account.state.usedTokens)
    #expect(served <= 2000)
    #expect(refusals == 0 || served > 1800)
  }
}
