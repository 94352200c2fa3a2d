// crypto: random numbers, and `subtle` over keys that the host keeps; JavaScript has only their numbers.
const illegal = () => { throw new TypeError('Illegal constructor'); };
const hashNames = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];
const keyAlgorithms = ['HMAC', 'RSASSA-PKCS1-v1_5', 'ECDSA', 'Ed25519'];
const allUsages = ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'];
const formats = ['raw', 'spki', 'pkcs8', 'jwk'];

// An algorithm's name as the standard writes it.
function nameOf(algorithm, known, operation) {
    const name = `${algorithm.name}`;
    const found = known.find(other => other.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw domException(`${operation} does not know the algorithm '${name}'`, 'NotSupportedError');
    return found;
}

function normalize(algorithm, known, operation) {
    const given = isObject(algorithm) ? algorithm : {name: `${algorithm}`};
    if (given.name === undefined) throw new TypeError('an algorithm is a name or an object with one');
    return [nameOf(given, known, operation), given];
}

function hashOf(given) {
    if (given.hash === undefined) throw new TypeError('the algorithm needs a hash');
    return normalize(given.hash, hashNames, 'digest')[0];
}

function curveOf(given) {
    if (given.namedCurve === undefined) throw new TypeError('the algorithm needs a namedCurve');
    const curve = `${given.namedCurve}`;
    if (!['P-256', 'P-384'].includes(curve)) throw domException(`the curve '${curve}' is not supported`, 'NotSupportedError');
    return curve;
}

function usagesOf(usages) {
    const list = Array.from(usages, usage => `${usage}`);
    for (const usage of list) {
        if (!allUsages.includes(usage)) throw new TypeError(`'${usage}' is not a usage of keys`);
    }
    return allUsages.filter(usage => list.includes(usage));
}

function bytesFrom(value, what) {
    const bytes = bytesOf(value);
    if (bytes === undefined) throw new TypeError(`${what} is not an ArrayBuffer or a view of one`);
    return bytes;
}

// What the host says: a value, or the error to throw.
function told(result) {
    if (Array.isArray(result)) throw domException(result[1], result[0]);
    return result;
}

class CryptoKey {
    #id;
    #type;
    #extractable;
    #algorithm;
    #usages;
    constructor(key, id, type, extractable, algorithm, usages) {
        if (key !== internal) illegal();
        this.#id = id;
        this.#type = type;
        this.#extractable = extractable;
        this.#algorithm = algorithm;
        this.#usages = usages;
    }
    get type() { return this.#type; }
    get extractable() { return this.#extractable; }
    get algorithm() { return this.#algorithm; }
    get usages() { return this.#usages; }
    // What nobody can change from outside.
    static [internal](key) {
        return {id: key.#id, type: key.#type, extractable: key.#extractable, algorithm: key.#algorithm, usages: key.#usages};
    }
}
const keyInside = CryptoKey[internal];
delete CryptoKey[internal];
// The names of algorithms as they were when their keys were made: those in `algorithm` can be changed.
const keyNames = new WeakMap();
const {get: nameOfKey, set: setNameOfKey} = WeakMap.prototype;

function makeKey(id, type, extractable, algorithm, usages) {
    const key = new CryptoKey(internal, id, type, extractable, algorithm, usages);
    setNameOfKey.call(keyNames, key, {name: algorithm.name, hash: algorithm.hash?.name, curve: algorithm.namedCurve});
    return key;
}

function inside(key) {
    if (!isObject(key) || !(key instanceof CryptoKey)) throw new TypeError('the key is not a CryptoKey');
    return keyInside(key);
}

function useOf(algorithm, key, usage) {
    const [name, given] = normalize(algorithm, keyAlgorithms, usage);
    const {id, usages} = inside(key);
    const known = nameOfKey.call(keyNames, key);
    if (known.name !== name) throw domException(`the key is of ${known.name}, not of ${name}`, 'InvalidAccessError');
    if (!usages.includes(usage)) throw domException(`the key may not be used to ${usage}`, 'InvalidAccessError');
    return {id, hash: name === 'ECDSA' ? hashOf(given) : known.hash ?? 'SHA-512'};
}

function checkJwk(jwk, name, hash, curve, extractable, usages) {
    const wrong = message => domException(message, 'DataError');
    if (usages.length > 0 && jwk.use !== undefined && jwk.use !== 'sig') throw wrong(`'use' of the JWK is not 'sig'`);
    if (jwk.key_ops !== undefined) {
        const operations = Array.from(jwk.key_ops, operation => `${operation}`);
        if (new Set(operations).size !== operations.length) throw wrong(`'key_ops' of the JWK names something twice`);
        if (usages.some(usage => !operations.includes(usage))) throw wrong(`'key_ops' of the JWK lacks a usage`);
    }
    if (jwk.ext === false && extractable) throw wrong(`'ext' of the JWK is false`);
    // Servers write other names for Ed25519.
    if (jwk.alg === undefined || name === 'Ed25519') return;
    const digits = hash?.slice(4);
    const expected = {
        'HMAC': [`HS${digits}`], 'RSASSA-PKCS1-v1_5': [`RS${digits}`],
        'ECDSA': [curve === 'P-256' ? 'ES256' : 'ES384'],
    }[name];
    if (!expected.includes(jwk.alg)) throw wrong(`'alg' of the JWK is not ${expected.join(' or ')}`);
}

const jwkMembers = ['kty', 'crv', 'k', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y'];

function jwkText(jwk) {
    const members = {};
    for (const name of jwkMembers) {
        if (jwk[name] !== undefined) members[name] = `${jwk[name]}`;
    }
    if (jwk.oth !== undefined) members.oth = [];
    return native.encodeText(JSON.stringify(members));
}

// The algorithm that a key shows.
function shownAlgorithm(name, hash, curve, parts) {
    switch (name) {
        case 'HMAC': return {name, hash: {name: hash}, length: parts.bits};
        case 'ECDSA': return {name, namedCurve: curve};
        case 'Ed25519': return {name};
        default: return {name, modulusLength: parts.bits, publicExponent: parts.exponent, hash: {name: hash}};
    }
}

const hostAlgorithm = (name, curve) => ({'HMAC': 'HMAC', 'RSASSA-PKCS1-v1_5': 'RSA', 'ECDSA': curve, 'Ed25519': 'Ed25519'}[name]);
const blockBits = hash => (hash === 'SHA-384' || hash === 'SHA-512' ? 1024 : 512);

class SubtleCrypto {
    constructor(key) { if (key !== internal) illegal(); }
    async digest(algorithm, data) {
        const bytes = bytesFrom(data, 'the second argument of digest');
        const [hash] = normalize(algorithm, hashNames, 'digest');
        return native.digest(hash, bytes).buffer;
    }
    async importKey(format, keyData, algorithm, extractable, keyUsages) {
        format = `${format}`;
        if (!formats.includes(format)) throw new TypeError(`'${format}' is not a format of keys`);
        const isJwk = format === 'jwk';
        let data;
        if (isJwk) {
            if (!isObject(keyData) || bytesOf(keyData) !== undefined) throw new TypeError('a JWK is an object');
        } else {
            data = bytesFrom(keyData, 'the key');
        }
        const usages = usagesOf(keyUsages);
        extractable = Boolean(extractable);
        const [name, given] = normalize(algorithm, keyAlgorithms, 'importKey');
        const hash = name === 'HMAC' || name === 'RSASSA-PKCS1-v1_5' ? hashOf(given) : undefined;
        const curve = name === 'ECDSA' ? curveOf(given) : undefined;
        const isPrivate = isJwk ? keyData.d !== undefined : format === 'pkcs8';
        if (name === 'HMAC' ? !['raw', 'jwk'].includes(format) : name === 'RSASSA-PKCS1-v1_5' && format === 'raw') {
            throw domException(`keys of ${name} have no format '${format}'`, 'NotSupportedError');
        }
        const allowed = name === 'HMAC' ? ['sign', 'verify'] : [isPrivate ? 'sign' : 'verify'];
        if (usages.some(usage => !allowed.includes(usage))) throw domException(`such a key may only be used to ${allowed.join(' and ')}`, 'SyntaxError');
        if (isJwk) {
            checkJwk(keyData, name, hash, curve, extractable, usages);
            data = jwkText(keyData);
        }
        const parts = told(native.importKey(format, hostAlgorithm(name, curve), data));
        const type = name === 'HMAC' ? 'secret' : isPrivate ? 'private' : 'public';
        if (name === 'HMAC') {
            if (parts.bits === 0) throw domException('the key is empty', 'DataError');
            if (given.length !== undefined && (given.length > parts.bits || given.length <= parts.bits - 8)) {
                throw domException('the length is not that of the key', 'DataError');
            }
        }
        if (type !== 'public' && usages.length === 0) throw domException('the key has no usage', 'SyntaxError');
        // A key in which there is a secret never comes out again.
        return makeKey(parts.id, type, extractable && !parts.secret, shownAlgorithm(name, hash, curve, parts), usages);
    }
    async exportKey(format, key) {
        format = `${format}`;
        if (!formats.includes(format)) throw new TypeError(`'${format}' is not a format of keys`);
        const {id, type, extractable, usages} = inside(key);
        const {name, hash, curve} = nameOfKey.call(keyNames, key);
        if (!extractable) throw domException('the key is not extractable', 'InvalidAccessError');
        if (format !== 'jwk') {
            const wanted = {raw: name === 'HMAC' ? 'secret' : 'public', spki: 'public', pkcs8: 'private'}[format];
            if (name === 'RSASSA-PKCS1-v1_5' ? format === 'raw' : name === 'HMAC' && format !== 'raw') {
                throw domException(`keys of ${name} have no format '${format}'`, 'NotSupportedError');
            }
            if (type !== wanted) throw domException(`a ${type} key has no format '${format}'`, 'InvalidAccessError');
            return native.exportKey(id, format).buffer;
        }
        const members = native.exportKey(id, format);
        const jwk = {};
        for (let index = 0; index < members.length; index += 2) jwk[members[index]] = members[index + 1];
        if (name === 'HMAC') jwk.alg = `HS${hash.slice(4)}`;
        else if (name === 'RSASSA-PKCS1-v1_5') jwk.alg = `RS${hash.slice(4)}`;
        else if (name === 'Ed25519') jwk.alg = 'Ed25519';
        jwk.key_ops = [...usages];
        jwk.ext = true;
        return jwk;
    }
    async generateKey(algorithm, extractable, keyUsages) {
        const usages = usagesOf(keyUsages);
        extractable = Boolean(extractable);
        const [name, given] = normalize(algorithm, keyAlgorithms, 'generateKey');
        const hash = name === 'HMAC' ? hashOf(given) : undefined;
        const curve = name === 'ECDSA' ? curveOf(given) : undefined;
        if (usages.some(usage => usage !== 'sign' && usage !== 'verify')) throw domException('such a key may only be used to sign and verify', 'SyntaxError');
        if (name === 'RSASSA-PKCS1-v1_5') throw domException('RSA keys cannot be made here; import one', 'NotSupportedError');
        if (name === 'HMAC') {
            const length = given.length === undefined ? blockBits(hash) : Number(given.length);
            if (!(length > 0) || length % 8 !== 0 || length > 524288) throw domException('the length is not a number of whole bytes', 'OperationError');
            if (usages.length === 0) throw domException('the key has no usage', 'SyntaxError');
            const parts = told(native.importKey('raw', 'HMAC', native.randomBytes(length / 8)));
            return makeKey(parts.id, 'secret', extractable, shownAlgorithm(name, hash, curve, parts), usages);
        }
        if (!usages.includes('sign')) throw domException('the private key has no usage', 'SyntaxError');
        const [privateKey, publicKey] = told(native.generateKey(hostAlgorithm(name, curve))).ids;
        const only = usage => usages.filter(other => other === usage);
        return {
            publicKey: makeKey(publicKey, 'public', true, shownAlgorithm(name, hash, curve), only('verify')),
            privateKey: makeKey(privateKey, 'private', extractable, shownAlgorithm(name, hash, curve), only('sign')),
        };
    }
    async sign(algorithm, key, data) {
        const bytes = bytesFrom(data, 'the third argument of sign');
        const {id, hash} = useOf(algorithm, key, 'sign');
        return told(native.signWith(id, hash, bytes)).buffer;
    }
    async verify(algorithm, key, signature, data) {
        const given = bytesFrom(signature, 'the third argument of verify');
        const bytes = bytesFrom(data, 'the fourth argument of verify');
        const {id, hash} = useOf(algorithm, key, 'verify');
        return told(native.verifyWith(id, hash, given, bytes));
    }
}

class Crypto {
    #subtle = new SubtleCrypto(internal);
    constructor(key) { if (key !== internal) illegal(); }
    get subtle() { return this.#subtle; }
    getRandomValues(array) {
        if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array || array instanceof Float16Array) {
            throw domException('getRandomValues takes an array of integers', 'TypeMismatchError');
        }
        if (array.byteLength > 65536) throw domException('getRandomValues gives at most 65536 bytes', 'QuotaExceededError');
        new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(native.randomBytes(array.byteLength));
        return array;
    }
    randomUUID() {
        const bytes = native.randomBytes(16);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
        return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    }
}

webIdl(Crypto, 'Crypto');
webIdl(CryptoKey, 'CryptoKey');
webIdl(SubtleCrypto, 'SubtleCrypto');
expose('Crypto', Crypto);
expose('CryptoKey', CryptoKey);
expose('SubtleCrypto', SubtleCrypto);
expose('crypto', new Crypto(internal));
