//! Statements about connectors.

use super::{AstNode, Expr, ast_enum, ast_nodes};
use crate::kind::SyntaxKind;
use crate::node::SyntaxNode;
use crate::text::TextRange;

ast_nodes! {
    /// CREATE CONNECTOR TYPE
    CreateConnectorType(CreateConnectorType) {
        /// The type's name.
        one name = "name": StringLiteral;
        /// All clauses, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// CREATE CONNECTOR ENTITY
    CreateConnectorEntity(CreateConnectorEntity) {
        /// `type.entity`
        one name = "name": StringLiteral;
        /// All clauses, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// CREATE CONNECTOR ACTION
    CreateConnectorAction(CreateConnectorAction) {
        /// `type.action`, `type.entity.action`
        one name = "name": StringLiteral;
        /// All clauses, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// REGISTER CONNECTOR TYPE
    RegisterConnectorType(RegisterConnectorType) {
        /// The type's name.
        one name = "name": StringLiteral;
    }

    /// CREATE CONNECTOR name
    CreateConnector(CreateConnector) {
        /// The instance's name.
        one name = "name": Name;
        /// The type's name.
        one type_name = "type": StringLiteral;
        /// All clauses, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// ALTER CONNECTOR
    AlterConnector(AlterConnector) {
        /// The instance's name.
        one name = "name": Name;
        /// OPTIONS
        one options = "clause": Clause;
    }

    /// DROP CONNECTOR
    DropConnector(DropConnector) {
        /// The instance's name.
        one name = "name": Name;
    }

    /// SHOW CONNECTORS
    ShowConnectors(ShowConnectors) {}

    /// SHOW CONNECTOR name
    ShowConnector(ShowConnector) {
        /// The instance's name.
        one name = "name": Name;
        /// Whether STATUS follows.
        has has_status = "status";
    }

    /// SHOW SYNC STATE
    ShowSyncState(ShowSyncState) {
        /// `instance` or `instance.entity`
        one target = "target": Path;
    }

    /// DESCRIBE
    Describe(Describe) {
        /// `instance.entity`
        one target = "target": Path;
    }

    /// TEST CONNECTOR name
    TestConnector(TestConnector) {
        /// The instance's name.
        one name = "name": Name;
    }

    /// CONNECTOR_EXEC
    ConnectorExec(ConnectorExec) {
        /// `instance.action` or `instance.entity.action`
        one action = "action": Path;
        /// The arguments with their parentheses.
        one argument_list = "arguments": ExecArguments;
    }

    /// The arguments of CONNECTOR_EXEC.
    ExecArguments(ExecArguments) {
        /// A document, or named arguments.
        many arguments = "argument": ExecArgument;
    }

    /// `name => expr`
    NamedArgument(NamedArgument) {
        /// The name.
        one name = "name": Name;
        /// The value.
        one value = "value": Expr;
    }

    /// SYNC CONNECTOR
    SyncConnector(SyncConnector) {
        /// `instance` or `instance.entity`
        one source = "source": Path;
        /// Where the rows go.
        one target = "target": SyncTarget;
        /// All clauses, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// The name of a table, without quotes: `github-issues-*`.
    BareTarget(BareTarget) {}

    /// PACKAGE CONNECTOR TYPE
    PackageConnectorType(PackageConnectorType) {
        /// The type's name.
        one name = "name": StringLiteral;
        /// All clauses, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// PUBLISH CONNECTOR TYPE
    PublishConnectorType(PublishConnectorType) {
        /// The type's name.
        one name = "name": StringLiteral;
        /// The registry.
        one registry = "registry": StringLiteral;
    }

    /// INSTALL CONNECTOR TYPE
    InstallConnectorType(InstallConnectorType) {
        /// The package's name.
        one name = "name": StringLiteral;
        /// The registry.
        one registry = "registry": StringLiteral;
        /// VERSION
        many clauses = "clause": Clause;
    }

    /// `'''…'''`
    RawBlock(RawBlock) {}
}

ast_enum! {
    /// An argument of CONNECTOR_EXEC.
    ExecArgument {
        /// `name => expr`
        Named(NamedArgument),
        /// A document.
        Expr(Expr),
    }
}

ast_enum! {
    /// Where the rows of SYNC go.
    SyncTarget {
        /// A string.
        String(StringLiteral),
        /// A bare name.
        Bare(BareTarget),
    }
}

impl AlterConnector<'_> {
    /// `true` for ENABLE, `false` for DISABLE; `None` for OPTIONS.
    pub fn enables(self) -> Option<bool> {
        self.syntax().field("action").and_then(|action| action.token()).map(|word| word == "ENABLE")
    }
}

impl SyncTarget<'_> {
    /// The target without quotes.
    pub fn value(self) -> String {
        match self {
            SyncTarget::String(string) => string.value(),
            SyncTarget::Bare(name) => name.text().to_owned(),
        }
    }
}

impl<'tree> RawBlock<'tree> {
    /// The text between the fences, byte for byte.
    pub fn content(self) -> &'tree str {
        self.content_range().of(self.syntax().source())
    }

    /// Where that text stands.
    pub fn content_range(self) -> TextRange {
        match self.syntax().field("content") {
            Some(content) => content.range(),
            None => TextRange::empty((self.range().start() + 3).min(self.range().end())),
        }
    }
}

macro_rules! clauses {
    ($($kind:ident = $word:literal,)*) => {
        /// What a [`Clause`] is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the clause of that name")]
        pub enum ClauseKind {
            $($kind,)*
        }

        impl ClauseKind {
            /// The keywords that open it, in upper case.
            pub const fn keyword(self) -> &'static str {
                match self {
                    $(ClauseKind::$kind => $word,)*
                }
            }
        }
    };
}

clauses! {
    Description = "DESCRIPTION",
    Documentation = "DOCUMENTATION",
    ConfigSchema = "CONFIG_SCHEMA",
    AllowHosts = "ALLOW_HOSTS",
    Shared = "SHARED",
    CheckHandler = "CHECK_HANDLER",
    Options = "OPTIONS",
    Language = "LANGUAGE",
    Fields = "FIELDS",
    Pushdown = "PUSHDOWN",
    QueryHandler = "QUERY_HANDLER",
    Parameters = "PARAMETERS",
    Effect = "EFFECT",
    Handler = "HANDLER",
    Config = "CONFIG",
    Version = "VERSION",
    Author = "AUTHOR",
    License = "LICENSE",
    Homepage = "HOMEPAGE",
    Repository = "REPOSITORY",
    Tags = "TAGS",
    Name = "NAME",
    At = "AT",
    MockApi = "MOCK_API",
    Default = "DEFAULT",
    Where = "WHERE",
    Incremental = "INCREMENTAL ON",
    Append = "APPEND",
    KeepMissing = "KEEP MISSING",
    Schema = "SCHEMA",
    Schedule = "SCHEDULE",
}

/// A clause of a statement: a keyword and, for most, a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause<'tree> {
    node: SyntaxNode<'tree>,
    kind: ClauseKind,
}

impl<'tree> AstNode<'tree> for Clause<'tree> {
    fn cast(node: SyntaxNode<'tree>) -> Option<Self> {
        let kind = match node.kind() {
            SyntaxKind::DescriptionClause => ClauseKind::Description,
            SyntaxKind::DocumentationClause => ClauseKind::Documentation,
            SyntaxKind::ConfigSchemaClause => ClauseKind::ConfigSchema,
            SyntaxKind::AllowHostsClause => ClauseKind::AllowHosts,
            SyntaxKind::SharedClause => ClauseKind::Shared,
            SyntaxKind::CheckHandlerClause => ClauseKind::CheckHandler,
            SyntaxKind::OptionsClause => ClauseKind::Options,
            SyntaxKind::LanguageClause => ClauseKind::Language,
            SyntaxKind::FieldsClause => ClauseKind::Fields,
            SyntaxKind::PushdownClause => ClauseKind::Pushdown,
            SyntaxKind::QueryHandlerClause => ClauseKind::QueryHandler,
            SyntaxKind::ParametersClause => ClauseKind::Parameters,
            SyntaxKind::EffectClause => ClauseKind::Effect,
            SyntaxKind::HandlerClause => ClauseKind::Handler,
            SyntaxKind::ConfigClause => ClauseKind::Config,
            SyntaxKind::VersionClause => ClauseKind::Version,
            SyntaxKind::AuthorClause => ClauseKind::Author,
            SyntaxKind::LicenseClause => ClauseKind::License,
            SyntaxKind::HomepageClause => ClauseKind::Homepage,
            SyntaxKind::RepositoryClause => ClauseKind::Repository,
            SyntaxKind::TagsClause => ClauseKind::Tags,
            SyntaxKind::NameClause => ClauseKind::Name,
            SyntaxKind::AtClause => ClauseKind::At,
            SyntaxKind::MockApiClause => ClauseKind::MockApi,
            SyntaxKind::DefaultClause => ClauseKind::Default,
            SyntaxKind::WhereClause => ClauseKind::Where,
            SyntaxKind::IncrementalClause => ClauseKind::Incremental,
            SyntaxKind::AppendClause => ClauseKind::Append,
            SyntaxKind::KeepMissingClause => ClauseKind::KeepMissing,
            SyntaxKind::SchemaClause => ClauseKind::Schema,
            SyntaxKind::ScheduleClause => ClauseKind::Schedule,
            _ => return None,
        };
        Some(Clause { node, kind })
    }

    fn syntax(self) -> SyntaxNode<'tree> {
        self.node
    }
}

impl<'tree> Clause<'tree> {
    /// What it is.
    pub fn kind(self) -> ClauseKind {
        self.kind
    }

    /// Where its first keyword stands.
    pub fn keyword_range(self) -> TextRange {
        self.node.children().next().map_or(self.node.range(), SyntaxNode::range)
    }

    /// Its value as an expression: DEFAULT, AT, and those below but a raw block. For WHERE its condition.
    pub fn expr(self) -> Option<Expr<'tree>> {
        self.node.field("value").or_else(|| self.node.field("condition")).and_then(Expr::cast)
    }

    /// Its value if that is a document.
    pub fn document(self) -> Option<super::DocumentExpr<'tree>> {
        self.node.field("value").and_then(super::DocumentExpr::cast)
    }

    /// Its value if that is an array.
    pub fn array(self) -> Option<super::ArrayExpr<'tree>> {
        self.node.field("value").and_then(super::ArrayExpr::cast)
    }

    /// Its value if that is a string.
    pub fn string(self) -> Option<super::StringLiteral<'tree>> {
        self.node.field("value").and_then(super::StringLiteral::cast)
    }

    /// Its value if that is a raw block.
    pub fn raw_block(self) -> Option<RawBlock<'tree>> {
        self.node.field("value").and_then(RawBlock::cast)
    }

    /// The text that its string or raw block stands for.
    pub fn text_value(self) -> Option<String> {
        match (self.string(), self.raw_block()) {
            (Some(string), _) => Some(string.value()),
            (_, Some(raw)) => Some(raw.content().to_owned()),
            (None, None) => None,
        }
    }

    /// The word behind SCHEMA, in upper case: `EVOLVE` or `FREEZE`.
    pub fn word(self) -> Option<&'tree str> {
        self.node.field("value").and_then(SyntaxNode::token)
    }

    /// The field of INCREMENTAL ON.
    pub fn incremental_field(self) -> Option<super::Path<'tree>> {
        self.node.field("field").and_then(super::Path::cast)
    }

    /// What follows LOOKBACK in INCREMENTAL ON.
    pub fn lookback(self) -> Option<Expr<'tree>> {
        self.node.field("lookback").and_then(Expr::cast)
    }
}
