import CCurl
import Glibc

/// A libcurl easy handle and the buffer for its error texts.
final class CurlHandle {
  let easy: UnsafeMutableRawPointer
  let errorText: UnsafeMutablePointer<CChar>
  /// Whether the options that last have been set.
  var isConfigured = false

  /// Nil when there is no memory.
  init?() {
    guard let easy = ccurl_easy_new() else { return nil }
    self.easy = easy
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.pointee = 0
  }

  deinit {
    ccurl_easy_free(easy)
    errorText.deallocate()
  }
}

/// An exchange while libcurl works on it. Lives on the event thread only.
final class HTTPTransfer {
  let exchange: HTTPExchange
  let handle: CurlHandle
  var deadlines: HTTPDeadlineTracker

  /// Set by the callbacks, taken by the event thread after libcurl's round.
  var isTouched = false
  var madeProgress = false
  var wasPaused = false

  /// Whether the response came over HTTP/2, where exchanges share a connection.
  private(set) var isMultiplexed = false

  private unowned let thread: HTTPEventThread
  private var head: HTTPHeadParser
  private var bodyBytes = 0
  /// Why a callback ended the transfer; explains libcurl's "write error".
  private var refusal: HTTPError?
  private var fieldList: UnsafeMutablePointer<curl_slist>?

  init(_ exchange: HTTPExchange, _ handle: CurlHandle, on thread: HTTPEventThread) {
    self.exchange = exchange
    self.handle = handle
    self.thread = thread
    deadlines = HTTPDeadlineTracker(exchange.message.deadlines, start: exchange.startTime)
    let configuration = thread.configuration
    head = HTTPHeadParser(
      maximumBytes: configuration.maximumHeadBytes, maximumLines: configuration.maximumHeadLines)
  }

  // MARK: Options

  /// Sets the options of the handle. Returns the reason when libcurl refuses one.
  func prepare(_ configuration: HTTPClient.Configuration) -> HTTPError? {
    let message = exchange.message
    var options = CurlOptions(easy: handle.easy)
    if !handle.isConfigured {
      setLastingOptions(configuration, &options)
      handle.isConfigured = true
    }
    handle.errorText.pointee = 0

    // From here on every option is set for every request, as the handle may have served another one.
    options.note(
      ccurl_easy_set_callbacks(
        handle.easy, onBody, onHeadLine, onOpenSocket, onConnected,
        Unmanaged.passUnretained(self).toOpaque()))
    options.set(CURLOPT_URL, message.url.text)
    // Requests that come together share one HTTP/2 connection instead of opening one each. Not for plain
    // HTTP: there the second request would wait for the first one's response.
    options.set(CURLOPT_PIPEWAIT, message.url.isSecure && configuration.allowsHTTP2 ? 1 : 0)
    // Empty strings, because unset options are read from the environment.
    let usesProxy = configuration.proxy != nil && !message.url.isLoopback
    options.set(CURLOPT_PROXY, usesProxy ? configuration.proxy ?? "" : "")

    setMethodAndBody(message, &options)
    for line in message.lines {
      guard let longer = ccurl_slist_append(fieldList, line) else {
        release()
        return .clientFailure(reason: "no memory for the request's fields", url: message.url.redacted)
      }
      fieldList = longer
    }
    options.set(CURLOPT_HTTPHEADER, pointer: fieldList)
    if let encodings = message.acceptEncoding {
      options.set(CURLOPT_ACCEPT_ENCODING, encodings)
    } else {
      options.set(CURLOPT_ACCEPT_ENCODING, pointer: nil)
    }

    guard let code = options.failure else { return nil }
    let failure = self.failure(for: code, configuration: configuration)
    release()
    return failure
  }

  /// Options that are the same for all requests of a client.
  private func setLastingOptions(_ configuration: HTTPClient.Configuration, _ options: inout CurlOptions) {
    options.set(CURLOPT_ERRORBUFFER, pointer: handle.errorText)
    options.set(CURLOPT_NOSIGNAL, 1)
    options.set(CURLOPT_TCP_NODELAY, 1)
    options.set(CURLOPT_TCP_KEEPALIVE, 1)
    // Twice the default. Larger blocks make the allocator give memory back to the kernel each time.
    options.set(CURLOPT_BUFFERSIZE, 32 << 10)
    // Deadlines are kept by the event thread; libcurl's own would be 300 s.
    options.set(CURLOPT_CONNECTTIMEOUT_MS, Int(Int32.max))
    // Without it, removing a transfer waits for its name resolution, and with it all the others. Not
    // every version has it, so a refusal is no failure.
    ccurl_easy_set_long(handle.easy, CURLOPT_QUICK_EXIT, 1)

    options.set(CURLOPT_PROTOCOLS_STR, "http,https")
    options.set(
      CURLOPT_HTTP_VERSION, configuration.allowsHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
    options.set(CURLOPT_SSL_VERIFYPEER, 1)
    options.set(CURLOPT_SSL_VERIFYHOST, 2)
    options.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    if let file = configuration.certificateFile {
      options.set(CURLOPT_CAINFO, file)
      options.set(CURLOPT_PROXY_CAINFO, file)
    }
    options.set(CURLOPT_NOPROXY, configuration.proxyExclusions.joined(separator: ","))
    // A User-Agent among the request's fields takes its place.
    options.set(CURLOPT_USERAGENT, configuration.userAgent)
  }

  private func setMethodAndBody(_ message: HTTPMessage, _ options: inout CurlOptions) {
    if let body = message.body {
      options.set(CURLOPT_POST, 1)
      options.note(ccurl_easy_set_offset(handle.easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
      // A copy, so that libcurl can send it again on a fresh connection whatever becomes of ours.
      body.withUnsafeBytes { options.set(CURLOPT_COPYPOSTFIELDS, pointer: $0.baseAddress ?? emptyBody) }
    } else if message.method == "HEAD" {
      options.set(CURLOPT_NOBODY, 1)
    } else {
      options.set(CURLOPT_HTTPGET, 1)
    }
    options.set(CURLOPT_CUSTOMREQUEST, message.method)
  }

  /// Frees what was made for the request; the handle may be used for another one.
  func release() {
    ccurl_slist_free(fieldList)
    fieldList = nil
    if exchange.message.body?.isEmpty == false {
      ccurl_easy_set_pointer(handle.easy, CURLOPT_COPYPOSTFIELDS, nil)
    }
  }

  // MARK: Callbacks

  fileprivate func receiveHeadLine(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
    switch head.accept(line) {
    case .more, .interim: break
    case .violation(let reason):
      refusal = .protocolViolation(url: exchange.message.url.redacted, reason: reason)
      return false
    case .complete(var head):
      let limit = exchange.message.maximumBodyBytes
      if exchange.message.acceptEncoding != nil, head.fields["Content-Encoding"] != nil {
        head.fields["Content-Encoding"] = nil
        head.fields["Content-Length"] = nil
      } else if hasBody(head), let text = head.fields["Content-Length"], let length = Int(text),
        length > limit
      {
        refusal = .bodyTooLarge(limit: limit, url: exchange.message.url.redacted)
        return false
      }
      isMultiplexed = head.version.hasPrefix("2")
      exchange.setHead(head)
    }
    if head.hasBegun {
      madeProgress = true
      thread.touch(self)
    }
    return true
  }

  private func hasBody(_ head: HTTPHead) -> Bool {
    exchange.message.method != "HEAD" && head.status != 204 && head.status != 304
  }

  /// The number of bytes taken, or libcurl's order to pause.
  fileprivate func receiveBody(_ piece: UnsafeBufferPointer<UInt8>) -> Int {
    if piece.count > exchange.message.maximumBodyBytes - bodyBytes {
      refusal = .bodyTooLarge(
        limit: exchange.message.maximumBodyBytes, url: exchange.message.url.redacted)
      return 0
    }
    thread.touch(self)
    guard exchange.offer(piece) else {
      wasPaused = true
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    bodyBytes += piece.count
    madeProgress = true
    return piece.count
  }

  fileprivate func connectionBegins() {
    deadlines.connecting(at: SystemTimeSource().monotonic())
    thread.touch(self)
  }

  fileprivate func connectionIsReady() {
    deadlines.connected()
    thread.touch(self)
  }

  // MARK: Errors

  /// What libcurl's result means; nil for success.
  func failure(for code: CURLcode, configuration: HTTPClient.Configuration) -> HTTPError? {
    if let refusal { return refusal }
    if code == CURLE_OK {
      if head.isComplete { return nil }
      return .connectionLost(
        url: exchange.message.url.redacted, reason: "it was closed within the response's head",
        receivedBytes: 0)
    }
    if code == CURLE_OUT_OF_MEMORY && !deadlines.isConnecting && !head.isComplete {
      // How libcurl reports a line beyond its own limit of some 100 KiB.
      return .protocolViolation(
        url: exchange.message.url.redacted, reason: "a line of the response's head is too long")
    }
    let text = String(cString: handle.errorText)
    return HTTPError(
      code, reason: text.isEmpty ? String(cString: ccurl_strerror(code)) : text,
      url: exchange.message.url, proxy: exchange.message.url.isLoopback ? nil : configuration.proxy,
      isConnecting: deadlines.isConnecting, receivedBytes: bodyBytes)
  }
}

/// Sets options and remembers the first failure.
private struct CurlOptions {
  let easy: UnsafeMutableRawPointer
  private(set) var failure: CURLcode?

  init(easy: UnsafeMutableRawPointer) { self.easy = easy }

  mutating func note(_ code: CURLcode) {
    if code != CURLE_OK && failure == nil { failure = code }
  }
  mutating func set(_ option: CURLoption, _ value: Int) { note(ccurl_easy_set_long(easy, option, value)) }
  mutating func set(_ option: CURLoption, _ value: String) {
    note(ccurl_easy_set_string(easy, option, value))
  }
  mutating func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
    note(ccurl_easy_set_pointer(easy, option, pointer))
  }
}

/// What an empty body points to: a null pointer would ask libcurl to read it from a callback.
nonisolated(unsafe) private let emptyBody = UnsafeRawPointer(
  UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

// MARK: libcurl's callbacks; `context` is the transfer, which outlives its place in the multi handle

private func transfer(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer {
  Unmanaged<HTTPTransfer>.fromOpaque(context!).takeUnretainedValue()
}

private func bytes(_ data: UnsafeMutablePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
  let raw = UnsafeRawBufferPointer(start: data, count: count)
  return raw.assumingMemoryBound(to: UInt8.self)
}

private func onBody(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context).receiveBody(bytes(data, size * count))
}

private func onHeadLine(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context).receiveHeadLine(bytes(data, size * count)) ? size * count : 0
}

private func onOpenSocket(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  transfer(context).connectionBegins()
  guard let address else { return -1 }
  // Children must not inherit connections.
  let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
  return socket(address.pointee.family, type, address.pointee.protocol)
}

private func onConnected(
  _ context: UnsafeMutableRawPointer?, _ peer: UnsafeMutablePointer<CChar>?,
  _ local: UnsafeMutablePointer<CChar>?, _ peerPort: Int32, _ localPort: Int32
) -> Int32 {
  transfer(context).connectionIsReady()
  return CURL_PREREQFUNC_OK
}
