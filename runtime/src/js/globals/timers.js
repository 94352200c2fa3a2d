// Timers: functions by number; the host calls back when one is due.
const timers = new Map();
let lastNumber = 0;

function nextNumber() {
    lastNumber = lastNumber >= 0x7fffffff ? 1 : lastNumber + 1;
    return lastNumber;
}

function milliseconds(delay) {
    // As Web IDL has it: a number of 32 bits, those above begin anew.
    return Math.max(Number(delay) | 0, 0);
}

function startTimer(name, callback, delay, values, repeats) {
    if (typeof callback !== 'function') throw new TypeError(`${name}: the first argument is not a function`);
    const id = nextNumber();
    // A repeated timer without a delay would leave no time for anything else.
    const ms = repeats ? Math.max(delay, 1) : delay;
    timers.set(id, {callback, values, ms, repeats});
    native.startTimer(id, ms);
    return id;
}

function stopTimer(id) {
    if (timers.delete(Number(id))) native.stopTimer(Number(id));
}

function fireTimer(id) {
    const timer = timers.get(id);
    if (timer === undefined) return;
    if (timer.repeats) native.startTimer(id, timer.ms);
    else timers.delete(id);
    Reflect.apply(timer.callback, globalThis, timer.values);
}

expose('setTimeout', function setTimeout(callback, delay = 0, ...values) {
    need(arguments, 1, 'setTimeout');
    return startTimer('setTimeout', callback, milliseconds(delay), values, false);
});
expose('setInterval', function setInterval(callback, delay = 0, ...values) {
    need(arguments, 1, 'setInterval');
    return startTimer('setInterval', callback, milliseconds(delay), values, true);
});
expose('clearTimeout', function clearTimeout(id = 0) { stopTimer(id); });
expose('clearInterval', function clearInterval(id = 0) { stopTimer(id); });
