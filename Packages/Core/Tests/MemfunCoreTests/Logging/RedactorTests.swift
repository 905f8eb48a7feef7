import Testing

@testable import MemfunCore

@Suite("A secret")
struct SecretTests {
  private struct Holder {
    let secret: Secret
    let list: [Secret]
  }

  @Test("does not show by interpolation, debug text, dump or reflection, also inside other values")
  func hidden() {
    let secret = Secret("hunter2hunter2")
    let holder = Holder(secret: secret, list: [secret])
    var dumped = ""
    dump(holder, to: &dumped)
    let texts = [
      "\(secret)", String(describing: secret), String(reflecting: secret), "\(holder)",
      String(reflecting: holder), dumped, "\(Optional(secret) as Any)", "\(["k": secret])",
      "\(Mirror(reflecting: secret).children.map { $0 })", secret.json.description,
    ]
    for text in texts { #expect(!text.contains("hunter2"), "\(text)") }
    #expect("\(secret)" == "«redacted»")
    #expect(secret.reveal() == "hunter2hunter2")
    #expect(secret == Secret("hunter2hunter2"))
    #expect(secret != Secret("other"))
  }
}

@Suite("The redactor")
struct RedactorTests {
  private func redactor(_ secrets: String...) -> Redactor {
    let redactor = Redactor()
    for secret in secrets { redactor.register(Secret(secret)) }
    return redactor
  }

  @Test("replaces a registered value in every spelling")
  func spellings() {
    let value = "p@ss w/rd\"é+\n&x"
    let redactor = redactor(value)
    let texts = [
      value, "a\(value)b", "\(value)\(value)",
      "p%40ss%20w%2Frd%22%C3%A9%2B%0A%26x", "p%40ss+w%2Frd%22%C3%A9%2B%0A%26x",
      "p%40ss%20w%2frd%22%c3%a9%2b%0a%26x",
      JSONValue.string(value).description, #"p@ss w\/rd\"é+\n&x"#,
      // base64 of the value alone, and behind one, two and five other bytes.
      "cEBzcyB3L3JkIsOpKwomeA==", "YXBAc3Mgdy9yZCLDqSsKJng=", "YWJwQHNzIHcvcmQiw6krCiZ4",
      "dXNlcjpwQHNzIHcvcmQiw6krCiZ4",
    ]
    for text in texts {
      let clean = redactor.scrub(text)
      #expect(clean.contains(Secret.placeholder), "\(text)")
      for piece in ["p@ss", "p%40", "cEBzcyB3", "Ac3Mgdy9y", "wQHNzIHcvcm"] {
        #expect(!clean.contains(piece), "\(text) became \(clean)")
      }
    }
  }

  @Test("replaces the longer one where one secret contains another, and keeps the text around them")
  func nested() {
    let redactor = redactor("abcd", "abcdefgh", "abcd")
    #expect(redactor.scrub("1 abcdefgh 2 abcd 3") == "1 «redacted» 2 «redacted» 3")
    #expect(redactor.scrub("nothing here") == "nothing here")
  }

  @Test("replaces a very short secret only where it stands alone, and ignores an empty one")
  func short() {
    let redactor = redactor("ab", "")
    #expect(redactor.scrub("about ab, (ab) cab") == "about «redacted», («redacted») cab")
  }

  @Test(
    "masks what looks like a credential",
    arguments: [
      ("key sk-abcDEF123456 end", "key sk-«redacted» end"),
      ("sk-ant-api03-AbC_d-eF.gh", "sk-«redacted»"),
      ("Authorization: Bearer abc.def-123", "Authorization: «redacted»"),
      ("got Bearer abcdef123 back", "got Bearer «redacted» back"),
      ("basic dXNlcjpwYXNz,", "basic «redacted»,"),
      ("api_key=12345 model=x", "api_key=«redacted» model=x"),
      ("OPENAI_API_KEY=abc", "OPENAI_API_KEY=«redacted»"),
      (#"{"api-key": "a b", "n": 1}"#, #"{"api-key": "«redacted»", "n": 1}"#),
      (#"{\"api_key\":\"abc\"}"#, #"{\"api_key\":\"«redacted»\"}"#),
      ("x-api-key: abc\nnext: 1", "x-api-key: «redacted»\nnext: 1"),
      ("https://u:pw@host/p", "https://u:«redacted»@host/p"),
      ("https://0123456789abcdefTOKEN@host/p", "https://«redacted»@host/p"),
      ("https://h/p?key=AbC&x=1", "https://h/p?key=«redacted»&x=1"),
      ("https://h/p?x=1&token=AbC", "https://h/p?x=1&token=«redacted»"),
      ("ghp_0123456789abcdefABCD", "ghp_«redacted»"),
      ("Cookie: a=b; c=d", "Cookie: «redacted»; c=d"),
      (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----«redacted»-----END RSA PRIVATE KEY-----"
      ),
      ("password: 'hun ter2'", "password: '«redacted»'"),
    ])
  func patterns(text: String, expected: String) { #expect(Redactor().scrub(text) == expected) }

  @Test(
    "leaves innocent text alone",
    arguments: [
      "task-list and risk-based", "max_tokens=100 total_tokens: 5", "ssh://git@github.com/x",
      "Basic authentication is required", "api_key_env = \"OPENAI_API_KEY\"", "the bearer of news",
      "https://host:8080/path@2x", "sk-1", "", "password", "api_key=", "key=value", "日本語 é",
      "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    ])
  func innocent(text: String) { #expect(Redactor().scrub(text) == text) }

  @Test("changes nothing when it is applied twice")
  func idempotent() {
    let redactor = redactor("topsecret", "xyz")
    let text =
      "Authorization: Bearer topsecret1 api_key=\"topsecret\" https://u:topsecret@h/?key=x sk-abcdefghijk"
    let once = redactor.scrub(text)
    #expect(redactor.scrub(once) == once)
    #expect(!once.contains("topsecret"))
  }

  @Test("reaches into JSON values, and hides members whose name is secret")
  func json() {
    let redactor = redactor("topsecret")
    let value: JSONValue = [
      "a": ["x topsecret y", 1, ["topsecret": true]], "Authorization": "anything", "api_key": "k",
      "password": ["a", "b"], "max_tokens": 5, "token": "t", "has_password": true, "cookie": "",
    ]
    #expect(
      redactor.scrub(value) == [
        "a": ["x «redacted» y", 1, ["«redacted»": true]], "Authorization": "«redacted»",
        "api_key": "«redacted»", "password": "«redacted»", "max_tokens": 5, "token": "«redacted»",
        "has_password": true, "cookie": "",
      ])
  }

  @Test("needs time in proportion to the text, also for text made to be slow")
  func linear() {
    let redactor = redactor("aaaaaaaaaaaaaaab")
    for piece in ["-----BEGIN ", "://", "api_key=", "Bearer ", "sk-", "a", "basic  ", "\"'\\", "?key"] {
      let text = String(repeating: piece, count: 20_000 / piece.utf8.count)
      _ = redactor.scrub(text)
    }
  }
}
