// Keywords are case-insensitive and contextual: a word is a keyword only where the grammar has a use for it, and a name
// everywhere else. `keyword('select')` is shown as `SELECT` in the tree.

export function keyword(word) {
  const pattern = word
    .split('')
    .map((letter) => (/[a-z]/.test(letter) ? `[${letter}${letter.toUpperCase()}]` : letter))
    .join('');
  return alias(token(new RustRegex(pattern)), word.toUpperCase());
}

export function keywords(...words) {
  return seq(...words.map(keyword));
}

export function comma_list1(rule) {
  return seq(rule, repeat(seq(',', rule)));
}

export function comma_list(rule) {
  return optional(comma_list1(rule));
}

// A list that may end in a comma.
export function trailing_comma_list(rule) {
  return optional(seq(rule, repeat(seq(',', rule)), optional(',')));
}
