#ifndef MEMFUN_CSQLITE_H
#define MEMFUN_CSQLITE_H
#include <sqlite3.h>

/// SQLITE_TRANSIENT is a cast in a macro, which Swift cannot import: SQLite copies what is bound.
static inline int memfun_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes,
                                          unsigned long long size) {
  // A null pointer would bind NULL; an empty blob is something else.
  return bytes == 0 || size == 0
             ? sqlite3_bind_zeroblob(statement, index, 0)
             : sqlite3_bind_blob64(statement, index, bytes, size, SQLITE_TRANSIENT);
}

/// The same for UTF-8 text.
static inline int memfun_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text,
                                          unsigned long long size) {
  return sqlite3_bind_text64(statement, index, text, size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// sqlite3_db_config is variadic. Defensive mode: SQL cannot write the file's inner tables.
static inline int memfun_sqlite_set_defensive(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
#endif
