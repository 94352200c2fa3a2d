// @ts-check
// The trace of a run: its events as a tree, each with a bar on one scale of time.

(() => {
  /**
   * @typedef {{ trace: string, id?: number, parent?: number, name?: string, start_ms?: number, ms?: number, rows?: number,
   *   batches?: number, bytes?: number | null, status?: number | null, attempt?: number, error?: string | null, requests?: number,
   *   retries?: number, pages?: number, waited_ms?: number }} Event
   */

  /** Below this, more of a second is told. @param {number} ms */
  function time(ms) {
    return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
  }

  /** @param {number} count @param {string} one @param {string} [many] */
  function counted(count, one, many = `${one}s`) {
    return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
  }

  /** The sums of a run. @param {Event} end */
  function sums(end) {
    const parts = [
      counted(end.requests ?? 0, 'request'),
      counted(end.rows ?? 0, 'row'),
      ...(end.pages ? [counted(end.pages, 'page')] : []),
      ...(end.retries ? [counted(end.retries, 'retry', 'retries')] : []),
      ...(end.waited_ms ? [`${time(end.waited_ms)} waited`] : []),
      ...(end.ms === undefined ? [] : [time(end.ms)]),
    ];
    return parts.join(', ');
  }

  /** What else there is to tell. @param {Event} event */
  function detail(event) {
    const parts = [];
    if (event.status != null) parts.push(String(event.status));
    if (event.rows != null) parts.push(counted(event.rows, 'row'));
    if (event.batches != null && event.batches > 1) parts.push(counted(event.batches, 'batch', 'batches'));
    if (event.bytes != null) parts.push(counted(event.bytes, 'byte'));
    if (event.attempt != null && event.attempt > 1) parts.push(`attempt ${event.attempt}`);
    if (event.error) parts.push(event.error);
    return parts.join(', ');
  }

  /**
   * @param {Event[]} all
   * @param {(name: string, attributes?: Record<string, string>, ...children: (Node | string)[]) => HTMLElement} element
   */
  function draw(all, element) {
    const events = all.filter((event) => event.trace !== 'end');
    const last = all.find((event) => event.trace === 'end');
    const section = element('section', { class: 'trace' }, element('h2', {}, 'Trace'));
    if (last) section.append(element('div', { class: 'summary' }, sums(last)));
    if (events.length === 0) {
      section.append(element('div', { class: 'summary' }, 'moltlerc told nothing of what it did.'));
      return section;
    }
    /** @type {Map<number | undefined, Event[]>} */
    const children = new Map();
    const known = new Set(events.map((event) => event.id));
    for (const event of events) {
      const parent = event.parent !== undefined && known.has(event.parent) ? event.parent : undefined;
      children.set(parent, [...(children.get(parent) ?? []), event]);
    }
    const start = (/** @type {Event} */ event) => event.start_ms ?? 0;
    const end = Math.max(0.001, ...events.map((event) => start(event) + (event.ms ?? 0)));
    const body = element('tbody');
    /** @param {number | undefined} parent @param {number} depth */
    function add(parent, depth) {
      for (const event of (children.get(parent) ?? []).sort((a, b) => start(a) - start(b))) {
        const bar = element('div', { class: 'bar' });
        bar.style.left = `${(100 * start(event)) / end}%`;
        bar.style.width = `${(100 * (event.ms ?? 0)) / end}%`;
        const kind = event.trace === 'request' ? 'request' : event.trace === 'wait' ? 'wait' : 'node';
        const isBad = Boolean(event.error) || (event.status ?? 0) >= 400;
        const name = element('td', {}, event.name ?? event.trace);
        name.style.paddingLeft = `${8 + depth * 16}px`;
        const row = element(
          'tr',
          { class: `${kind}${isBad ? ' failed-row' : ''}` },
          name,
          element('td', { class: 'number' }, event.ms === undefined ? '' : time(event.ms)),
          element('td', { class: 'bar-cell' }, element('div', { class: 'scale' }, bar)),
          element('td', {}, detail(event)),
        );
        body.append(row);
        if (event.id !== undefined && depth < 40) add(event.id, depth + 1);
      }
    }
    add(undefined, 0);
    section.append(element('div', { class: 'frame', tabindex: '0' }, element('table', {}, body)));
    return section;
  }

  // @ts-ignore: results.js calls it
  window.moltlerTrace = draw;
})();
