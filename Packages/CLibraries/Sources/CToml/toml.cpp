#include "CToml.h"

#include <cstring>
#include <deque>
#include <new>
#include <sstream>
#include <string>
#include <vector>

// toml++ asserts some things that broken text can violate ("[=" is enough) and that it handles with an
// error right behind the assertion. A failed assertion would end the program, and NDEBUG would make an
// undefined assumption of it; so assertions are nothing here. fuzz/ looks for what they might have caught.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>

struct memfun_toml_document {
  std::vector<memfun_toml_node> nodes;
  // A deque never moves its elements, so that the nodes' pointers into them stay good.
  std::deque<std::string> texts;
};

namespace {

memfun_toml_region region_of(const toml::source_region &source) {
  return {source.begin.line, source.begin.column, source.end.line, source.end.column};
}

const std::string &keep(memfun_toml_document &document, std::string text) {
  return document.texts.emplace_back(std::move(text));
}

// The parser bounds the nesting (TOML_MAX_NESTED_VALUES, and the caller refuses keys of many parts),
// so recursion is safe here.
void flatten(memfun_toml_document &document, const toml::node &node, int64_t parent,
             const toml::key *key) {
  memfun_toml_node flat{};
  flat.parent = parent;
  flat.region = region_of(node.source());
  if (key) {
    const std::string &name = keep(document, std::string(key->str()));
    flat.key = name.data();
    flat.key_length = name.size();
    flat.key_region = region_of(key->source());
  }
  const auto index = static_cast<int64_t>(document.nodes.size());
  switch (node.type()) {
  case toml::node_type::table: {
    const toml::table &table = *node.as_table();
    flat.kind = MEMFUN_TOML_TABLE;
    flat.is_inline = table.is_inline() ? 1 : 0;
    document.nodes.push_back(flat);
    for (auto &&[name, child] : table) flatten(document, child, index, &name);
    return;
  }
  case toml::node_type::array:
    flat.kind = MEMFUN_TOML_ARRAY;
    document.nodes.push_back(flat);
    for (auto &&child : *node.as_array()) flatten(document, child, index, nullptr);
    return;
  case toml::node_type::string: {
    flat.kind = MEMFUN_TOML_STRING;
    const std::string &text = keep(document, node.as_string()->get());
    flat.text = text.data();
    flat.text_length = text.size();
    break;
  }
  case toml::node_type::integer:
    flat.kind = MEMFUN_TOML_INTEGER;
    flat.integer = node.as_integer()->get();
    break;
  case toml::node_type::floating_point:
    flat.kind = MEMFUN_TOML_FLOAT;
    flat.number = node.as_floating_point()->get();
    break;
  case toml::node_type::boolean:
    flat.kind = MEMFUN_TOML_BOOLEAN;
    flat.boolean = node.as_boolean()->get() ? 1 : 0;
    break;
  default: {
    flat.kind = MEMFUN_TOML_DATE;
    std::ostringstream out;
    if (const auto *date = node.as_date()) out << date->get();
    if (const auto *time = node.as_time()) out << time->get();
    if (const auto *both = node.as_date_time()) out << both->get();
    const std::string &text = keep(document, out.str());
    flat.text = text.data();
    flat.text_length = text.size();
    break;
  }
  }
  document.nodes.push_back(flat);
}

} // namespace

memfun_toml_document *memfun_toml_parse(const char *text, size_t length, memfun_toml_error *error) {
  toml::parse_result result = toml::parse(std::string_view(text, length));
  if (!result) {
    const toml::parse_error &problem = result.error();
    std::strncpy(error->message, std::string(problem.description()).c_str(), sizeof error->message - 1);
    error->message[sizeof error->message - 1] = 0;
    error->line = problem.source().begin.line;
    error->column = problem.source().begin.column;
    return nullptr;
  }
  auto *document = new memfun_toml_document;
  flatten(*document, result.table(), -1, nullptr);
  return document;
}

size_t memfun_toml_count(const memfun_toml_document *document) { return document->nodes.size(); }

memfun_toml_node memfun_toml_node_at(const memfun_toml_document *document, size_t index) {
  return document->nodes[index];
}

void memfun_toml_free(memfun_toml_document *document) { delete document; }
