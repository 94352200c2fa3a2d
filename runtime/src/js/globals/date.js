// Dates in UTC wherever the program runs, and by the test's clock where it is a virtual one.
const SystemDate = globalThis.Date;

function systemIsUtc() {
    if (native.systemIsUtc !== undefined) return native.systemIsUtc;
    const found = probe();
    native.foundUtc(found);
    return found;
}

function probe() {
    for (let year = 1900; year < 2040; year += 3) {
        for (const month of [0, 3, 6, 9]) {
            if (new SystemDate(SystemDate.UTC(year, month, 1)).getTimezoneOffset() !== 0) return false;
        }
    }
    return true;
}

const zoned = /(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}|\([^)]*\))\s*$/i;
const isoDate = /^[+-]?\d{4,6}(?:-\d{2}){0,2}$/;
const isoTime = /^[+-]?\d{4,6}-\d{2}(?:-\d{2})?T/;

// A text without a zone means UTC.
function parseUtc(text) {
    text = `${text}`;
    if (zoned.test(text) || isoDate.test(text.trim())) return SystemDate.parse(text);
    const time = SystemDate.parse(isoTime.test(text) ? `${text}Z` : `${text} UTC`);
    return Number.isNaN(time) ? SystemDate.parse(text) : time;
}

function replaceDate(utc) {
    const now = native.virtual ? native.now : SystemDate.now;
    const parse = utc ? parseUtc : SystemDate.parse;
    function Date(...parts) {
        if (new.target === undefined) return new SystemDate(now()).toString();
        let time = parts;
        if (parts.length === 0) time = [now()];
        else if (utc && parts.length > 1) time = [SystemDate.UTC(...parts)];
        else if (utc && !(parts[0] instanceof SystemDate)) {
            const value = isObject(parts[0]) ? toPrimitive(parts[0]) : parts[0];
            time = [typeof value === 'string' ? parse(value) : value];
        }
        return Reflect.construct(SystemDate, time, new.target);
    }
    Object.defineProperty(Date, 'length', {__proto__: null, value: 7, configurable: true});
    Object.defineProperty(Date, 'prototype', {__proto__: null, value: SystemDate.prototype, writable: false});
    define(Date, 'now', {now() { return now(); }}.now);
    define(Date, 'parse', {parse(text) { return parse(text); }}.parse);
    define(Date, 'UTC', SystemDate.UTC);
    define(SystemDate.prototype, 'constructor', Date);
    expose('Date', Date);
}

function toPrimitive(object) {
    const convert = object[Symbol.toPrimitive];
    if (convert !== undefined && convert !== null) return convert.call(object, 'default');
    for (const name of ['valueOf', 'toString']) {
        const value = typeof object[name] === 'function' ? object[name]() : object;
        if (!isObject(value)) return value;
    }
    throw new TypeError('Cannot convert object to primitive value');
}

function replaceLocalTime() {
    const prototype = SystemDate.prototype;
    for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
        for (const verb of ['get', 'set']) {
            const method = prototype[`${verb}UTC${part}`];
            if (method) define(prototype, `${verb}${part}`, method);
        }
    }
    const day = date => date.toUTCString().replace(/^(\w+), (\d+) (\w+) (-?\d+) .*$/, '$1 $3 $2 $4');
    const time = date => date.toUTCString().replace(/^.* (\d+:\d+:\d+) GMT$/, '$1 GMT+0000 (UTC)');
    const shown = format => function () {
        return Number.isNaN(this.getTime()) ? 'Invalid Date' : format(this);
    };
    const text = shown(date => `${day(date)} ${time(date)}`);
    define(prototype, 'getTimezoneOffset', function () { return Number.isNaN(this.getTime()) ? NaN : 0; });
    define(prototype, 'toString', text);
    define(prototype, 'toLocaleString', text);
    define(prototype, 'toDateString', shown(day));
    define(prototype, 'toLocaleDateString', shown(day));
    define(prototype, 'toTimeString', shown(time));
    define(prototype, 'toLocaleTimeString', shown(time));
}

const systemIsElsewhere = !systemIsUtc();
if (native.virtual || systemIsElsewhere) replaceDate(systemIsElsewhere);
if (systemIsElsewhere) replaceLocalTime();

const performance = {
    now() { return native.nowExact() - this.timeOrigin; },
    timeOrigin: native.nowExact(),
    toJSON() { return {timeOrigin: this.timeOrigin}; },
};
Object.defineProperty(performance, Symbol.toStringTag, {__proto__: null, value: 'Performance', configurable: true});
expose('performance', performance);
