/// "Did you mean …?" for names that people mistype: commands, flags, configuration keys.
public enum Suggestion {
  /// The candidate closest to `name`, or nil when none is close enough to be meant.
  ///
  /// Close enough: at most a third of the longer name's characters differ (at least one), or one is
  /// the beginning of the other. Ties go to the first candidate.
  public static func closest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased())
    guard !wanted.isEmpty else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let letters = Array(candidate.lowercased())
      var distance = editDistance(wanted, letters)
      if wanted.count >= 3, letters.starts(with: wanted) || wanted.starts(with: letters) {
        distance = min(distance, 1)
      }
      let limit = max(1, max(wanted.count, letters.count) / 3)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// The number of insertions, deletions, substitutions and swaps of neighbours that turn `left`
  /// into `right` (optimal string alignment distance). O(left × right) time.
  static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for i in 1...left.count {
      var row = [i] + [Int](repeating: 0, count: right.count)
      for j in 1...right.count {
        let cost = left[i - 1] == right[j - 1] ? 0 : 1
        row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
          row[j] = min(row[j], beforeLast[j - 2] + 1)
        }
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
