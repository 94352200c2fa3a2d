// @ts-check
// The results table: rows are kept as they came and drawn as far as they are seen.

(() => {
  // @ts-ignore: given by the editor
  const editor = acquireVsCodeApi();
  const main = /** @type {HTMLElement} */ (document.getElementById('main'));
  /** So many rows are drawn at once. */
  const CHUNK = 200;

  /** A whole number beyond what JavaScript counts exactly: its digits are kept. */
  class Digits {
    /** @param {string} text */
    constructor(text) {
      this.text = text;
    }
  }

  /** @param {string} text */
  function parse(text) {
    // @ts-ignore: the third argument is newer than the library's types
    return JSON.parse(text, (_key, value, context) =>
      typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source
        ? new Digits(context.source)
        : value,
    );
  }

  /** @param {unknown} value @returns {string} */
  function json(value) {
    if (value instanceof Digits) return value.text;
    if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`;
    if (value !== null && typeof value === 'object') {
      return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${json(one)}`).join(', ')}}`;
    }
    return JSON.stringify(value) ?? 'null';
  }

  /** @param {unknown} value */
  function shown(value) {
    if (value === null || value === undefined) return 'NULL';
    return typeof value === 'string' ? value : json(value);
  }

  /** As a field of CSV or of a clipboard: NULL is nothing. @param {unknown} value */
  function plain(value) {
    return value === null || value === undefined ? '' : shown(value);
  }

  /** @param {unknown} value */
  function kind(value) {
    if (value === null || value === undefined) return 'null';
    if (value instanceof Digits) return 'number';
    return typeof value;
  }

  /** NULL last, numbers by value, anything else by its text. @param {unknown} a @param {unknown} b */
  function compare(a, b) {
    const [absentA, absentB] = [a === null || a === undefined, b === null || b === undefined];
    if (absentA || absentB) return Number(absentA) - Number(absentB);
    if (kind(a) === 'number' && kind(b) === 'number') {
      if (a instanceof Digits || b instanceof Digits) {
        const whole = (/** @type {unknown} */ value) =>
          value instanceof Digits ? BigInt(value.text) : BigInt(Math.trunc(Number(value)));
        const [x, y] = [whole(a), whole(b)];
        return x < y ? -1 : x > y ? 1 : 0;
      }
      return Number(a) - Number(b);
    }
    const [x, y] = [shown(a), shown(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /** @param {string} name @param {Record<string, string>} [attributes] @param {(Node | string)[]} children */
  function element(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  /** @param {number} count @param {string} noun */
  function counted(count, noun) {
    return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
  }

  /** @param {string[]} columns @param {Record<string, unknown>[]} rows */
  function csv(columns, rows) {
    const field = (/** @type {string} */ text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = rows.map((row) => columns.map((column) => field(plain(row[column]))).join(','));
    return [columns.map(field).join(','), ...lines, ''].join('\n');
  }

  /** @param {string[]} columns @param {Record<string, unknown>[]} rows */
  function tabs(columns, rows) {
    const field = (/** @type {string} */ text) => text.replaceAll(/[\t\r\n]+/g, ' ');
    const lines = rows.map((row) => columns.map((column) => field(plain(row[column]))).join('\t'));
    return [columns.join('\t'), ...lines].join('\n');
  }

  /** One result of rows. @param {Record<string, unknown>[]} all @param {string} text @param {number} maxRows */
  function table(all, text, maxRows) {
    const rows = all.slice(0, maxRows);
    /** @type {string[]} */
    const columns = [];
    const known = new Set();
    for (const row of rows) {
      for (const name of Object.keys(row)) {
        if (!known.has(name)) {
          known.add(name);
          columns.push(name);
        }
      }
    }
    let order = rows.map((_, index) => index);
    /** @type {{ column: string, down: boolean } | undefined} */
    let sorted;
    let drawn = 0;

    const body = element('tbody');
    const frame = element('div', { class: 'frame', tabindex: '0' });
    const summary = element('span', { class: 'summary' });
    const wanted = /** @type {HTMLInputElement} */ (
      element('input', { type: 'search', placeholder: 'Filter rows', 'aria-label': 'Filter rows' })
    );

    function draw() {
      const more = document.createDocumentFragment();
      for (const index of order.slice(drawn, drawn + CHUNK)) {
        const line = element('tr', {}, element('td', { class: 'row' }, String(index + 1)));
        for (const column of columns) {
          const value = rows[index][column];
          const cell = element('td', { class: kind(value) }, shown(value));
          if (cell.textContent && cell.textContent.length > 40) cell.title = cell.textContent;
          line.append(cell);
        }
        more.append(line);
      }
      drawn += CHUNK;
      body.append(more);
    }

    function arrange() {
      const letters = wanted.value.toLowerCase();
      order = rows.map((_, index) => index);
      if (letters) {
        order = order.filter((index) =>
          columns.some((column) => shown(rows[index][column]).toLowerCase().includes(letters)),
        );
      }
      if (sorted) {
        const { column, down } = sorted;
        order.sort((a, b) => {
          const [x, y] = [rows[a][column], rows[b][column]];
          const isNull = kind(x) === 'null' || kind(y) === 'null';
          return (down && !isNull ? -1 : 1) * compare(x, y) || a - b;
        });
      }
      const cut = all.length > rows.length ? `, the first ${rows.length.toLocaleString('en')} are kept` : '';
      summary.textContent =
        (order.length === rows.length ? '' : `${order.length.toLocaleString('en')} of `) +
        counted(all.length, 'row') + cut;
      body.replaceChildren();
      drawn = 0;
      frame.scrollTop = 0;
      draw();
    }

    const heads = columns.map((column) => {
      const button = element('button', { title: `Sort by ${column}` }, column);
      const first = rows.find((row) => kind(row[column]) !== 'null')?.[column];
      const head = element('th', { scope: 'col', 'aria-sort': 'none', class: kind(first) }, button);
      button.addEventListener('click', () => {
        if (sorted?.column !== column) sorted = { column, down: false };
        else if (!sorted.down) sorted = { column, down: true };
        else sorted = undefined;
        for (const other of heads) other.setAttribute('aria-sort', 'none');
        if (sorted) head.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
        arrange();
      });
      return head;
    });
    frame.append(
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, element('th', { class: 'row', scope: 'col' }, '#'), ...heads)),
        body,
      ),
    );
    frame.addEventListener('scroll', () => {
      while (drawn < order.length && frame.scrollTop + frame.clientHeight > frame.scrollHeight - 400) draw();
    });
    wanted.addEventListener('input', arrange);

    const seen = () => order.map((index) => rows[index]);
    const tool = (/** @type {string} */ label, /** @type {() => unknown} */ message) => {
      const button = element('button', {}, label);
      button.addEventListener('click', () => editor.postMessage(message()));
      return button;
    };
    const tools = element(
      'div',
      { class: 'tools' },
      wanted,
      tool('Copy', () => ({ type: 'copy', text: tabs(columns, seen()) })),
      tool('Export CSV', () => ({ type: 'export', format: 'csv', text: csv(columns, seen()) })),
      tool('Export JSON', () => ({ type: 'export', format: 'json', text: `[\n${seen().map((row) => `  ${json(row)}`).join(',\n')}\n]\n` })),
      summary,
    );
    arrange();
    const section = element('section', {}, tools);
    if (rows.length > 0) section.append(frame);
    return section;
  }

  /** A value that is no list of rows. @param {unknown} value @param {string} text */
  function single(value, text) {
    const copy = element('button', {}, 'Copy');
    copy.addEventListener('click', () => editor.postMessage({ type: 'copy', text }));
    const pretty = value !== null && typeof value === 'object' ? indent(value, '') : shown(value);
    return element('section', {}, element('div', { class: 'tools' }, copy), element('pre', {}, pretty));
  }

  /** @param {unknown} value @param {string} margin @returns {string} */
  function indent(value, margin) {
    const inner = `${margin}  `;
    if (Array.isArray(value) && value.length > 0) {
      return `[\n${value.map((one) => inner + indent(one, inner)).join(',\n')}\n${margin}]`;
    }
    if (value !== null && typeof value === 'object' && !(value instanceof Digits) && !Array.isArray(value)) {
      const entries = Object.entries(value);
      if (entries.length === 0) return '{}';
      return `{\n${entries.map(([key, one]) => `${inner}${JSON.stringify(key)}: ${indent(one, inner)}`).join(',\n')}\n${margin}}`;
    }
    return json(value);
  }

  /** @param {string} text @param {number} maxRows */
  function result(text, maxRows) {
    const value = parse(text);
    const isRow = (/** @type {unknown} */ row) =>
      row !== null && typeof row === 'object' && !Array.isArray(row) && !(row instanceof Digits);
    return Array.isArray(value) && value.every(isRow) ? table(value, text, maxRows) : single(value, text);
  }

  window.addEventListener('message', ({ data }) => {
    main.replaceChildren();
    const milliseconds = data.elapsed < 1000 ? `${Math.round(data.elapsed)} ms` : `${(data.elapsed / 1000).toFixed(1)} s`;
    main.append(
      element(
        'header',
        {},
        element('pre', { class: 'statement' }, data.title),
        element(
          'div',
          { class: data.failed ? 'summary failed' : 'summary' },
          `${data.failed ? 'Failed after' : 'Done in'} ${milliseconds}`,
        ),
      ),
    );
    data.results.forEach((/** @type {string} */ text, /** @type {number} */ index) => {
      if (data.results.length > 1) main.append(element('h2', {}, `Result ${index + 1}`));
      main.append(result(text, data.maxRows));
    });
    // @ts-ignore: trace.js is loaded before where there is a trace to show
    if (data.trace) main.append(window.moltlerTrace(data.trace, element));
    const notes = data.notes.trim();
    if (notes) main.append(element('h2', {}, 'Output'), element('pre', { class: data.failed ? 'failed' : '' }, notes));
  });
  editor.postMessage({ type: 'ready' });
})();
