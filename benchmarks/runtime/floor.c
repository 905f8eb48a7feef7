// What SQLite gives to a C program on this disk, with the tables and durability of tier T1:
// floor FOLDER SECONDS NORMAL|FULL. Prints "name operations-per-second".
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *database;

static void must(int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  fprintf(stderr, "floor: %s\n", sqlite3_errmsg(database));
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement;
  must(sqlite3_prepare_v2(database, sql, -1, &statement, 0));
  return statement;
}

static void step(sqlite3_stmt *statement) {
  must(sqlite3_step(statement));
  must(sqlite3_reset(statement));
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  double seconds = atof(arguments[2]);
  char path[4096], pragma[64];
  snprintf(path, sizeof path, "%s/floor.db", arguments[1]);
  snprintf(pragma, sizeof pragma, "PRAGMA synchronous = %s", arguments[3]);
  must(sqlite3_open(path, &database));
  must(sqlite3_exec(database, "PRAGMA journal_mode = WAL", 0, 0, 0));
  must(sqlite3_exec(database, pragma, 0, 0, 0));
  must(sqlite3_exec(database,
                    "CREATE TABLE message(seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, payload BLOB);"
                    "CREATE TABLE entry(key TEXT PRIMARY KEY, value BLOB);"
                    "CREATE TABLE task(id INTEGER PRIMARY KEY, queue TEXT, phase INTEGER, priority INTEGER,"
                    " fence INTEGER, payload BLOB);"
                    "CREATE INDEX task_order ON task(queue, phase, priority, id)",
                    0, 0, 0));
  sqlite3_stmt *begin = prepare("BEGIN IMMEDIATE"), *commit = prepare("COMMIT");
  char payload[100];
  memset(payload, 'x', sizeof payload);

  sqlite3_stmt *insert = prepare("INSERT INTO message(topic, payload) VALUES ('log', ?1)");
  must(sqlite3_bind_blob(insert, 1, payload, sizeof payload, SQLITE_STATIC));
  long done = 0;
  double from = now();
  while (now() - from < seconds) {
    step(begin);
    step(insert);
    step(commit);
    done++;
  }
  printf("insert1 %.0f\n", (double)done / (now() - from));

  done = 0;
  from = now();
  while (now() - from < seconds) {
    step(begin);
    for (int n = 0; n < 100; n++) step(insert);
    step(commit);
    done += 100;
  }
  printf("insert100 %.0f\n", (double)done / (now() - from));

  sqlite3_stmt *put = prepare("INSERT INTO entry VALUES (?1, ?2)");
  must(sqlite3_bind_blob(put, 2, payload, sizeof payload, SQLITE_STATIC));
  step(begin);
  for (int n = 0; n < 10000; n++) {
    char key[32];
    snprintf(key, sizeof key, "k%d", n);
    must(sqlite3_bind_text(put, 1, key, -1, SQLITE_TRANSIENT));
    step(put);
  }
  step(commit);
  sqlite3_stmt *get = prepare("SELECT value FROM entry WHERE key = ?1");
  done = 0;
  from = now();
  while (now() - from < seconds) {
    char key[32];
    snprintf(key, sizeof key, "k%ld", done * 7919 % 10000);
    must(sqlite3_bind_text(get, 1, key, -1, SQLITE_TRANSIENT));
    step(get);
    done++;
  }
  printf("get %.0f\n", (double)done / (now() - from));

  sqlite3_stmt *enqueue =
      prepare("INSERT INTO task(queue, phase, priority, fence, payload) VALUES ('work', 0, 1, 0, ?1)");
  must(sqlite3_bind_blob(enqueue, 1, payload, sizeof payload, SQLITE_STATIC));
  step(begin);
  for (int n = 0; n < 50000; n++) step(enqueue);
  step(commit);
  sqlite3_stmt *claim = prepare(
      "UPDATE task SET phase = 1, fence = fence + 1 WHERE id IN (SELECT id FROM task WHERE queue = 'work'"
      " AND phase = 0 AND priority = 1 ORDER BY id LIMIT 1) RETURNING id, fence, payload");
  sqlite3_stmt *complete = prepare("UPDATE task SET phase = 2 WHERE id = ?1 AND fence = ?2");
  done = 0;
  from = now();
  while (now() - from < seconds && done < 50000) {
    step(begin);
    must(sqlite3_step(claim));
    sqlite3_int64 id = sqlite3_column_int64(claim, 0), fence = sqlite3_column_int64(claim, 1);
    must(sqlite3_reset(claim));
    step(commit);
    must(sqlite3_bind_int64(complete, 1, id));
    must(sqlite3_bind_int64(complete, 2, fence));
    step(begin);
    step(complete);
    step(commit);
    done++;
  }
  printf("claim_complete %.0f\n", (double)done / (now() - from));
  return 0;
}
