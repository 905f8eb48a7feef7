@testable import MemfunCore

/// What is parsed and written means the same when it is parsed again.
func fuzzJSON(_ input: FuzzInput) {
  guard let value = try? JSONParser.parse(input.bytes) else { return }
  let written = JSONSerializer.bytes(of: value)
  guard let again = try? JSONParser.parse(written) else {
    return require(false, "the serializer's output is JSON")
  }
  require(JSONSerializer.bytes(of: again) == written, "writing is stable")
}

/// A schema, 0xFF, an instance: compiling and validating end, within their limits.
func fuzzJSONSchema(_ input: FuzzInput) {
  let (schemaText, instanceText) = input.halves
  guard let source = try? JSONParser.parse(schemaText.bytes),
    let schema = try? JSONSchema(source, strictness: .lenient)
  else { return }
  let instance = (try? JSONParser.parse(instanceText.bytes)) ?? source
  let limits = JSONSchema.Limits(steps: 20_000, violations: 10)
  require(schema.violations(in: instance, limits: limits).count <= 11, "violations are limited")
}

/// Positions lie within the text, and in order.
func fuzzTOML(_ input: FuzzInput) {
  guard let document = try? TOMLDocument(input.bytes, source: "f") else { return }
  let lines = input.bytes.count { $0 == 0x0A } + 1
  func walk(_ node: TOMLNode) {
    let region = node.region
    require(region.beginLine >= 1 && region.endLine <= lines, "regions lie within the text")
    require(
      (region.beginLine, region.beginColumn) <= (region.endLine, region.endColumn), "regions are in order")
    switch node.value {
    case .array(let nodes): nodes.forEach(walk)
    case .table(let table): for member in table.members { walk(member.node) }
    default: break
    }
  }
  for member in document.root.members { walk(member.node) }
}

/// A project's file, 0xFF, an override: whatever they say, a project changes no key of the user's.
func fuzzConfiguration(_ input: FuzzInput) {
  let (file, override) = input.halves
  let loader = ConfigurationLoader(
    environment: ["HOME": "/h", "MEMFUN_MODEL_NAME": "x"], workingDirectory: "/p", userPath: "/h/u",
    read: { $0 == "/p/memfun.toml" ? file.bytes : nil })
  do {
    let configuration = try loader.load(overrides: override.bytes.isEmpty ? [] : [override.text])
    for entry in ConfigurationKeys.all {
      let setting = configuration.setting(of: entry)
      require(
        !entry.isUserOnly || setting.origin.layer != "project", "a project does not set \(entry.name)")
      require(
        (try? entry.check(text: setting.value.toml, place: "")) == setting.value,
        "\(entry.name) can be written")
    }
  } catch {
    require(!error.problems.isEmpty && !error.description.isEmpty, "errors say something")
  }
}

/// A key's number and a file: an edit that is accepted does what it says, and only that.
func fuzzConfigurationEditor(_ input: FuzzInput) {
  let (number, file) = input.choice(of: ConfigurationKeys.all.count)
  let entry = ConfigurationKeys.all[number]
  guard var editor = try? ConfigurationEditor(file.bytes, path: "f") else { return }
  func value() -> TOMLNode.Value? {
    let document = try? TOMLDocument(editor.text, source: "f")
    require(document != nil, "an edited file is TOML")
    return document?.root[entry.section]?.node.table?[entry.shortName]?.node.value
  }
  if (try? editor.set(entry.name, to: entry.defaultValue)) != nil {
    let read = value().flatMap { try? entry.check($0, place: "f") }
    require(read == entry.defaultValue, "what was set is there")
    let before = editor.text
    if (try? editor.set(entry.name, to: entry.defaultValue)) != nil {
      require(editor.text == before, "setting twice changes nothing more")
    }
  } else {
    require(editor.text == file.bytes, "a refused edit changes nothing")
  }
  if (try? editor.unset(entry.name)) != nil { require(value() == nil, "what was unset is gone") }
}

/// Durations, sizes, dates, URLs, proxies, names to suggest for.
func fuzzSmallTexts(_ input: FuzzInput) {
  let text = input.text
  _ = DurationText.parse(text)
  if let size = ByteCountText.parse(text) { require(size >= 0, "a size is not negative") }
  if let time = Timestamp(rfc3339: text) {
    require(Timestamp(rfc3339: time.description) != nil, "a date that is written can be read")
  }
  _ = Timestamp(httpDate: text, now: Timestamp(seconds: 1_700_000_000))
  if let url = try? HTTPURL(text) { require((1...65_535).contains(url.port), "a port is one") }
  _ = try? HTTPProxy(text)
  if input.bytes.count < 256 { _ = Suggestion.closest(to: text, among: ConfigurationKeys.all.map(\.name)) }
  _ = VisibleText.escape(text)
}

/// A registered secret, 0xFF, text: the secret does not come through.
func fuzzRedaction(_ input: FuzzInput) {
  let (secret, text) = input.halves
  let redactor = Redactor()
  redactor.register(Secret(secret.text))
  _ = redactor.scrub(text.bytes)
  let around = "a " + secret.text + " b"
  if secret.bytes.count >= 8, secret.bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
    require(!redactor.scrub(around).utf8Contains(secret.bytes), "a registered secret is hidden")
  }
}

extension String {
  fileprivate func utf8Contains(_ needle: [UInt8]) -> Bool {
    let hay = Array(utf8)
    guard hay.count >= needle.count else { return false }
    return (0...(hay.count - needle.count)).contains { hay[$0..<($0 + needle.count)].elementsEqual(needle) }
  }
}
