// The commonest members of ECMAScript's own objects, for editors. Others exist and may be used.

declare class Error {
    constructor(message?: string, options?: { cause?: unknown });
    name: string;
    message: string;
    stack?: string;
    cause?: unknown;
}

declare class Object {
    /** Copies the members of the sources into the target, and gives the target. */
    static assign(target: object, ...sources: object[]): any;
    static create(prototype: object | null): any;
    /** The names and values of the own members. */
    static entries(value: object): [string, any][];
    static freeze<T>(value: T): T;
    /** The reverse of `Object.entries`. */
    static fromEntries(entries: Iterable<[string, any]>): any;
    static groupBy<T>(items: Iterable<T>, key: (item: T, index: number) => string): { [key: string]: T[] };
    static hasOwn(value: object, name: string): boolean;
    static is(left: unknown, right: unknown): boolean;
    static keys(value: object): string[];
    static values(value: object): any[];
}

declare class Array<T> {
    static from<T>(items: Iterable<T>, map?: (item: T, index: number) => any): any[];
    static isArray(value: unknown): boolean;
    static of<T>(...items: T[]): T[];
    readonly length: number;
    at(index: number): T | undefined;
    concat(...items: (T | T[])[]): T[];
    entries(): IterableIterator<[number, T]>;
    every(test: (item: T, index: number) => unknown): boolean;
    fill(value: T, start?: number, end?: number): T[];
    filter(test: (item: T, index: number) => unknown): T[];
    find(test: (item: T, index: number) => unknown): T | undefined;
    findIndex(test: (item: T, index: number) => unknown): number;
    findLast(test: (item: T, index: number) => unknown): T | undefined;
    flat(depth?: number): any[];
    flatMap(map: (item: T, index: number) => any): any[];
    forEach(run: (item: T, index: number) => void): void;
    includes(item: T): boolean;
    indexOf(item: T): number;
    join(separator?: string): string;
    keys(): IterableIterator<number>;
    lastIndexOf(item: T): number;
    map(map: (item: T, index: number) => any): any[];
    pop(): T | undefined;
    push(...items: T[]): number;
    reduce(step: (total: any, item: T, index: number) => any, start?: any): any;
    reverse(): T[];
    shift(): T | undefined;
    slice(start?: number, end?: number): T[];
    some(test: (item: T, index: number) => unknown): boolean;
    sort(compare?: (left: T, right: T) => number): T[];
    splice(start: number, count?: number, ...items: T[]): T[];
    toReversed(): T[];
    toSorted(compare?: (left: T, right: T) => number): T[];
    unshift(...items: T[]): number;
    values(): IterableIterator<T>;
}

declare class String {
    static fromCharCode(...codes: number[]): string;
    static raw(template: object, ...values: unknown[]): string;
    readonly length: number;
    at(index: number): string | undefined;
    charAt(index: number): string;
    charCodeAt(index: number): number;
    codePointAt(index: number): number | undefined;
    concat(...texts: string[]): string;
    endsWith(part: string, end?: number): boolean;
    includes(part: string, start?: number): boolean;
    indexOf(part: string, start?: number): number;
    lastIndexOf(part: string): number;
    localeCompare(other: string): number;
    match(pattern: RegExp): any[] | null;
    matchAll(pattern: RegExp): IterableIterator<any[]>;
    normalize(form?: string): string;
    padEnd(length: number, fill?: string): string;
    padStart(length: number, fill?: string): string;
    repeat(count: number): string;
    replace(pattern: string | RegExp, replacement: any): string;
    replaceAll(pattern: string | RegExp, replacement: any): string;
    search(pattern: RegExp): number;
    slice(start?: number, end?: number): string;
    split(separator?: string | RegExp, limit?: number): string[];
    startsWith(part: string, start?: number): boolean;
    substring(start: number, end?: number): string;
    toLowerCase(): string;
    toString(): string;
    toUpperCase(): string;
    trim(): string;
    trimEnd(): string;
    trimStart(): string;
}

declare class Number {
    static isFinite(value: unknown): boolean;
    static isInteger(value: unknown): boolean;
    static isNaN(value: unknown): boolean;
    static isSafeInteger(value: unknown): boolean;
    static parseFloat(text: string): number;
    static parseInt(text: string, radix?: number): number;
    static readonly MAX_SAFE_INTEGER: number;
    static readonly MIN_SAFE_INTEGER: number;
    toFixed(digits?: number): string;
    toPrecision(digits?: number): string;
    toString(radix?: number): string;
}

declare const Math: {
    readonly PI: number;
    readonly E: number;
    abs(x: number): number;
    ceil(x: number): number;
    cos(x: number): number;
    exp(x: number): number;
    floor(x: number): number;
    hypot(...values: number[]): number;
    log(x: number): number;
    log10(x: number): number;
    log2(x: number): number;
    max(...values: number[]): number;
    min(...values: number[]): number;
    pow(base: number, exponent: number): number;
    random(): number;
    round(x: number): number;
    sign(x: number): number;
    sin(x: number): number;
    sqrt(x: number): number;
    trunc(x: number): number;
};

declare const JSON: {
    parse(text: string, revive?: (key: string, value: any) => any): any;
    stringify(value: any, replace?: any, indent?: number | string): string;
};

declare class Promise<T> {
    static all(promises: Iterable<any>): Promise<any[]>;
    static allSettled(promises: Iterable<any>): Promise<any[]>;
    static any(promises: Iterable<any>): Promise<any>;
    static race(promises: Iterable<any>): Promise<any>;
    static reject(reason?: any): Promise<any>;
    static resolve<T>(value?: T): Promise<T>;
    catch(failed: (reason: any) => any): Promise<any>;
    finally(run: () => void): Promise<T>;
    then(succeeded?: (value: T) => any, failed?: (reason: any) => any): Promise<any>;
}

declare class Date {
    constructor(value?: number | string | Date);
    static UTC(year: number, month: number, day?: number, hours?: number, minutes?: number, seconds?: number, ms?: number): number;
    static now(): number;
    static parse(text: string): number;
    getTime(): number;
    getUTCDate(): number;
    getUTCDay(): number;
    getUTCFullYear(): number;
    getUTCHours(): number;
    getUTCMinutes(): number;
    getUTCMonth(): number;
    getUTCSeconds(): number;
    setTime(ms: number): number;
    setUTCDate(day: number): number;
    setUTCFullYear(year: number): number;
    setUTCHours(hours: number): number;
    toISOString(): string;
    toJSON(): string;
    toString(): string;
}

declare class Map<K, V> {
    constructor(entries?: Iterable<[K, V]>);
    static groupBy<K, T>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]>;
    readonly size: number;
    clear(): void;
    delete(key: K): boolean;
    entries(): IterableIterator<[K, V]>;
    forEach(run: (value: V, key: K) => void): void;
    get(key: K): V | undefined;
    has(key: K): boolean;
    keys(): IterableIterator<K>;
    set(key: K, value: V): Map<K, V>;
    values(): IterableIterator<V>;
}

declare class Set<T> {
    constructor(items?: Iterable<T>);
    readonly size: number;
    add(item: T): Set<T>;
    clear(): void;
    delete(item: T): boolean;
    forEach(run: (item: T) => void): void;
    has(item: T): boolean;
    values(): IterableIterator<T>;
}

declare class RegExp {
    constructor(pattern: string | RegExp, flags?: string);
    readonly flags: string;
    lastIndex: number;
    readonly source: string;
    exec(text: string): any[] | null;
    test(text: string): boolean;
}

declare function decodeURIComponent(text: string): string;
declare function encodeURIComponent(text: string): string;
declare function isNaN(value: number): boolean;
declare function parseFloat(text: string): number;
declare function parseInt(text: string, radix?: number): number;
