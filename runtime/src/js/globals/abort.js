// AbortController and AbortSignal; the only events of this host.
class AbortSignal {
    #aborted = false;
    #reason = undefined;
    #listeners = [];
    onabort = null;
    constructor(key) {
        if (key !== internal) throw new TypeError('Illegal constructor: use AbortController');
    }
    get aborted() { return this.#aborted; }
    get reason() { return this.#reason; }
    throwIfAborted() { if (this.#aborted) throw this.#reason; }
    addEventListener(type, listener, options) {
        if (type === 'abort' && listener && !this.#listeners.some(entry => entry.listener === listener)) {
            this.#listeners.push({listener, once: isObject(options) && Boolean(options.once)});
        }
    }
    removeEventListener(type, listener) {
        if (type === 'abort') this.#listeners = this.#listeners.filter(entry => entry.listener !== listener);
    }
    [internal](reason) {
        if (this.#aborted) return;
        this.#aborted = true;
        this.#reason = reason === undefined ? domException('This operation was aborted', 'AbortError') : reason;
        const event = {type: 'abort', target: this, currentTarget: this};
        if (typeof this.onabort === 'function') this.onabort(event);
        const listeners = this.#listeners;
        this.#listeners = listeners.filter(entry => !entry.once);
        for (const {listener} of listeners) {
            if (typeof listener === 'function') listener.call(this, event);
            else listener.handleEvent(event);
        }
    }
    static abort(reason) {
        const signal = new AbortSignal(internal);
        signal[internal](reason);
        return signal;
    }
    static timeout(ms) {
        const signal = new AbortSignal(internal);
        startTimer('AbortSignal.timeout', () => signal[internal](domException('The operation timed out', 'TimeoutError')), ms, [], false);
        return signal;
    }
    static any(signals) {
        const all = [...signals];
        const result = new AbortSignal(internal);
        const aborted = all.find(signal => signal.aborted);
        if (aborted) result[internal](aborted.reason);
        else for (const signal of all) signal.addEventListener('abort', () => result[internal](signal.reason), {once: true});
        return result;
    }
}

class AbortController {
    #signal = new AbortSignal(internal);
    get signal() { return this.#signal; }
    abort(reason) { this.#signal[internal](reason); }
}

tag(AbortSignal, 'AbortSignal');
tag(AbortController, 'AbortController');
expose('AbortSignal', AbortSignal);
expose('AbortController', AbortController);
