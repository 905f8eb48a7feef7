import MemfunCore
import MemfunRuntime

/// The tables, as an ordered list of named steps. A step that was released never changes; a change is
/// a new step at the end.
enum Schema {
  struct Migration {
    let name: String
    let sql: [String]
  }

  static let migrations = [
    Migration(
      name: "0001 bus, store and queue",
      sql: [
        // The shared clock's last instant, should the shared page be lost.
        "CREATE TABLE clock(id INTEGER PRIMARY KEY CHECK (id = 1), instant INTEGER NOT NULL) STRICT",

        // One log for all topics: AUTOINCREMENT never gives a number twice, also after deletion.
        """
        CREATE TABLE message(seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, subject TEXT NOT NULL,
          time INTEGER NOT NULL, headers TEXT, checksum INTEGER NOT NULL, payload BLOB NOT NULL) STRICT
        """,
        "CREATE INDEX message_topic ON message(topic, seq)",
        """
        CREATE TABLE topic(name TEXT PRIMARY KEY, max_age INTEGER, max_messages INTEGER, max_bytes INTEGER,
          kept_messages INTEGER NOT NULL DEFAULT 0, kept_bytes INTEGER NOT NULL DEFAULT 0,
          removed_through INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX topic_removed ON topic(removed_through)",
        "CREATE TABLE topic_deletion(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL) STRICT",
        """
        CREATE TABLE dedupe(id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL,
          until INTEGER NOT NULL, UNIQUE(topic, key)) STRICT
        """,
        "CREATE INDEX dedupe_until ON dedupe(until)",
        """
        CREATE TABLE consumer_group(id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, name TEXT NOT NULL,
          pattern TEXT NOT NULL, start TEXT NOT NULL, within INTEGER NOT NULL, max_deliveries INTEGER NOT NULL,
          max_pending INTEGER NOT NULL, next_seq INTEGER NOT NULL, UNIQUE(topic, name)) STRICT
        """,
        """
        CREATE TABLE delivery(group_id INTEGER NOT NULL REFERENCES consumer_group(id) ON DELETE CASCADE,
          seq INTEGER NOT NULL, delivery INTEGER NOT NULL, due INTEGER NOT NULL, is_out INTEGER NOT NULL,
          first_error TEXT, last_error TEXT, PRIMARY KEY(group_id, seq)) STRICT, WITHOUT ROWID
        """,

        // The revision is the row's number: a write replaces the row and so gets a new one. A deletion
        // leaves a row without value, for watchers.
        """
        CREATE TABLE entry(revision INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
          state INTEGER NOT NULL, expires INTEGER, changed INTEGER NOT NULL, checksum INTEGER NOT NULL,
          value BLOB NOT NULL) STRICT
        """,
        "CREATE INDEX entry_expiry ON entry(expires) WHERE expires IS NOT NULL",
        "CREATE INDEX entry_gone ON entry(changed) WHERE state <> 0",

        """
        CREATE TABLE task(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, queue TEXT NOT NULL,
          key TEXT, priority INTEGER NOT NULL, parent BLOB,
          lease INTEGER NOT NULL, maximum_attempts INTEGER NOT NULL, backoff_base INTEGER NOT NULL,
          backoff_maximum INTEGER NOT NULL, backoff_jitter REAL NOT NULL, cancel_grace INTEGER NOT NULL,
          result_ttl INTEGER NOT NULL, unique_after INTEGER NOT NULL, maximum_depth INTEGER,
          deadline INTEGER, created INTEGER NOT NULL, phase INTEGER NOT NULL, not_before INTEGER NOT NULL,
          fence INTEGER NOT NULL, fence_open INTEGER NOT NULL, attempts INTEGER NOT NULL, owner TEXT,
          leased_until INTEGER, cancel_requested INTEGER, first_error TEXT, last_error TEXT, ended INTEGER,
          next_due INTEGER, expires INTEGER, progress BLOB, result BLOB, result_checksum INTEGER,
          checksum INTEGER NOT NULL, payload BLOB NOT NULL) STRICT
        """,
        "CREATE INDEX task_order ON task(queue, phase, priority, not_before, id)",
        "CREATE INDEX task_due ON task(next_due) WHERE next_due IS NOT NULL",
        "CREATE INDEX task_expiry ON task(expires) WHERE expires IS NOT NULL",
        "CREATE INDEX task_key ON task(queue, key) WHERE key IS NOT NULL",
      ])
  ]

  /// Brings the file to the newest step, in one transaction.
  ///
  /// - Throws: `RuntimeError.schemaNewer` when a newer program was here.
  static func migrate(_ database: Connection, now: Timestamp) throws {
    try database.run("BEGIN IMMEDIATE")
    do {
      try database.execute(
        """
        CREATE TABLE IF NOT EXISTS migration(ordinal INTEGER PRIMARY KEY, name TEXT NOT NULL,
          applied INTEGER NOT NULL) STRICT
        """)
      let done = try database.all("SELECT name FROM migration ORDER BY ordinal") { row in
        row.text(0)
      }
      if done.count > migrations.count {
        throw RuntimeError.schemaNewer(
          path: database.path, found: done.count, supported: migrations.count)
      }
      for (ordinal, migration) in migrations.enumerated() {
        if ordinal < done.count {
          if done[ordinal] == migration.name { continue }
          throw RuntimeError.corrupted(
            path: database.path,
            detail: "migration \(ordinal + 1) is \"\(done[ordinal])\", not \"\(migration.name)\"")
        }
        for sql in migration.sql { try database.execute(sql) }
        try database.run(
          "INSERT INTO migration(ordinal, name, applied) VALUES (?1, ?2, ?3)", SQLValue(ordinal + 1),
          .text(migration.name), SQLValue(now))
      }
      try database.run("COMMIT")
    } catch {
      database.rollBack()
      throw error
    }
  }
}
