/// Keeps the first and the last bytes of a stream of any length in bounded memory.
struct HeadTailBuffer {
  private let headLimit: Int
  private let tailLimit: Int
  private var head: [UInt8] = []
  /// The last bytes, as a ring once it holds `tailLimit` of them; `oldest` is then its first byte.
  private var ring: [UInt8] = []
  private var oldest = 0
  private var dropped = 0

  /// - Parameters:
  ///   - head: bytes kept from the beginning; negative counts as 0.
  ///   - tail: bytes kept from the end; negative counts as 0.
  init(head: Int, tail: Int) {
    headLimit = max(0, head)
    tailLimit = max(0, tail)
  }

  /// Takes the next piece of the stream.
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    let forHead = min(headLimit - head.count, bytes.count)
    head.append(contentsOf: bytes[..<forHead])
    var rest = UnsafeRawBufferPointer(rebasing: bytes[forHead...])
    if rest.isEmpty { return }

    if rest.count >= tailLimit {
      dropped += ring.count + rest.count - tailLimit
      rest = UnsafeRawBufferPointer(rebasing: rest[(rest.count - tailLimit)...])
      ring.removeAll(keepingCapacity: true)
      ring.append(contentsOf: rest)
      oldest = 0
      return
    }
    let toGrow = min(tailLimit - ring.count, rest.count)
    ring.append(contentsOf: rest[..<toGrow])
    rest = UnsafeRawBufferPointer(rebasing: rest[toGrow...])
    dropped += rest.count
    while !rest.isEmpty {
      let run = min(rest.count, tailLimit - oldest)
      ring.withUnsafeMutableBytes { target in
        UnsafeMutableRawBufferPointer(rebasing: target[oldest..<(oldest + run)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<run]))
      }
      oldest = (oldest + run) % tailLimit
      rest = UnsafeRawBufferPointer(rebasing: rest[run...])
    }
  }

  /// What was kept, in order.
  var captured: CapturedOutput {
    var output = CapturedOutput()
    output.head = head
    output.tail = Array(ring[oldest...] + ring[..<oldest])
    output.droppedBytes = dropped
    return output
  }
}
