// Functions of the engine that work on placeholders of secrets: what they give for one is the placeholder of what they would
// give for its value. Methods, so that they cannot be called with `new`, as those of the engine.
{
    const {encodeURIComponent, encodeURI, decodeURIComponent, decodeURI, btoa} = globalThis;
    const {stringify, parse} = JSON;
    const wrapped = {
        encodeURIComponent(uriComponent) { return native.derive(0, encodeURIComponent(uriComponent)); },
        encodeURI(uri) { return native.derive(1, encodeURI(uri)); },
        decodeURIComponent(encodedURIComponent) { return decodeURIComponent(native.underive(0, `${encodedURIComponent}`)); },
        decodeURI(encodedURI) { return decodeURI(native.underive(0, `${encodedURI}`)); },
        btoa(data) {
            if (arguments.length === 0) throw new TypeError('btoa takes a text');
            const text = `${data}`;
            return native.deriveBase64(text) ?? btoa(text);
        },
    };
    for (const name of Object.keys(wrapped)) expose(name, wrapped[name]);
    define(JSON, 'stringify', {
        stringify(value, replacer, space) {
            const text = stringify(value, replacer, space);
            return text === undefined ? text : native.derive(2, text);
        },
    }.stringify);
    define(JSON, 'parse', {
        parse(text, reviver) { return parse(native.underive(1, `${text}`), reviver); },
    }.parse);
}
