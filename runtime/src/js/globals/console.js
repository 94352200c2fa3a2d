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
    if (isA(value, 'Request')) return `Request { method: '${value.method}', url: '${value.url}' }`;
    if (isA(value, 'Blob')) return `${isA(value, 'File') ? 'File' : 'Blob'} { size: ${value.size}, type: '${value.type}' }`;
    if (isA(value, 'FormData')) return `FormData ${list([...value].map(([key, item]) => `${key}: ${show(item)}`), '{', '}')}`;
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
                case 'f': return String(typeof value === 'symbol' ? NaN : parseFloat(value));
                case 'd': case 'i': return String(typeof value === 'symbol' ? NaN : typeof value === 'bigint' ? `${value}n` : parseInt(value, 10));
                case 'j': return safely(JSON.stringify(value));
                case 's': return typeof value === 'symbol' ? String(value) : safely(value);
                default: return safely(value);
            }
        }));
        rest = values.slice(next);
    }
    for (const value of rest) parts.push(safely(value));
    return parts.join(' ');
}

// A table of text: columns are the keys of the rows.
function tableOf(data, columns) {
    const rows = data instanceof Map ? [...data].map(([key, value], index) => [index, {Key: key, Values: value}])
        : typeof data[Symbol.iterator] === 'function' ? [...data].map((value, index) => [index, value]) : Object.entries(data);
    const keys = [];
    let hasValues = false;
    for (const [, row] of rows) {
        if (!isObject(row) || typeof row === 'function') hasValues = true;
        else for (const key of Object.keys(row)) if (!keys.includes(key)) keys.push(key);
    }
    const shown = columns === undefined ? keys : Array.from(columns, String);
    const head = ['(index)', ...shown, ...(hasValues ? ['Values'] : [])];
    const cell = value => inspect(value, 1, [], true).replaceAll('\n', ' ');
    const lines = rows.map(([index, row]) => {
        const isRow = isObject(row) && typeof row !== 'function';
        const cells = shown.map(key => (isRow && Object.hasOwn(row, key) ? cell(row[key]) : ''));
        return [String(index), ...cells, ...(hasValues ? [isRow ? '' : cell(row)] : [])];
    });
    const widths = head.map((title, column) => Math.max(title.length, ...lines.map(line => line[column].length)));
    const written = line => `│ ${line.map((text, column) => text.padEnd(widths[column])).join(' │ ')} │`;
    const rule = (left, middle, right) => left + widths.map(width => '─'.repeat(width + 2)).join(middle) + right;
    return [rule('┌', '┬', '┐'), written(head), rule('├', '┼', '┤'), ...lines.map(written), rule('└', '┴', '┘')].join('\n');
}

let indentation = '';
const counts = new Map();
const started = new Map();
const write = (level, values) => native.console(level, indentation + format(values).replaceAll('\n', `\n${indentation}`));
const labelOf = label => `${label}`;
const elapsed = label => {
    const since = started.get(label);
    return since === undefined ? `timer '${label}' does not exist` : `${label}: ${(native.nowExact() - since).toFixed(3)} ms`;
};

const console = {
    assert(condition = false, ...data) {
        if (condition) return;
        if (typeof data[0] === 'string') write(3, [`Assertion failed: ${data[0]}`, ...data.slice(1)]);
        else write(3, ['Assertion failed', ...data]);
    },
    clear() { indentation = ''; },
    debug(...data) { write(0, data); },
    error(...data) { write(3, data); },
    info(...data) { write(1, data); },
    log(...data) { write(1, data); },
    table(tabularData = undefined, properties = undefined) {
        if (!isObject(tabularData)) write(1, [tabularData]);
        else write(1, [tableOf(tabularData, properties)]);
    },
    trace(...data) { write(0, [...data, `\n${new Error().stack}`]); },
    warn(...data) { write(2, data); },
    dir(item = undefined, options = undefined) { write(1, [item]); },
    dirxml(...data) { write(1, data); },
    count(label = 'default') {
        const name = labelOf(label);
        const count = (counts.get(name) ?? 0) + 1;
        counts.set(name, count);
        write(1, [`${name}: ${count}`]);
    },
    countReset(label = 'default') {
        const name = labelOf(label);
        if (!counts.delete(name)) write(2, [`count '${name}' does not exist`]);
    },
    group(...data) {
        if (data.length > 0) write(1, data);
        indentation += '  ';
    },
    groupCollapsed(...data) { console.group(...data); },
    groupEnd() { indentation = indentation.slice(2); },
    time(label = 'default') {
        const name = labelOf(label);
        if (started.has(name)) write(2, [`timer '${name}' exists already`]);
        else started.set(name, native.nowExact());
    },
    timeLog(label = 'default', ...data) { write(1, [elapsed(labelOf(label)), ...data]); },
    timeEnd(label = 'default') {
        const name = labelOf(label);
        write(1, [elapsed(name)]);
        started.delete(name);
    },
};
Object.setPrototypeOf(console, {});
Object.defineProperty(console, Symbol.toStringTag, {__proto__: null, value: 'console', configurable: true});
expose('console', console);
