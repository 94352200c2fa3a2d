// moltler: what every connector needs and the web platform lacks. Each part is defined when it is first used.
core.moltler = {};
const parts = [
    ['sign', 'secret', 'sign', 'oauth2'],
    ['helpers', 'paginate', 'retry', 'graphql', 'form'],
];

for (const [group, ...names] of parts) {
    for (const name of names) {
        const get = () => {
            use(group);
            return core.moltler[name];
        };
        Object.defineProperty(core.moltler, name, {__proto__: null, get, set(value) { define(core.moltler, name, value); }, configurable: true, enumerable: true});
    }
}
expose('moltler', core.moltler);
