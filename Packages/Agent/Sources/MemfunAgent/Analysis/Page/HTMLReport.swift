import MemfunCore

/// Renders a report as one self-contained HTML page.
///
/// The page loads nothing: its policy forbids every request, and names its one script by hash, so that
/// no text of the analysed code can become a script either. The facts are a block of JSON (page
/// data) that the script turns into elements, never into markup.
public enum HTMLReport {
  /// The bytes of the page. Equal documents give equal bytes.
  public static func render(_ document: AnalysisDocument) throws -> [UInt8] {
    var data: [UInt8] = []
    var writer = JSONStreamWriter { block in data += escapingMarkup(block) }
    try PageData.write(document, to: &writer)
    try writer.finish()
    let script =
      Array("(() => {\n'use strict';\n".utf8) + scripts.joined(separator: [0x0A]) + Array("})();".utf8)
    let title = Array(escaped(MarkdownText.visible(document.report.project)).utf8)
    return fill(
      PackageResources.page_html,
      [
        "title": title, "style": PackageResources.page_css, "data": data, "script": script,
        "script-hash": Array(SHA256.base64(SHA256.digest(of: script)).utf8),
      ])
  }

  /// In the order in which they need each other.
  private static let scripts = [
    PackageResources.page_data_js, PackageResources.page_table_js, PackageResources.page_tree_js,
    PackageResources.page_treemap_js, PackageResources.page_graph_js, PackageResources.page_views_js,
    PackageResources.page_main_js,
  ]

  /// JSON in which no `<` is left, so that no text can end the script element or open a comment in
  /// it; `\u003c` is the same string. In JSON a `<` occurs within strings only.
  static func escapingMarkup(_ json: [UInt8]) -> [UInt8] {
    guard json.contains(UInt8(ascii: "<")) else { return json }
    var result: [UInt8] = []
    result.reserveCapacity(json.count + 64)
    for byte in json {
      if byte == UInt8(ascii: "<") { result += Array("\\u003c".utf8) } else { result.append(byte) }
    }
    return result
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  /// Replaces `{{name}}` by its value, once and from left to right: a value is not searched again.
  static func fill(_ template: [UInt8], _ values: [String: [UInt8]]) -> [UInt8] {
    let brace = UInt8(ascii: "{")
    var result: [UInt8] = []
    result.reserveCapacity(template.count + values.values.reduce(0) { $0 + $1.count })
    var place = 0
    while place < template.count {
      if template[place] == brace, place + 1 < template.count, template[place + 1] == brace,
        let end = template[place...].firstIndex(of: UInt8(ascii: "}")),
        let value = values[String(decoding: template[place + 2..<end], as: UTF8.self)]
      {
        result += value
        place = end + 2
      } else {
        result.append(template[place])
        place += 1
      }
    }
    return result
  }
}
