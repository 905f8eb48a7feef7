import Glibc
import MemfunCore
import Testing

@testable import MemfunTools

@Suite("Walking a tree")
struct FileTreeWalkerTests {
  private func walk(_ path: String, excludes: [String] = []) throws -> FileTreeWalker.Result {
    let root = try AnalysedRoot(path)
    var walker = FileTreeWalker(
      root: root.path, rootFolder: root.descriptor, repository: EnclosingRepository(around: root.path),
      userIgnoreFile: nil, excludes: excludes)
    return try root.onlyFile.map { walker.walk(onlyFile: $0) } ?? walker.walk()
  }

  @Test("ignore rules of the folders above hold in a subfolder of a repository")
  func subfolder() async throws {
    let folder = try TemporaryFolder()
    try await folder.git("init", "-q")
    try folder.write(".gitignore", "*.log\n/sub/deep/x.c\n")
    try folder.write("sub/.gitignore", "*.tmp\n")
    try folder.write(".git/info/exclude", "*.bak\n")
    for name in ["a.log", "b.tmp", "c.bak", "x.c", "y.c"] { try folder.write("sub/deep/" + name) }
    #expect(try walk(folder.path + "/sub/deep").files.map(\.path) == ["y.c"])
  }

  @Test(".memfunignore and configured excludes weigh more than .gitignore")
  func ownRules() throws {
    let folder = try TemporaryFolder()
    try folder.write(".gitignore", "*.gen.c\n")
    try folder.write(".memfunignore", "!keep.gen.c\nskip.c\n")
    for name in ["keep.gen.c", "drop.gen.c", "skip.c", "a.c", "b.c"] { try folder.write(name) }
    #expect(
      try walk(folder.path, excludes: ["b.*"]).files.map(\.path) == [
        ".gitignore", ".memfunignore", "a.c", "keep.gen.c",
      ])
  }

  @Test("symbolic links are not followed; loops and ways out are reported, special files are not opened")
  func links() throws {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    try outside.write("secret.c", "int x;")
    try folder.write("src/a.c", "int a;")
    symlink("..", folder.path + "/src/up")
    symlink("loop", folder.path + "/loop")
    symlink(outside.path, folder.path + "/out")
    symlink(outside.path + "/secret.c", folder.path + "/out.c")
    symlink("src/a.c", folder.path + "/again.c")
    symlink("nowhere", folder.path + "/dangling")
    mkfifo(folder.path + "/pipe.c", 0o600)
    let result = try walk(folder.path)
    #expect(result.files.map(\.path) == ["src/a.c"])
    let reasons = Dictionary(uniqueKeysWithValues: result.skipped.map { ($0.path, $0.reason) })
    #expect(reasons["src/up"] == .symlinkLoop)
    #expect(reasons["loop"] == .symlinkLoop)
    #expect(reasons["out"] == .symlinkOutside)
    #expect(reasons["out.c"] == .symlinkOutside)
    #expect(reasons["pipe.c"] == .specialFile)
    #expect(reasons["again.c"] == nil)
    #expect(reasons.count == 6)
  }

  @Test("a name that is not valid UTF-8 is shown with a replacement character and skipped")
  func invalidName() throws {
    let folder = try TemporaryFolder()
    try folder.write("ok.c")
    let name = Array((folder.path + "/b").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
    close(open(name, O_CREAT | O_WRONLY, 0o600))
    let result = try walk(folder.path)
    #expect(result.files.map(\.path) == ["ok.c"])
    #expect(result.skipped == [SkippedFile(path: "b\u{FFFD}", reason: .invalidName)])
    unlink(name)
  }

  @Test("a folder that cannot be read is reported, and the rest is walked")
  func unreadable() throws {
    guard getuid() != 0 else { return }  // root reads everything
    let folder = try TemporaryFolder()
    try folder.write("a.c")
    try folder.write("locked/b.c")
    chmod(folder.path + "/locked", 0)
    let result = try walk(folder.path)
    #expect(result.files.map(\.path) == ["a.c"])
    #expect(result.skipped.map(\.path) == ["locked"])
  }

  @Test("a tree of two thousand nested folders is walked as far as paths reach, and the rest is reported")
  func deep() throws {
    let folder = try TemporaryFolder()
    try folder.write("top.c")
    var current = open(folder.path, O_RDONLY | O_DIRECTORY)
    for _ in 0..<2100 {
      mkdirat(current, "dd", 0o755)
      let next = openat(current, "dd", O_RDONLY | O_DIRECTORY)
      close(current)
      current = next
    }
    close(current)
    let result = try walk(folder.path)
    #expect(result.files.map(\.path) == ["top.c"])
    #expect(result.skipped.count == 1)
  }

  @Test("a repository inside a repository has its own rules and counts as vendored")
  func nestedRepository() async throws {
    let folder = try TemporaryFolder()
    let inner = try TemporaryFolder()
    try await folder.git("init", "-q")
    try folder.write(".gitignore", "*.x\n")
    try folder.write("a.c")
    try await inner.git("init", "-q", folder.path + "/inner")
    try folder.write("inner/b.c")
    try folder.write("inner/b.x")
    let files = try walk(folder.path).files
    #expect(files.map(\.path) == [".gitignore", "a.c", "inner/b.c", "inner/b.x"])
    #expect(files.first { $0.path == "inner/b.c" }?.role == .vendored)
  }

  @Test(
    "names tell what a file is for",
    arguments: [
      ("src/main.go", SourceFile.Role.source), ("src/main_test.go", .test), ("tests/x.py", .test),
      ("test_x.py", .test), ("a/FooTest.java", .test), ("a.spec.ts", .test),
      ("Tests/AppTests/A.swift", .test),
      ("node_modules/x/index.js", .vendored), ("third_party/z.c", .vendored),
      ("deps/lua/lua.c", .vendored), (".pc/a.patch/src/a.c", .vendored), ("venv/lib/x.py", .vendored),
      ("app.min.js", .generated),
      ("api.pb.go", .generated), ("package-lock.json", .generated), ("README.md", .documentation),
      ("ci.yml", .configuration), ("Makefile", .configuration), ("logo.png", .binary),
      ("LICENSE", .documentation),
      ("data.csv", .data),
    ])
  func roles(path: String, role: SourceFile.Role) throws {
    let folder = try TemporaryFolder()
    try folder.write(path, "x")
    #expect(try walk(folder.path).files.map(\.role) == [role])
  }

  @Test(".gitattributes overrides what names say")
  func attributes() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      ".gitattributes",
      "*.gen.c linguist-generated\nvendor/** -linguist-vendored\nlib/*.c linguist-vendored=true\n")
    try folder.write("a.gen.c")
    try folder.write("vendor/b.c")
    try folder.write("lib/c.c")
    let roles = try walk(folder.path).files.map { "\($0.path) \($0.role)" }
    #expect(
      roles == [".gitattributes configuration", "a.gen.c generated", "lib/c.c vendored", "vendor/b.c source"])
  }

  @Test("a header is C++ where C++ sources stand around it")
  func headers() throws {
    let folder = try TemporaryFolder()
    for name in ["c/a.c", "c/a.h", "cpp/b.cc", "cpp/b.h"] { try folder.write(name) }
    let languages = try walk(folder.path).files.map(\.language)
    #expect(languages == [.c, .c, .cpp, .cpp])
  }
}

@Suite("Reading files")
struct FileReaderTests {
  @Test("a file that is larger than the limit is not read")
  func limit() throws {
    let folder = try TemporaryFolder()
    try folder.write("big.c", String(repeating: "x", count: 100))
    let root = try AnalysedRoot(folder.path)
    guard case .failed(let reason) = FileReader(rootFolder: root.descriptor, limit: 99).read("big.c") else {
      Issue.record("it was read")
      return
    }
    #expect(reason == .tooLarge(bytes: 100, limit: 99))
  }

  @Test("a pipe in the place of a file is not waited for")
  func pipe() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.path + "/p.c", 0o600)
    let root = try AnalysedRoot(folder.path)
    guard case .failed(.specialFile) = FileReader(rootFolder: root.descriptor, limit: 99).read("p.c") else {
      Issue.record("it was read")
      return
    }
  }

  @Test(
    "encodings are recognised and become UTF-8 with the same lines",
    arguments: [
      (Array("aé\n".utf8), TextEncoding.utf8, nil), ([0xEF, 0xBB, 0xBF, 0x61], .utf8WithMark, "a"),
      ([0xFF, 0xFE, 0x61, 0, 0xE9, 0], .utf16LittleEndian, "aé"),
      ([0xFE, 0xFF, 0, 0x61, 0, 0x0A], .utf16BigEndian, "a\n"),
      ([0x61, 0xE9, 0x0A], .latin1, "aé\n"), ([0x61, 0, 0x62], .binary, nil),
      ([0xC0, 0x80], .latin1, "À\u{80}"),
      ([0xED, 0xA0, 0x80], .latin1, "í\u{A0}\u{80}"), (Array("%PDF-1.4".utf8), .binary, nil),
      ([], .utf8, nil),
    ] as [([UInt8], TextEncoding, String?)])
  func encodings(bytes: [UInt8], encoding: TextEncoding, text: String?) {
    bytes.withUnsafeBytes { buffer in
      #expect(TextEncoding(of: buffer) == encoding)
      #expect(encoding.transcoded(buffer).map { String(decoding: $0, as: UTF8.self) } == text)
    }
  }

  @Test(
    "generated code is known by its mark",
    arguments: [
      ("// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x", true), ("# @generated by tool\n", true),
      ("// This file was generated by x\n// Do not edit it.\n", true),
      ("/* handwritten */ int generated;", false),
      ("let text = \"Code generated; DO NOT EDIT\"", false), ("// generates things, edit away\n", false),
    ])
  func generated(text: String, isGenerated: Bool) {
    Array(text.utf8).withUnsafeBytes {
      #expect(GeneratedCode.isLikely($0, language: .go, lines: 2) == isGenerated)
    }
  }

  @Test(
    "a shebang names the language",
    arguments: [
      ("#!/usr/bin/env python3\n", Language.python), ("#!/bin/sh -e\n", .shell),
      ("#!/usr/bin/env -S A=1 node --x\n", .javascript), ("#! /usr/bin/perl5.36\n", .perl),
      ("#!/usr/bin/env\n", nil),
      ("no", nil),
    ] as [(String, Language?)])
  func shebang(text: String, language: Language?) {
    Array(text.utf8).withUnsafeBytes { #expect(Language(shebang: $0) == language) }
  }
}
