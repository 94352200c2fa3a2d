// Raw blocks: ''' at a place where one may stand, everything up to the next ''', and that.
//
// They are read here because inside an expression ''' begins a string, and because the text of a raw block must stay one
// piece while the parser looks for its way after an error, too. U+0001 ends an unclosed one (see grammar/lexical.js).

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

enum TokenType { RAW_START, RAW_CONTENT, RAW_END };

typedef enum { OUTSIDE, INSIDE } Place;

void *tree_sitter_moltler_external_scanner_create(void) { return ts_calloc(1, sizeof(char)); }

void tree_sitter_moltler_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_moltler_external_scanner_serialize(void *payload, char *buffer) {
  buffer[0] = *(char *)payload;
  return 1;
}

void tree_sitter_moltler_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  *(char *)payload = length > 0 ? buffer[0] : OUTSIDE;
}

static bool is_blank(int32_t character) {
  return (character >= '\t' && character <= '\r') || character == ' ' || character == 0x00A0 || character == 0x200B ||
         character == 0x2028 || character == 0x2029 || character == 0x2060 || character == 0xFEFF;
}

static int quotes(TSLexer *lexer) {
  int count = 0;
  while (count < 3 && lexer->lookahead == '\'') {
    lexer->advance(lexer, false);
    count++;
  }
  return count;
}

static bool scan_start(TSLexer *lexer) {
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  if (quotes(lexer) < 3) return false;
  lexer->mark_end(lexer);
  lexer->result_symbol = RAW_START;
  return true;
}

// The text, or where there is none its end.
static bool scan_rest(TSLexer *lexer, Place *place) {
  bool any = false;
  for (;;) {
    lexer->mark_end(lexer);
    if (lexer->eof(lexer)) break;
    if (lexer->lookahead == 1) {
      if (any) break;
      lexer->advance(lexer, false);
      lexer->mark_end(lexer);
      lexer->result_symbol = RAW_END;
      *place = OUTSIDE;
      return true;
    }
    int count = quotes(lexer);
    if (count == 3) {
      if (any) break;
      lexer->mark_end(lexer);
      lexer->result_symbol = RAW_END;
      *place = OUTSIDE;
      return true;
    }
    if (count == 0) lexer->advance(lexer, false);
    any = true;
  }
  lexer->result_symbol = RAW_CONTENT;
  return any;
}

bool tree_sitter_moltler_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  char *state = payload;
  Place place = *state;
  bool found = false;
  if (place == INSIDE && (valid_symbols[RAW_CONTENT] || valid_symbols[RAW_END])) {
    found = scan_rest(lexer, &place);
  } else if (valid_symbols[RAW_START]) {
    found = scan_start(lexer);
    if (found) place = INSIDE;
  }
  if (found) *state = (char)place;
  return found;
}
