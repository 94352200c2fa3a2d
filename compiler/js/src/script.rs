use std::sync::Arc;

/// A range of bytes in the text that was parsed.
pub type Range = std::ops::Range<u32>;

/// The language of a raw block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// ECMAScript, as a module.
    #[default]
    JavaScript,
    /// The same with types, which are taken out. Nothing checks them.
    TypeScript,
}

/// All that is known about a raw block. Lists are in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Script {
    /// What is wrong with the text. After a syntax error everything else is as much as the parser made out, perhaps nothing.
    pub errors: Vec<ScriptError>,
    /// Whether there is no error of kind [`ErrorKind::Syntax`], [`ErrorKind::TooDeep`] or [`ErrorKind::NotErasable`]: only then
    /// is a name that is not here not declared.
    pub is_complete: bool,
    /// What the text declares outside of all functions and blocks. A name that is declared twice is here twice.
    pub names: Vec<TopLevelName>,
    /// Uses of names that no scope of the text declares: globals, names of SHARED, mistakes. `typeof x` is none.
    pub free_names: Vec<NameUse>,
    /// Names that the text declares, at any depth, with their uses; by place.
    pub bindings: Vec<LocalName>,
    /// Variables with a value, and functions, that nothing uses; not what a pattern declares, nor parameters.
    pub unused: Vec<(String, Range)>,
    /// Each `new Date(null)`, which is 1970, from `new` to the parenthesis.
    pub null_dates: Vec<Range>,
    /// Each `JSON.parse` of the text of a response, from `JSON` to the parenthesis that opens.
    pub parsed_bodies: Vec<Range>,
    /// String literals, and templates without substitution; not the keys of objects.
    pub strings: Vec<StringLiteral>,
    /// Responses of `fetch` whose body may be taken for data when the server answered with an error.
    pub unchecked_responses: Vec<UncheckedResponse>,
    /// Of TypeScript: the JavaScript that it becomes, in which everything stands where it stood.
    pub javascript: Option<Arc<str>>,
}

impl Script {
    /// The last function with this name, as JavaScript would call it.
    pub fn function(&self, name: &str) -> Option<(&TopLevelName, &Function)> {
        self.names
            .iter()
            .rev()
            .filter(|declared| declared.name == name)
            .find_map(|declared| declared.function.as_ref().map(|function| (declared, function)))
    }

    /// Whether anything of this name is declared outside of all functions.
    pub fn declares(&self, name: &str) -> bool {
        self.names.iter().any(|declared| declared.name == name)
    }
}

/// Something wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScriptError {
    /// What sort of error.
    pub kind: ErrorKind,
    /// One sentence without a full stop.
    pub message: String,
    /// Where; empty only in an empty text.
    pub range: Range,
    /// Another place that belongs to it, such as the first declaration, and what it is.
    pub related: Option<(Range, String)>,
}

/// What sort of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not JavaScript in strict mode.
    Syntax,
    /// A name is declared twice in one scope.
    Duplicate,
    /// `import`, as a declaration or as a call.
    Import,
    /// `export`.
    Export,
    /// `return` outside of a function.
    TopLevelReturn,
    /// `await` outside of a function.
    TopLevelAwait,
    /// Nested deeper than the compiler reads.
    TooDeep,
    /// TypeScript that does not become JavaScript by leaving something out.
    NotErasable,
}

/// A name that is declared outside of all functions and blocks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopLevelName {
    /// As written.
    pub name: String,
    /// Of the name.
    pub range: Range,
    /// Of the declaration; for one of several declarators, of that one.
    pub declaration: Range,
    /// How it is declared.
    pub kind: NameKind,
    /// For `function f` and for `const f =` (also `let`, `var`) with a function or an arrow function.
    pub function: Option<Function>,
}

/// How a name is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// `function`, also `async` and `function*`.
    Function,
    /// `const`.
    Const,
    /// `let`.
    Let,
    /// `var`.
    Var,
    /// `class`.
    Class,
}

/// A function that has a name outside of all functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Function {
    /// Whether it is `async`.
    pub is_async: bool,
    /// Whether it is `function*`.
    pub is_generator: bool,
    /// In order.
    pub parameters: Vec<Parameter>,
    /// The body, with its braces; of an arrow function without braces the expression.
    pub body: Range,
    /// Members of the parameters that are named in the body or in the parameter list.
    pub accesses: Vec<Access>,
    /// The object literals that it returns or yields, as far as they can be seen: directly, in arrays, from `.map(x =>
    /// ({…}))`, through a `const`, and through `push` on a returned array.
    pub returned: Vec<ReturnedObject>,
    /// Whether all that it returns or yields is in `returned`, so that a key that is not there is never returned.
    pub returns_are_known: bool,
    /// Whole bodies of responses that it returns, as in `const data = await response.json(); return data;`.
    pub returned_bodies: Vec<ReturnedBody>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// `None` when it is destructured.
    pub name: Option<String>,
    /// Of the parameter as written, with its default.
    pub range: Range,
    /// How it is written.
    pub form: ParameterForm,
    /// Whether it is also used as a whole (passed on, spread, returned, destructured with a rest, indexed with a computed
    /// key), so that any member may be read by that.
    pub is_used_whole: bool,
}

/// How a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterForm {
    /// `config`, `config = {}`.
    Name,
    /// `{api_url}`, `[first]`.
    Destructured,
    /// `...rest`.
    Rest,
}

/// A member of a parameter that is named somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Position of the parameter, from 0.
    pub parameter: usize,
    /// The member's name, unescaped.
    pub name: String,
    /// Of the name alone, without dot, brackets and quotes.
    pub range: Range,
    /// How it is written.
    pub form: AccessForm,
    /// Whether it is assigned to, updated or deleted there.
    pub is_written: bool,
    /// What looks at its letters, or at those of a constant that holds it.
    pub inspections: Vec<Inspection>,
}

/// Something looks at the letters of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inspection {
    /// `slice`, `length`, `atob`, `test`.
    pub by: String,
    /// Of the member's name, or of the constant that holds it.
    pub range: Range,
}

/// How a member is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessForm {
    /// `config.x`, `config?.x`.
    Dot,
    /// `config['x']`.
    Computed,
    /// `const {x} = config`, `const {x: y} = config`, `({x}) => …`.
    Destructured,
    /// `'x' in config`.
    In,
}

/// The use of a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameUse {
    /// The name.
    pub name: String,
    /// Where.
    pub range: Range,
    /// Whether it is assigned to.
    pub is_written: bool,
}

/// A name that the text declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalName {
    /// As written.
    pub name: String,
    /// Of the name where it is declared first.
    pub range: Range,
    /// Where else it stands, in order.
    pub uses: Vec<LocalUse>,
}

/// The use of a name that the text declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalUse {
    /// Where.
    pub range: Range,
    /// Whether it is assigned to.
    pub is_written: bool,
    /// Whether it is also a key, as in `{name}`.
    pub is_shorthand: bool,
}

/// An object literal that a function returns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReturnedObject {
    /// With its braces.
    pub range: Range,
    /// Its keys, without computed ones.
    pub keys: Vec<Key>,
    /// Whether it has a spread or a computed key, so that other keys are possible.
    pub is_open: bool,
}

/// A key of a returned object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Unescaped.
    pub name: String,
    /// Without quotes.
    pub range: Range,
    /// Whether it is written as `{name}` alone.
    pub is_shorthand: bool,
    /// The object literals in its value, seen in the same way: for `return {items: rows.map(r => ({id: r.id}))}`.
    pub rows: Vec<ReturnedObject>,
    /// Whether `rows` is all that the value can hold.
    pub rows_are_known: bool,
}

/// A response of which nothing but the body is looked at: neither `ok` nor `status`, nor is it passed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UncheckedResponse {
    /// The name that is declared for it; without one the call of `fetch`.
    pub range: Range,
    /// A statement that throws when the server answered with an error, and where it belongs.
    pub check: Option<(u32, String)>,
}

/// The body of a response that is returned as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReturnedBody {
    /// The name in the `return`.
    pub range: Range,
    /// As declared.
    pub name: String,
    /// The members of it that are named elsewhere in the script, each once.
    pub members: Vec<String>,
    /// Those of them that are used as arrays: `data.items.map(…)`.
    pub lists: Vec<String>,
}

/// A string in the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StringLiteral {
    /// Unescaped; what is no Unicode text is replaced.
    pub value: String,
    /// With its quotes.
    pub range: Range,
    /// The name of the constant or key it is the value of, for `const API_KEY = '…'` and `{apiKey: '…'}`.
    pub name: Option<String>,
}
