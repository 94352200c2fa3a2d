// Event and EventTarget, by the DOM standard; without a tree there are no phases but one.
const eventState = new WeakMap();
const stateOf = event => {
    const state = eventState.get(event);
    if (state === undefined) throw new TypeError('this is no Event');
    return state;
};
const isTrusted = Object.getOwnPropertyDescriptor({get isTrusted() { return stateOf(this).trusted; }}, 'isTrusted').get;

class Event {
    constructor(type, init = undefined) {
        need(arguments, 1, 'Event');
        const {bubbles, cancelable, composed} = dictionary(init, 'the second argument of Event');
        eventState.set(this, {
            type: `${type}`, bubbles: Boolean(bubbles), cancelable: Boolean(cancelable), composed: Boolean(composed),
            target: null, currentTarget: null, trusted: false, canceled: false, stopped: false, stoppedNow: false,
            dispatched: false, passive: false, time: native.nowExact() - performance.timeOrigin, phase: 0,
        });
        Object.defineProperty(this, 'isTrusted', {__proto__: null, get: isTrusted, enumerable: true, configurable: false});
    }
    get type() { return stateOf(this).type; }
    get target() { return stateOf(this).target; }
    get srcElement() { return stateOf(this).target; }
    get currentTarget() { return stateOf(this).currentTarget; }
    composedPath() {
        const {currentTarget} = stateOf(this);
        return currentTarget === null ? [] : [currentTarget];
    }
    get eventPhase() { return stateOf(this).phase; }
    stopPropagation() { stateOf(this).stopped = true; }
    get cancelBubble() { return stateOf(this).stopped; }
    set cancelBubble(value) { if (value) stateOf(this).stopped = true; }
    stopImmediatePropagation() {
        const state = stateOf(this);
        state.stopped = true;
        state.stoppedNow = true;
    }
    get bubbles() { return stateOf(this).bubbles; }
    get cancelable() { return stateOf(this).cancelable; }
    get returnValue() { return !stateOf(this).canceled; }
    set returnValue(value) { if (!value) this.preventDefault(); }
    preventDefault() {
        const state = stateOf(this);
        if (state.cancelable && !state.passive) state.canceled = true;
    }
    get defaultPrevented() { return stateOf(this).canceled; }
    get composed() { return stateOf(this).composed; }
    get timeStamp() { return stateOf(this).time; }
    initEvent(type, bubbles = false, cancelable = false) {
        need(arguments, 1, 'initEvent');
        const state = stateOf(this);
        if (state.dispatched) return;
        Object.assign(state, {
            type: `${type}`, bubbles: Boolean(bubbles), cancelable: Boolean(cancelable),
            canceled: false, stopped: false, stoppedNow: false, target: null, trusted: false,
        });
    }
}
for (const [phase, name] of ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'].entries()) {
    for (const target of [Event, Event.prototype]) Object.defineProperty(target, name, {__proto__: null, value: phase, enumerable: true});
}

const listenersOf = new WeakMap();

function dispatch(target, event, trusted) {
    const state = stateOf(event);
    state.trusted = trusted;
    state.dispatched = true;
    Object.assign(state, {target, currentTarget: target, phase: 2});
    for (const listener of [...(listenersOf.get(target) ?? [])]) {
        if (listener.removed || listener.type !== state.type) continue;
        if (listener.once) removeListener(target, listener);
        state.passive = listener.passive;
        try {
            if (typeof listener.callback === 'function') listener.callback.call(target, event);
            else {
                const {handleEvent} = listener.callback;
                if (typeof handleEvent !== 'function') throw new TypeError('handleEvent is not a function');
                handleEvent.call(listener.callback, event);
            }
        } catch (error) {
            // As a page does it: the other listeners are called all the same, and the error is told.
            report(error);
        }
        state.passive = false;
        if (state.stoppedNow) break;
    }
    Object.assign(state, {currentTarget: null, phase: 0, stopped: false, stoppedNow: false, dispatched: false});
    return !state.canceled;
}

// An error that nobody can catch ends the call, as one that a timer's function throws.
function report(error) {
    startTimer('listener', () => { throw error; }, 0, [], false);
}

function removeListener(target, listener) {
    listener.removed = true;
    const list = listenersOf.get(target);
    const index = list.indexOf(listener);
    if (index >= 0) list.splice(index, 1);
}

const captures = options => Boolean(isObject(options) ? options.capture : options);
const targets = new WeakSet();

class EventTarget {
    constructor() { targets.add(this); }
    addEventListener(type, callback, options = undefined) {
        const target = this ?? globalThis;
        if (!targets.has(target)) throw new TypeError('this is no EventTarget');
        need(arguments, 2, 'addEventListener');
        type = `${type}`;
        const capture = captures(options);
        const once = isObject(options) && Boolean(options.once);
        const passive = isObject(options) && Boolean(options.passive);
        const signal = isObject(options) ? options.signal : undefined;
        if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal is not an AbortSignal');
        if (callback !== null && callback !== undefined && !isObject(callback)) throw new TypeError('addEventListener: the second argument is neither a function nor an object');
        if (signal?.aborted || callback === null || callback === undefined) return;
        let list = listenersOf.get(target);
        if (list === undefined) listenersOf.set(target, (list = []));
        if (list.some(known => known.type === type && known.callback === callback && known.capture === capture)) return;
        const listener = {type, callback, capture, once, passive, removed: false};
        list.push(listener);
        if (signal !== undefined) addAbortStep(signal, () => removeListener(target, listener));
    }
    removeEventListener(type, callback, options = undefined) {
        const target = this ?? globalThis;
        if (!targets.has(target)) throw new TypeError('this is no EventTarget');
        need(arguments, 2, 'removeEventListener');
        if (callback !== null && callback !== undefined && !isObject(callback)) throw new TypeError('removeEventListener: the second argument is neither a function nor an object');
        type = `${type}`;
        const capture = captures(options);
        const listener = listenersOf.get(target)?.find(known => known.type === type && known.callback === callback && known.capture === capture);
        if (listener !== undefined) removeListener(target, listener);
    }
    dispatchEvent(event) {
        const target = this ?? globalThis;
        if (!targets.has(target)) throw new TypeError('this is no EventTarget');
        need(arguments, 1, 'dispatchEvent');
        if (!isObject(event) || !eventState.has(event)) throw new TypeError('dispatchEvent takes an Event');
        if (stateOf(event).dispatched) throw domException('the event is being dispatched', 'InvalidStateError');
        return dispatch(target, event, false);
    }
}

webIdl(Event, 'Event');
webIdl(EventTarget, 'EventTarget');
expose('Event', Event);
expose('EventTarget', EventTarget);
