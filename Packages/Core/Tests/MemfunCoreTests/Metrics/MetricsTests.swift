import Testing

@testable import MemfunCore

@Suite("The metrics registry")
struct MetricsTests {
  @Test("writes OpenMetrics text: metadata, suffixes, cumulative buckets, escapes, end")
  func exposition() throws {
    let registry = MetricsRegistry()
    let seconds = try registry.histogram(
      "memfun_request_seconds", help: "Time\nof \"a\" request\\.", unit: "seconds",
      labels: ["provider": "x"], bounds: [0.5, 1, 2.5])
    for value in [0.1, 0.5, 0.75, 2, 100, -1, .nan] { seconds.observe(value) }
    let requests = try registry.counter(
      "memfun_requests", help: "Requests.", labels: ["status": "200", "provider": "a\"b\\c\nd"])
    requests.add()
    requests.add(2.5)
    requests.add(-5)
    requests.add(.infinity)
    try registry.counter("memfun_requests", help: "Requests.", labels: ["status": "500", "provider": "a"])
      .add()
    let gauge = try registry.gauge("memfun_in_flight", help: "")
    gauge.set(5)
    gauge.add(-2)
    #expect(
      registry.openMetricsText == #"""
        # TYPE memfun_in_flight gauge
        memfun_in_flight 3
        # TYPE memfun_request_seconds histogram
        # UNIT memfun_request_seconds seconds
        # HELP memfun_request_seconds Time\nof \"a\" request\\.
        memfun_request_seconds_bucket{provider="x",le="0.5"} 2
        memfun_request_seconds_bucket{provider="x",le="1.0"} 3
        memfun_request_seconds_bucket{provider="x",le="2.5"} 4
        memfun_request_seconds_bucket{provider="x",le="+Inf"} 5
        memfun_request_seconds_count{provider="x"} 5
        memfun_request_seconds_sum{provider="x"} 103.35
        # TYPE memfun_requests counter
        # HELP memfun_requests Requests.
        memfun_requests_total{provider="a",status="500"} 1
        memfun_requests_total{provider="a\"b\\c\nd",status="200"} 3.5
        # EOF

        """#)
    #expect(MetricsRegistry().openMetricsText == "# EOF\n")
  }

  @Test("writes numbers that are not finite as OpenMetrics spells them")
  func numbers() throws {
    let registry = MetricsRegistry()
    let gauge = try registry.gauge("g", help: "")
    for (value, text) in [
      (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e300, "1e+300"), (-0.25, "-0.25"),
    ] {
      gauge.set(value)
      #expect(registry.openMetricsText.contains("\ng \(text)\n"))
    }
  }

  @Test("gives the same instrument for the same name and labels")
  func identity() throws {
    let registry = MetricsRegistry()
    let first = try registry.counter("c", help: "", labels: ["a": "1", "b": "2"])
    #expect(try registry.counter("c", help: "", labels: ["b": "2", "a": "1"]) === first)
    #expect(try registry.counter("c", help: "", labels: ["b": "2", "a": "2"]) !== first)
  }

  @Test(
    "refuses names and labels that OpenMetrics does not allow",
    arguments: [
      "", "1a", "a-b", "a b", "é", "a_total", "a_bucket", "a_created", "a_info", "a:b",
    ])
  func names(name: String) {
    let registry = MetricsRegistry()
    #expect(throws: MetricError.self) { try registry.counter(name, help: "") }
    if !name.hasPrefix("a_") {
      #expect(throws: MetricError.self) { try registry.counter("ok", help: "", labels: [name: "x"]) }
    }
    #expect(throws: MetricError.self) { try registry.counter("ok", help: "", labels: ["__x": "x"]) }
    #expect(throws: MetricError.self) { try registry.histogram("ok", help: "", labels: ["le": "x"]) }
    #expect(throws: MetricError.self) { try registry.counter("ok", help: "", unit: "seconds") }
    #expect(registry.openMetricsText == "# EOF\n")
  }

  @Test("refuses a second metric whose samples would be confused with those of the first")
  func conflicts() throws {
    let registry = MetricsRegistry()
    _ = try registry.histogram("h", help: "")
    _ = try registry.counter("c", help: "", labels: ["a": "1"])
    #expect(throws: MetricError.self) { try registry.gauge("h_count", help: "") }
    #expect(throws: MetricError.self) { try registry.gauge("h_sum", help: "") }
    #expect(throws: MetricError.self) { try registry.gauge("h", help: "") }
    #expect(throws: MetricError.self) { try registry.counter("c", help: "", labels: ["b": "1"]) }
    #expect(throws: MetricError.self) { try registry.counter("c", help: "") }
    #expect(throws: MetricError.self) { try registry.histogram("h", help: "", bounds: [1, 2]) }
    for bounds in [[2.0, 1.0], [1, 1], [.infinity], [.nan], [-1, 1]] {
      #expect(throws: MetricError.self) { try registry.histogram("x", help: "", bounds: bounds) }
    }
  }

  @Test("adds up what exceeds the cap on label values in one place")
  func cardinality() throws {
    let registry = MetricsRegistry(maximumChildren: 3)
    for number in 0..<10 { try registry.counter("c", help: "", labels: ["path": "\(number)"]).add() }
    #expect(registry.openMetricsText.contains(#"c_total{path="_other"} 7"#))
    #expect(registry.openMetricsText.split(separator: "\n").count == 1 + 4 + 1)
    try registry.counter("c", help: "", labels: ["path": "1"]).add()
    #expect(registry.openMetricsText.contains(#"c_total{path="1"} 2"#))
  }

  @Test("loses no update when many tasks write at once")
  func concurrency() async throws {
    let registry = MetricsRegistry()
    let counter = try registry.counter("c", help: "")
    let histogram = try registry.histogram("h", help: "")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<5000 {
            counter.add()
            histogram.observe(.milliseconds(1))
          }
        }
      }
    }
    #expect(counter.value == 40_000)
    #expect(histogram.snapshot.count == 40_000)
    #expect(abs(histogram.snapshot.sum - 40) < 1e-6)
  }
}
