import MemfunCore
import MemfunTools

extension JSONStreamWriter {
  /// The code map as an object. Indices refer to `files` and `symbols` of the same object.
  mutating func map(_ map: CodeMap) throws {
    try object { writer in
      try writer.member("files", of: map.files) { try $0.file($1) }
      try writer.member("symbols", of: map.symbols) { try $0.symbol($1) }
      try writer.member("imports", of: map.imports) { try $0.importItem($1) }
      try writer.member("dependencies", of: map.dependencies) { writer, edge in
        try writer.array(of: [edge.from, edge.to]) { try $0.value($1) }
      }
      try writer.member("cycles", of: map.cycles) { writer, files in
        try writer.array(of: files) { try $0.value($1) }
      }
      try writer.member("duplicates", of: map.duplicates) { try $0.duplicate($1) }
      try writer.member("markers", of: map.markers) { writer, marker in
        try writer.object { writer in
          try writer.member("file", marker.file)
          try writer.member("line", marker.line)
          try writer.member("kind", marker.kind.rawValue)
          try writer.member("text", marker.text)
        }
      }
      try writer.member("test_links", of: map.testLinks) { writer, link in
        try writer.object { writer in
          try writer.member("test", link.test)
          try writer.member("code", link.code)
          try writer.member("evidence", link.evidence.rawValue)
        }
      }
      try writer.key("history")
      try writer.history(map.history)
      try writer.member("skipped", of: map.skipped) { writer, file in
        try writer.object { writer in
          try writer.member("path", file.path)
          try writer.member("reason", file.reason.name)
          try writer.member("explanation", file.reason.explanation)
        }
      }
      try writer.member("notes", of: map.notes) { writer, note in
        try writer.object { writer in
          try writer.member("kind", note.kind)
          try writer.member("message", note.message)
          try writer.member("remedy", note.remedy)
        }
      }
      try writer.member("cache") { writer in
        try writer.object { writer in
          try writer.member("hits", map.cache.hits)
          try writer.member("misses", map.cache.misses)
          try writer.member("is_enabled", map.cache.isEnabled)
        }
      }
    }
  }

  private mutating func file(_ file: SourceFile) throws {
    try object { writer in
      try writer.member("path", file.path)
      try writer.member("language", file.language?.rawValue)
      try writer.member("role", file.role.rawValue)
      try writer.member("bytes", file.bytes)
      try writer.member("lines", file.lines)
      try writer.member("code_lines", file.codeLines)
      try writer.member("comment_lines", file.commentLines)
      try writer.member("blank_lines", file.blankLines)
      try writer.member("complexity", file.complexity)
      try writer.member("commits", file.commits)
      try writer.member("churned_lines", file.churnedLines)
      try writer.member("hot_spot_score", file.hotSpotScore)
    }
  }

  private mutating func symbol(_ symbol: Symbol) throws {
    try object { writer in
      try writer.member("file", symbol.file)
      try writer.member("name", symbol.name)
      try writer.member("scope", symbol.scope)
      try writer.member("kind", symbol.kind.rawValue)
      try writer.member("signature", symbol.signature)
      try writer.member("start_line", symbol.startLine)
      try writer.member("end_line", symbol.endLine)
      try writer.member("complexity", symbol.complexity)
    }
  }

  private mutating func importItem(_ item: Import) throws {
    try object { writer in
      try writer.member("file", item.file)
      try writer.member("line", item.line)
      try writer.member("name", item.name)
      switch item.target {
      case .files(let files): try writer.member("files", of: files) { try $0.value($1) }
      case .external(let name): try writer.member("external", name)
      case .unresolved: try writer.member("unresolved", true)
      }
    }
  }

  private mutating func duplicate(_ group: DuplicateGroup) throws {
    try object { writer in
      try writer.member("code_lines", group.codeLines)
      try writer.member("places", of: group.places) { writer, place in
        try writer.object { writer in
          try writer.member("file", place.file)
          try writer.member("start_line", place.startLine)
          try writer.member("end_line", place.endLine)
        }
      }
    }
  }

  private mutating func history(_ history: History?) throws {
    guard let history else { return try null() }
    try object { writer in
      try writer.member("head", history.head)
      try writer.member("is_dirty", history.isDirty)
      try writer.key("window_days")
      if let days = history.windowDays { try writer.value(days) } else { try writer.null() }
      try writer.member("commits", history.commits)
      try writer.member("is_shallow", history.isShallow)
      try writer.member("authors", of: history.authors) { writer, author in
        try writer.object { writer in
          try writer.member("name", author.name)
          try writer.member("commits", author.commits)
        }
      }
      let owned = history.ownership.sorted { $0.key < $1.key }
      try writer.member("ownership", of: owned) { writer, entry in
        try writer.object { writer in
          try writer.member("file", entry.key)
          try writer.member("authors", entry.value.authors)
          try writer.member("main_author", entry.value.mainAuthor)
          try writer.member("main_share", entry.value.mainShare)
        }
      }
    }
  }
}
