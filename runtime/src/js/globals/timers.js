// Timers: functions by number; the host calls back when one is due.
const timers = new Map();
let lastNumber = 0;

function nextNumber() {
    lastNumber = lastNumber >= 0x7fffffff ? 1 : lastNumber + 1;
    return lastNumber;
}

function milliseconds(delay) {
    const number = Number(delay);
    return number > 0 ? Math.min(number, 0x7fffffff) : 0;
}

function startTimer(name, callback, delay, values, repeats) {
    if (typeof callback !== 'function') throw new TypeError(`${name}: the first argument is not a function`);
    const id = nextNumber();
    // A repeated timer without a delay would leave no time for anything else.
    const ms = repeats ? Math.max(milliseconds(delay), 1) : milliseconds(delay);
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
    timer.callback(...timer.values);
}

expose('setTimeout', function setTimeout(callback, delay, ...values) {
    return startTimer('setTimeout', callback, delay, values, false);
});
expose('setInterval', function setInterval(callback, delay, ...values) {
    return startTimer('setInterval', callback, delay, values, true);
});
expose('clearTimeout', function clearTimeout(id) { stopTimer(id); });
expose('clearInterval', function clearInterval(id) { stopTimer(id); });
