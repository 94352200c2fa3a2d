// crypto: random numbers, and `subtle` over keys that the host keeps; JavaScript has only their numbers.
const illegal = () => { throw new TypeError('Illegal constructor'); };
const hashNames = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];
const signing = ['HMAC', 'RSASSA-PKCS1-v1_5', 'RSA-PSS', 'ECDSA', 'Ed25519'];
const derivation = ['HKDF', 'PBKDF2'];
const keyAlgorithms = [...signing, 'AES-GCM', ...derivation];
const isRsa = name => name === 'RSASSA-PKCS1-v1_5' || name === 'RSA-PSS';
const isSymmetric = name => name === 'HMAC' || name === 'AES-GCM' || derivation.includes(name);
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

function makeKey(id, type, extractable, algorithm, usages, isSecret = false) {
    const key = new CryptoKey(internal, id, type, extractable, algorithm, usages);
    setNameOfKey.call(keyNames, key, {name: algorithm.name, hash: algorithm.hash?.name, curve: algorithm.namedCurve, isSecret});
    return key;
}

function inside(key) {
    if (!isObject(key) || !(key instanceof CryptoKey)) throw new TypeError('the key is not a CryptoKey');
    return keyInside(key);
}

// A key that may be used so, by an algorithm of `names`: its number, what it was made as, and the parameters.
function useOf(algorithm, key, usage, names, operation = usage) {
    const [name, given] = normalize(algorithm, names, operation);
    const {id, usages} = inside(key);
    const known = nameOfKey.call(keyNames, key);
    if (known.name !== name) throw domException(`the key is of ${known.name}, not of ${name}`, 'InvalidAccessError');
    if (!usages.includes(usage)) throw domException(`the key may not be used to ${usage}`, 'InvalidAccessError');
    return {id, name, given, known};
}

// For signatures: the hash, and whether the padding is PSS.
function signatureOf({name, given, known}) {
    if (name !== 'RSA-PSS') return [name === 'ECDSA' ? hashOf(given) : known.hash ?? 'SHA-512', false];
    if (given.saltLength === undefined) throw new TypeError('RSA-PSS needs a saltLength');
    const length = Number(given.saltLength);
    if (length !== hashLength(known.hash)) {
        throw domException(`RSA-PSS has a salt as long as its hash here, ${hashLength(known.hash)} bytes, not ${length}`, 'NotSupportedError');
    }
    return [known.hash, true];
}

// The parameters of AES-GCM, once they are checked.
function cipherOf(given) {
    if (given.iv === undefined) throw new TypeError('AES-GCM needs an iv');
    const iv = bytesFrom(given.iv, 'the iv');
    const additional = given.additionalData === undefined ? new Uint8Array(0) : bytesFrom(given.additionalData, 'additionalData');
    const tag = given.tagLength === undefined ? 128 : Number(given.tagLength);
    if (![32, 64, 96, 104, 112, 120, 128].includes(tag)) throw domException(`${tag} is no length of a tag`, 'OperationError');
    if (tag !== 128) throw domException('tags have 128 bits here', 'NotSupportedError');
    if (iv.length !== 12) throw domException('AES-GCM has an iv of 12 bytes here', 'NotSupportedError');
    return [iv, additional];
}

function lengthOfAes(given) {
    if (given.length === undefined) throw new TypeError('the algorithm needs a length');
    const length = Number(given.length);
    if (![128, 192, 256].includes(length)) throw domException('a key of AES has 128, 192 or 256 bits', 'OperationError');
    if (length === 192) throw domException('keys of AES have 128 or 256 bits here', 'NotSupportedError');
    return length;
}

function checkJwk(jwk, name, hash, curve, extractable, usages, bits) {
    const wrong = message => domException(message, 'DataError');
    const use = name === 'AES-GCM' ? 'enc' : 'sig';
    if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) throw wrong(`'use' of the JWK is not '${use}'`);
    if (jwk.key_ops !== undefined) {
        const operations = Array.from(jwk.key_ops, operation => `${operation}`);
        if (new Set(operations).size !== operations.length) throw wrong(`'key_ops' of the JWK names something twice`);
        if (usages.some(usage => !operations.includes(usage))) throw wrong(`'key_ops' of the JWK lacks a usage`);
    }
    if (jwk.ext === false && extractable) throw wrong(`'ext' of the JWK is false`);
    // Servers write other names for Ed25519.
    if (jwk.alg === undefined || name === 'Ed25519') return;
    const expected = jwkAlgorithm(name, hash, curve, bits);
    if (expected !== jwk.alg) throw wrong(`'alg' of the JWK is not ${expected}`);
}

function jwkAlgorithm(name, hash, curve, bits) {
    switch (name) {
        case 'HMAC': return `HS${hash.slice(4)}`;
        case 'RSASSA-PKCS1-v1_5': return `RS${hash.slice(4)}`;
        case 'RSA-PSS': return `PS${hash.slice(4)}`;
        case 'ECDSA': return curve === 'P-256' ? 'ES256' : 'ES384';
        case 'AES-GCM': return `A${bits}GCM`;
        default: return name;
    }
}

const jwkMembers = ['kty', 'crv', 'k', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y'];

function jwkText(jwk) {
    // Without a prototype that could have setters, or a toJSON.
    const members = {__proto__: null};
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
        case 'AES-GCM': return {name, length: parts.bits};
        case 'ECDSA': return {name, namedCurve: curve};
        case 'Ed25519': case 'HKDF': case 'PBKDF2': return {name};
        default: return {name, modulusLength: parts.bits, publicExponent: parts.exponent, hash: {name: hash}};
    }
}

function hostAlgorithm(name, curve) {
    switch (name) {
        case 'RSASSA-PKCS1-v1_5': case 'RSA-PSS': return 'RSA';
        case 'AES-GCM': return 'AES';
        case 'ECDSA': return curve;
        case 'Ed25519': return name;
        default: return 'HMAC';
    }
}

const blockBits = hash => (hash === 'SHA-384' || hash === 'SHA-512' ? 1024 : 512);
const hashLength = hash => ({'SHA-1': 20, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64}[hash]);

// What keys of an algorithm may be used for; those of pairs by their type.
function usagesFor(name, type) {
    if (name === 'HMAC') return ['sign', 'verify'];
    if (name === 'AES-GCM') return ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
    if (derivation.includes(name)) return ['deriveKey', 'deriveBits'];
    return type === 'private' ? ['sign'] : type === 'public' ? ['verify'] : ['sign', 'verify'];
}

function checkUsages(usages, name, type) {
    const allowed = usagesFor(name, type);
    if (usages.some(usage => !allowed.includes(usage))) throw domException(`such a key may only be used to ${allowed.join(' and ')}`, 'SyntaxError');
}

// The formats that keys of an algorithm have.
function formatsOf(name) {
    if (derivation.includes(name)) return ['raw'];
    if (isSymmetric(name)) return ['raw', 'jwk'];
    return isRsa(name) ? ['spki', 'pkcs8', 'jwk'] : formats;
}

const hashFor = (name, given) => (name === 'HMAC' || isRsa(name) ? hashOf(given) : undefined);

function importKey(format, keyData, algorithm, extractable, keyUsages, mustHide = false) {
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
    const hash = hashFor(name, given);
    const curve = name === 'ECDSA' ? curveOf(given) : undefined;
    const type = isSymmetric(name) ? 'secret' : (isJwk ? keyData.d !== undefined : format === 'pkcs8') ? 'private' : 'public';
    if (!formatsOf(name).includes(format)) throw domException(`keys of ${name} have no format '${format}'`, 'NotSupportedError');
    checkUsages(usages, name, type);
    if (derivation.includes(name) && extractable) throw domException(`a key of ${name} is not extractable`, 'SyntaxError');
    if (isJwk) data = jwkText(keyData);
    const parts = told(native.importKey(format, hostAlgorithm(name, curve), data));
    if (isJwk) checkJwk(keyData, name, hash, curve, extractable, usages, parts.bits);
    if (name === 'HMAC') {
        if (parts.bits === 0) throw domException('the key is empty', 'DataError');
        if (given.length !== undefined && (given.length > parts.bits || given.length <= parts.bits - 8)) {
            throw domException('the length is not that of the key', 'DataError');
        }
    }
    if (type !== 'public' && usages.length === 0) throw domException('the key has no usage', 'SyntaxError');
    // A key in which there is a secret never comes out again.
    const isSecret = parts.secret || mustHide;
    return makeKey(parts.id, type, extractable && !isSecret, shownAlgorithm(name, hash, curve, parts), usages, isSecret);
}

function exportKey(format, key) {
    format = `${format}`;
    if (!formats.includes(format)) throw new TypeError(`'${format}' is not a format of keys`);
    const {id, type, extractable, usages, algorithm} = inside(key);
    const {name, hash, curve} = nameOfKey.call(keyNames, key);
    if (!formatsOf(name).includes(format)) throw domException(`keys of ${name} have no format '${format}'`, 'NotSupportedError');
    if (!extractable) throw domException('the key is not extractable', 'InvalidAccessError');
    if (format !== 'jwk') {
        const wanted = {raw: isSymmetric(name) ? 'secret' : 'public', spki: 'public', pkcs8: 'private'}[format];
        if (type !== wanted) throw domException(`a ${type} key has no format '${format}'`, 'InvalidAccessError');
        return native.exportKey(id, format).buffer;
    }
    const members = native.exportKey(id, format);
    const jwk = {};
    for (let index = 0; index < members.length; index += 2) setMember(jwk, members[index], members[index + 1]);
    if (name !== 'ECDSA') setMember(jwk, 'alg', jwkAlgorithm(name, hash, curve, algorithm.length));
    setMember(jwk, 'key_ops', [...usages]);
    setMember(jwk, 'ext', true);
    return jwk;
}

// The length of the key that is to be derived, in bits; null where it does not say.
function derivedLength(name, given) {
    if (name === 'AES-GCM') return lengthOfAes(given);
    if (name !== 'HMAC') return null;
    if (given.length === undefined) return blockBits(hashOf(given));
    if (!(Number(given.length) > 0)) throw new TypeError('the length of a key is a number of bits from 1');
    return Number(given.length);
}

function derive({id, name, given}, length) {
    const hash = hashOf(given);
    if (given.salt === undefined) throw new TypeError(`${name} needs a salt`);
    const salt = bytesFrom(given.salt, 'the salt');
    const isWhole = length !== null && length % 8 === 0;
    if (name === 'HKDF') {
        if (given.info === undefined) throw new TypeError('HKDF needs info');
        const info = bytesFrom(given.info, 'info');
        if (!isWhole) throw domException('the length is not a number of whole bytes', 'OperationError');
        return told(native.hkdf(id, hash, salt, info, length / 8));
    }
    if (given.iterations === undefined) throw new TypeError('PBKDF2 needs iterations');
    const iterations = Number(given.iterations);
    if (!(iterations >= 0 && iterations < 2 ** 32)) throw new TypeError('iterations is a number of 32 bits');
    if (!isWhole) throw domException('the length is not a number of whole bytes', 'OperationError');
    return told(native.pbkdf2(id, hash, salt, iterations, length / 8));
}

class SubtleCrypto {
    constructor(key) { if (key !== internal) illegal(); }
    async digest(algorithm, data) {
        const bytes = bytesFrom(data, 'the second argument of digest');
        const [hash] = normalize(algorithm, hashNames, 'digest');
        return native.digest(hash, bytes).buffer;
    }
    async importKey(format, keyData, algorithm, extractable, keyUsages) {
        need(arguments, 5, 'importKey');
        return importKey(format, keyData, algorithm, extractable, keyUsages);
    }
    async exportKey(format, key) {
        need(arguments, 2, 'exportKey');
        return exportKey(format, key);
    }
    async encrypt(algorithm, key, data) {
        const bytes = bytesFrom(data, 'the third argument of encrypt');
        const {id, given} = useOf(algorithm, key, 'encrypt', ['AES-GCM']);
        return told(native.encryptWith(id, ...cipherOf(given), bytes)).buffer;
    }
    async decrypt(algorithm, key, data) {
        const bytes = bytesFrom(data, 'the third argument of decrypt');
        const {id, given} = useOf(algorithm, key, 'decrypt', ['AES-GCM']);
        return told(native.decryptWith(id, ...cipherOf(given), bytes)).buffer;
    }
    async deriveBits(algorithm, baseKey, length = null) {
        need(arguments, 2, 'deriveBits');
        const use = useOf(algorithm, baseKey, 'deriveBits', derivation);
        return derive(use, length === null || length === undefined ? null : Number(length)).buffer;
    }
    async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
        need(arguments, 5, 'deriveKey');
        const [name, given] = normalize(derivedKeyType, keyAlgorithms, 'deriveKey');
        const use = useOf(algorithm, baseKey, 'deriveKey', derivation);
        const bytes = derive(use, derivedLength(name, given));
        return importKey('raw', bytes, derivedKeyType, extractable, keyUsages, use.known.isSecret);
    }
    async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
        need(arguments, 4, 'wrapKey');
        const {id, given} = useOf(wrapAlgorithm, wrappingKey, 'wrapKey', ['AES-GCM']);
        const exported = exportKey(format, key);
        const bytes = `${format}` === 'jwk' ? native.encodeText(JSON.stringify(exported)) : viewOf(exported);
        return told(native.encryptWith(id, ...cipherOf(given), bytes)).buffer;
    }
    async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
        need(arguments, 7, 'unwrapKey');
        const bytes = bytesFrom(wrappedKey, 'the wrapped key');
        normalize(unwrappedKeyAlgorithm, keyAlgorithms, 'unwrapKey');
        const {id, given} = useOf(unwrapAlgorithm, unwrappingKey, 'unwrapKey', ['AES-GCM']);
        const opened = told(native.decryptWith(id, ...cipherOf(given), bytes));
        const isSecret = native.hasSecret(opened);
        let data = opened;
        if (`${format}` === 'jwk') {
            try {
                data = JSON.parse(utf8(opened));
            } catch {
                throw domException('what was wrapped is no JWK', 'DataError');
            }
        }
        return importKey(format, data, unwrappedKeyAlgorithm, extractable, keyUsages, isSecret);
    }
    async generateKey(algorithm, extractable, keyUsages) {
        const usages = usagesOf(keyUsages);
        extractable = Boolean(extractable);
        const [name, given] = normalize(algorithm, keyAlgorithms, 'generateKey');
        if (derivation.includes(name)) throw domException(`a key of ${name} is not made, but imported`, 'NotSupportedError');
        const hash = hashFor(name, given);
        const curve = name === 'ECDSA' ? curveOf(given) : undefined;
        checkUsages(usages, name, undefined);
        if (isRsa(name)) throw domException('RSA keys cannot be made here; import one', 'NotSupportedError');
        if (isSymmetric(name)) {
            const length = name === 'AES-GCM' ? lengthOfAes(given) : given.length === undefined ? blockBits(hash) : Number(given.length);
            if (!(length > 0) || length % 8 !== 0 || length > 524288) throw domException('the length is not a number of whole bytes', 'OperationError');
            if (usages.length === 0) throw domException('the key has no usage', 'SyntaxError');
            const parts = told(native.importKey('raw', hostAlgorithm(name, curve), native.randomBytes(length / 8)));
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
        const use = useOf(algorithm, key, 'sign', signing);
        const [hash, isPss] = signatureOf(use);
        return told(native.signWith(use.id, hash, bytes, isPss)).buffer;
    }
    async verify(algorithm, key, signature, data) {
        const given = bytesFrom(signature, 'the third argument of verify');
        const bytes = bytesFrom(data, 'the fourth argument of verify');
        const use = useOf(algorithm, key, 'verify', signing);
        const [hash, isPss] = signatureOf(use);
        return told(native.verifyWith(use.id, hash, given, bytes, isPss));
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
