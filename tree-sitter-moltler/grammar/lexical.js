// Names, comments, strings, raw blocks, numbers.
//
// The character U+0001 ends a string or raw block that was never closed: the compiler puts it where its own lexer found
// that the damage ends, so that the rest of the text is read as usual. It has no meaning in a file.

export const lexical = {
  identifier: (_) => /[\p{Alphabetic}_][\p{Alphabetic}\p{N}\p{M}_$]*/,

  // `a name`; a back-tick is doubled inside.
  quoted_identifier: (_) => /`([^`\r\n]|``)+`/,

  _name: ($) => choice($.identifier, $.quoted_identifier),

  comment: (_) => token(choice(/--[^\r\n]*/, /\/\*[^*]*\*+([^/*][^*]*\*+)*\//)),

  string: (_) => token(choice(/'([^'\\\x01]|''|\\[^\x01])*('|\\?\x01)/, /"([^"\\\x01]|""|\\[^\x01])*("|\\?\x01)/)),

  number: (_) => token(/(\d[\d_]*(\.\d[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?/),

  // '''…''' holds every byte untouched and ends at the next '''; read by src/scanner.c.
  raw_block: ($) =>
    seq(alias($._raw_start, "'''"), optional(field('content', $.raw_content)), alias($._raw_end, "'''")),

  // Where a string or a raw block may stand.
  _text: ($) => choice($.string, $.raw_block),

  // `github-issues-*`: the name of a table, written without quotes.
  bare_target: (_) => token(/[\p{Alphabetic}\p{N}_*]+([-.][\p{Alphabetic}\p{N}_*]+)*/),
};
