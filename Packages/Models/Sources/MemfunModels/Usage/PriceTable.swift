import MemfunCore

/// What the tokens of one model cost.
public struct TokenPrice: Sendable, Hashable {
  /// For one token of input that is neither read from nor written to a cache.
  public var input: Money
  /// For one token of output.
  public var output: Money
  /// For one token read from the cache; nil when it costs what input costs.
  public var cacheRead: Money?
  /// For one token written to the cache; nil when it costs what input costs.
  public var cacheWrite: Money?

  /// Amounts for one token.
  public init(input: Money, output: Money, cacheRead: Money? = nil, cacheWrite: Money? = nil) {
    self.input = input
    self.output = output
    self.cacheRead = cacheRead
    self.cacheWrite = cacheWrite
  }

  /// Nothing for any token.
  public static let free = TokenPrice(input: .zero, output: .zero)

  /// The exact cost of `usage`.
  public func cost(of usage: Usage) -> Money {
    Self.times(usage.uncachedInput, input) + Self.times(usage.cacheRead, cacheRead ?? input)
      + Self.times(usage.cacheWrite, cacheWrite ?? input) + Self.times(usage.output, output)
  }

  /// The most that a prompt and a reply can cost, whatever the cache does.
  public func highestCost(input tokens: Int, output outputTokens: Int) -> Money {
    let dearest = [input, cacheRead ?? input, cacheWrite ?? input].max() ?? input
    return Self.times(tokens, dearest) + Self.times(outputTokens, output)
  }

  /// `count` times `price`, at most the largest amount.
  static func times(_ count: Int, _ price: Money) -> Money {
    let (product, overflow) = price.picodollars.multipliedReportingOverflow(by: Int64(count))
    return Money(picodollars: overflow ? .max : product)
  }
}

/// The prices of models: a built-in list of the few that are certain, and the user's own list before it.
///
/// A price is found by provider and model name; a gateway at another address is taken to charge what the
/// provider lists, unless the user's list says otherwise. The first entry that fits wins; among entries
/// of one list for the same name, the one that took effect last.
public struct PriceTable: Sendable {
  private struct Entry: Sendable {
    var provider: String
    var models: [String]
    /// `YYYY-MM-DD`; empty is always.
    var effective: String
    /// Nil is an entry that says that the price is not known.
    var price: TokenPrice?
  }

  private var lists: [[Entry]]

  /// The built-in list, `prices.json` beside this file; each entry names its source and date.
  public static let builtIn: PriceTable = {
    do { return try PriceTable(json: PackageResources.prices_json, source: "prices.json") } catch {
      // Cannot happen: a test reads the file. Without prices everything is unknown, which is never wrong.
      return PriceTable()
    }
  }()

  /// A table in which every price is unknown.
  public init() { lists = [] }

  /// Reads a list: `{"prices": [{"provider", "models": ["name or *"], "input", "output", "cache_read",
  /// "cache_write", "effective"}]}`, amounts in dollars for a million tokens, as text or number; or
  /// `"free": true`, or `"unknown": true`, instead of amounts.
  ///
  /// - Parameter source: the file's name, for errors.
  /// - Throws: `PriceTableError` that names the entry, or the line of what is no JSON.
  public init(json bytes: [UInt8], source: String) throws {
    let document: JSONValue
    do {
      document = try JSONParser.parse(bytes, source: source)
    } catch {
      throw PriceTableError(problem: error.what, place: error.location ?? source)
    }
    guard let list = document["prices"]?.arrayValue else {
      throw PriceTableError(problem: "a member \"prices\" with an array was expected", place: source)
    }
    lists = [try list.enumerated().map { try Self.entry($1, place: "\(source): prices[\($0)]") }]
  }

  /// This table's lists before those of `other`.
  public func before(_ other: PriceTable) -> PriceTable {
    var table = self
    table.lists += other.lists
    return table
  }

  /// The price of a model on a day; nil when it is not known.
  public func price(of identity: ModelIdentity, at instant: Timestamp) -> TokenPrice? {
    let day = String(instant.description.prefix(10))
    for list in lists {
      var best: Entry?
      for entry in list where Self.fits(entry, identity, day) {
        if let known = best, known.effective >= entry.effective { continue }
        best = entry
      }
      if let best { return best.price }
    }
    return nil
  }

  private static func fits(_ entry: Entry, _ identity: ModelIdentity, _ day: String) -> Bool {
    (entry.provider == identity.provider || entry.provider == "*") && entry.effective <= day
      && entry.models.contains { matches(identity.model, pattern: $0) }
  }

  private static func entry(_ json: JSONValue, place: String) throws -> Entry {
    func fail(_ problem: String) -> PriceTableError { PriceTableError(problem: problem, place: place) }
    let known: Set<String> = [
      "provider", "models", "input", "output", "cache_read", "cache_write", "effective", "free", "unknown",
      "source",
      "checked",
    ]
    guard let object = json.objectValue else { throw fail("an object was expected") }
    for key in object.keys where !known.contains(key) {
      let nearest = Suggestion.closest(to: key, among: known.sorted())
      throw fail("unknown member \"\(key)\"" + (nearest.map { ", did you mean \"\($0)\"?" } ?? ""))
    }
    guard let provider = json["provider"]?.stringValue else { throw fail("\"provider\" is missing") }
    let models = json["models"]?.arrayValue?.compactMap(\.stringValue) ?? []
    guard !models.isEmpty else { throw fail("\"models\" must be an array with at least one name") }
    let effective = json["effective"]?.stringValue ?? ""
    if !effective.isEmpty, Timestamp(rfc3339: effective + "T00:00:00Z") == nil {
      throw fail("\"effective\" must be a date like 2026-01-31")
    }
    var entry = Entry(provider: provider, models: models, effective: effective, price: nil)
    if json["unknown"]?.boolValue == true { return entry }
    if json["free"]?.boolValue == true {
      entry.price = .free
      return entry
    }
    func amount(_ key: String) throws -> Money? {
      guard let value = json[key], !value.isNull else { return nil }
      // Dollars for a million tokens are microdollars for one; the text of a number is exact.
      let text = value.stringValue ?? value.description
      guard let money = Money(dollars: text), money.picodollars % 1_000_000 == 0 else {
        throw fail("\"\(key)\" must be an amount in dollars with at most six decimals")
      }
      return Money(picodollars: money.picodollars / 1_000_000)
    }
    guard let input = try amount("input"), let output = try amount("output") else {
      throw fail("\"input\" and \"output\" are needed, or \"free\": true")
    }
    entry.price = TokenPrice(
      input: input, output: output, cacheRead: try amount("cache_read"), cacheWrite: try amount("cache_write")
    )
    return entry
  }

  /// Whether `name` matches a pattern in which `*` stands for any text.
  static func matches(_ name: String, pattern: String) -> Bool {
    let text = Array(name.utf8)
    let wanted = Array(pattern.utf8)
    var place = 0
    var position = 0
    var star: (pattern: Int, text: Int)?
    while place < text.count {
      if position < wanted.count, wanted[position] == UInt8(ascii: "*") {
        star = (position, place)
        position += 1
      } else if position < wanted.count, wanted[position] == text[place] {
        position += 1
        place += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        position = last.pattern + 1
        place = last.text + 1
      } else {
        return false
      }
    }
    return wanted[position...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

/// A price list that cannot be read.
public struct PriceTableError: MemfunError, Equatable {
  /// What is wrong.
  public let problem: String
  /// The file and entry.
  public let place: String

  /// - Parameters:
  ///   - problem: what is wrong.
  ///   - place: the file and entry.
  public init(problem: String, place: String) {
    self.problem = problem
    self.place = place
  }

  public var kind: String { "model.price_list" }
  public var what: String { "the price list cannot be used: \(problem)" }
  public var location: String? { place }
  public var remedy: String? { "correct the entry; the documentation of models shows the form" }
  public var exitCode: ExitCode { .usage }
}
