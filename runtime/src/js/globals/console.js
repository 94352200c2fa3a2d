// The console: lines of text to the host, which writes them to standard error.
const maxDepth = 4;
const maxItems = 100;
// The class may not be defined yet; then the value is none of it.
const isA = (value, name) => late[name] !== undefined && value instanceof late[name];

function inspect(value, depth, seen, nested) {
    switch (typeof value) {
        case 'string': return nested ? `'${value}'` : value;
        case 'bigint': return `${value}n`;
        case 'symbol': return value.toString();
        case 'function': return `[Function ${value.name || '(anonymous)'}]`;
        case 'object': break;
        default: return Object.is(value, -0) ? '-0' : String(value);
    }
    if (value === null) return 'null';
    if (seen.includes(value)) return '[Circular]';
    if (value instanceof Error) {
        const stack = typeof value.stack === 'string' && value.stack !== '' ? `\n${value.stack.trimEnd()}` : '';
        const cause = value.cause === undefined ? '' : `\n  cause: ${inspect(value.cause, depth + 1, [...seen, value], true)}`;
        return `${value.name}: ${value.message}${stack}${cause}`;
    }
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof Promise) return 'Promise {}';
    const inner = [...seen, value];
    const show = item => inspect(item, depth + 1, inner, true);
    const list = (items, open, close) => {
        const more = items.length > maxItems ? [`… ${items.length - maxItems} more`] : [];
        const shown = [...items.slice(0, maxItems), ...more];
        return shown.length === 0 ? open + close : `${open} ${shown.join(', ')} ${close}`;
    };
    if (Array.isArray(value)) {
        if (depth >= maxDepth) return '[Array]';
        const items = Array.from(value.slice(0, maxItems), show);
        if (value.length > maxItems) items.push(`… ${value.length - maxItems} more`);
        return items.length === 0 ? '[]' : `[ ${items.join(', ')} ]`;
    }
    const name = value.constructor?.name;
    const prefix = name === undefined || name === 'Object' ? '' : `${name} `;
    if (depth >= maxDepth) return `[${prefix.trim() || 'Object'}]`;
    if (value instanceof Map) return `${prefix}${list([...value].map(([key, item]) => `${show(key)} => ${show(item)}`), '{', '}')}`;
    if (value instanceof Set) return `${prefix}${list([...value].map(show), '{', '}')}`;
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return `${prefix}${list([...value.subarray(0, maxItems)].map(show), '[', ']')}`;
    if (isA(value, 'URL')) return `URL '${value.href}'`;
    if (isA(value, 'URLSearchParams')) return `URLSearchParams '${value}'`;
    if (isA(value, 'Headers')) return `Headers ${list([...value].map(([key, item]) => `${key}: ${show(item)}`), '{', '}')}`;
    if (isA(value, 'Response')) return `Response { status: ${value.status}, url: '${value.url}' }`;
    const key = text => (/^[A-Za-z_$][\w$]*$/.test(text) ? text : `'${text}'`);
    return prefix + list(Object.keys(value).map(text => `${key(text)}: ${show(value[text])}`), '{', '}');
}

function format(values) {
    const safely = value => {
        try {
            return inspect(value, 0, [], false);
        } catch {
            return '[unreadable]';
        }
    };
    const parts = [];
    let rest = values;
    if (typeof values[0] === 'string' && values.length > 1 && values[0].includes('%')) {
        let next = 1;
        parts.push(values[0].replace(/%([sdifjoOc%])/g, (found, kind) => {
            if (kind === '%') return '%';
            if (next >= values.length) return found;
            const value = values[next++];
            switch (kind) {
                case 'c': return '';
                case 'd': case 'f': return String(typeof value === 'bigint' ? value : Number(value));
                case 'i': return String(Math.trunc(Number(value)));
                case 'j': return safely(JSON.stringify(value));
                default: return safely(value);
            }
        }));
        rest = values.slice(next);
    }
    for (const value of rest) parts.push(safely(value));
    return parts.join(' ');
}

let indentation = '';
const counts = new Map();
const started = new Map();
const write = (level, values) => native.console(level, indentation + format(values).replaceAll('\n', `\n${indentation}`));
const label = name => (name === undefined ? 'default' : String(name));
const elapsed = name => {
    const since = started.get(label(name));
    return since === undefined ? `timer '${label(name)}' does not exist` : `${label(name)}: ${(native.nowExact() - since).toFixed(3)} ms`;
};

expose('console', {
    debug(...values) { write(0, values); },
    log(...values) { write(1, values); },
    info(...values) { write(1, values); },
    warn(...values) { write(2, values); },
    error(...values) { write(3, values); },
    dir(value) { write(1, [value]); },
    table(value) { write(1, [value]); },
    trace(...values) { write(0, [...values, `\n${new Error().stack}`]); },
    assert(condition, ...values) { if (!condition) write(3, ['Assertion failed', ...values]); },
    group(...values) { if (values.length > 0) write(1, values); indentation += '  '; },
    groupCollapsed(...values) { this.group(...values); },
    groupEnd() { indentation = indentation.slice(2); },
    count(name) {
        const count = (counts.get(label(name)) ?? 0) + 1;
        counts.set(label(name), count);
        write(1, [`${label(name)}: ${count}`]);
    },
    countReset(name) { counts.delete(label(name)); },
    time(name) { started.set(label(name), native.nowExact()); },
    timeLog(name, ...values) { write(1, [elapsed(name), ...values]); },
    timeEnd(name) { write(1, [elapsed(name)]); started.delete(label(name)); },
});
