#ifndef MEMFUN_CTOML_H
#define MEMFUN_CTOML_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A parsed document: its nodes in the order of the source, flattened.
typedef struct memfun_toml_document memfun_toml_document;

typedef enum {
  MEMFUN_TOML_TABLE,
  MEMFUN_TOML_ARRAY,
  MEMFUN_TOML_STRING,
  MEMFUN_TOML_INTEGER,
  MEMFUN_TOML_FLOAT,
  MEMFUN_TOML_BOOLEAN,
  /// Dates and times, as text.
  MEMFUN_TOML_DATE,
} memfun_toml_kind;

/// Lines and columns from 1; columns count code points; the end is exclusive. Zero: unknown.
typedef struct {
  uint32_t begin_line, begin_column, end_line, end_column;
} memfun_toml_region;

typedef struct {
  memfun_toml_kind kind;
  /// Index of the table or array that holds this node; -1 for the root.
  int64_t parent;
  /// The member's name; NULL in arrays and for the root. Not NUL-terminated.
  const char *_Nullable key;
  size_t key_length;
  memfun_toml_region key_region;
  memfun_toml_region region;
  /// The string or date; NULL for other kinds. Not NUL-terminated.
  const char *_Nullable text;
  size_t text_length;
  int64_t integer;
  double number;
  int boolean;
  /// Tables: written as `{…}`.
  int is_inline;
} memfun_toml_node;

typedef struct {
  char message[512];
  uint32_t line, column;
} memfun_toml_error;

/// Parses UTF-8 text. NULL and `error` when it is no TOML. The text may be freed afterwards.
memfun_toml_document *_Nullable memfun_toml_parse(const char *_Nonnull text, size_t length,
                                                  memfun_toml_error *_Nonnull error);
size_t memfun_toml_count(const memfun_toml_document *_Nonnull document);
memfun_toml_node memfun_toml_node_at(const memfun_toml_document *_Nonnull document, size_t index);
void memfun_toml_free(memfun_toml_document *_Nullable document);

#ifdef __cplusplus
}
#endif
#endif
