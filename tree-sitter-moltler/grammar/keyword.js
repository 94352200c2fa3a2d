// Keywords are case-insensitive and contextual: a word is a keyword only where the grammar has a use for it, and a name
// everywhere else. `keyword('select')` is shown as `SELECT` in the tree.

export function keyword(word) {
  return alias(any_case(word), word.toUpperCase());
}

// A keyword that is a name at this place.
export function keyword_as_name($, word) {
  return alias(any_case(word), $.identifier);
}

function any_case(word) {
  const pattern = word
    .split('')
    .map((letter) => (/[a-z]/.test(letter) ? `[${letter}${letter.toUpperCase()}]` : letter))
    .join('');
  return token(new RustRegex(pattern));
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
