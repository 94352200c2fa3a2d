// AbortController and AbortSignal, by the DOM standard.
let mayMakeSignal = false;
function newSignal() {
    mayMakeSignal = true;
    try {
        return new AbortSignal();
    } finally {
        mayMakeSignal = false;
    }
}

class AbortSignal extends EventTarget {
    #aborted = false;
    #reason = undefined;
    #steps = [];
    #handler = null;
    #sources = null;
    #dependents = [];
    constructor() {
        if (!mayMakeSignal) throw new TypeError('Illegal constructor: use AbortController');
        super();
    }
    static abort(reason = undefined) {
        const signal = newSignal();
        signal.#aborted = true;
        signal.#reason = reason === undefined ? domException('This operation was aborted', 'AbortError') : reason;
        return signal;
    }
    static timeout(milliseconds) {
        need(arguments, 1, 'AbortSignal.timeout');
        const ms = Number(milliseconds);
        if (!(ms >= 0 && ms <= Number.MAX_SAFE_INTEGER)) throw new TypeError('AbortSignal.timeout takes a number of milliseconds');
        const signal = newSignal();
        startTimer('AbortSignal.timeout', () => AbortSignal.#abort(signal, domException('The operation timed out', 'TimeoutError')), ms, [], false);
        return signal;
    }
    static any(signals) {
        need(arguments, 1, 'AbortSignal.any');
        const all = [...signals];
        for (const signal of all) if (!isObject(signal) || !(#aborted in signal)) throw new TypeError('AbortSignal.any takes AbortSignals');
        const result = newSignal();
        const aborted = all.find(signal => signal.#aborted);
        if (aborted !== undefined) {
            result.#aborted = true;
            result.#reason = aborted.#reason;
            return result;
        }
        result.#sources = new Set();
        for (const signal of all) {
            for (const source of signal.#sources ?? [signal]) {
                if (result.#sources.has(source)) continue;
                result.#sources.add(source);
                source.#dependents.push(result);
            }
        }
        return result;
    }
    get aborted() { return this.#aborted; }
    get reason() { return this.#reason; }
    throwIfAborted() { if (this.#aborted) throw this.#reason; }
    get onabort() { return this.#handler?.function ?? null; }
    set onabort(value) {
        const handler = isObject(value) ? value : null;
        if (this.#handler === null && handler !== null) {
            this.#handler = {function: handler};
            this.addEventListener('abort', event => {
                const current = this.#handler.function;
                if (typeof current === 'function') current.call(this, event);
            });
        } else if (this.#handler !== null) {
            this.#handler.function = handler;
        }
    }
    // Called before the listeners; gives what takes the step back.
    static #addStep(signal, step) {
        signal.#steps.push(step);
        return () => {
            signal.#steps = signal.#steps.filter(other => other !== step);
        };
    }
    static #abort(signal, reason) {
        if (signal.#aborted) return;
        const all = [signal, ...signal.#dependents.filter(dependent => !dependent.#aborted)];
        const given = reason === undefined ? domException('This operation was aborted', 'AbortError') : reason;
        for (const each of all) {
            each.#aborted = true;
            each.#reason = given;
        }
        for (const each of all) {
            const steps = each.#steps;
            each.#steps = [];
            for (const step of steps) step();
            dispatch(each, new Event('abort'), true);
        }
        signal.#dependents = [];
    }
    static [internal]() { return {abort: AbortSignal.#abort, addStep: AbortSignal.#addStep}; }
}
const {abort: signalAbort, addStep: addAbortStep} = AbortSignal[internal]();
delete AbortSignal[internal];

class AbortController {
    #signal = newSignal();
    get signal() { return this.#signal; }
    abort(reason = undefined) { signalAbort(this.#signal, reason); }
}

webIdl(AbortSignal, 'AbortSignal');
webIdl(AbortController, 'AbortController');
expose('AbortSignal', AbortSignal);
expose('AbortController', AbortController);
Object.assign(late, {EventTarget, Event, AbortSignal, AbortController, newSignal, signalAbort, addAbortStep});
