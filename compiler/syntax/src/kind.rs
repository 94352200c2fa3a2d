//! The kinds of syntax nodes.

use std::sync::OnceLock;

macro_rules! kinds {
    ($($variant:ident = $name:literal,)*) => {
        /// The kind of a syntax node: the grammar's name for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is the node of that name in the grammar")]
        pub enum SyntaxKind {
            $($variant,)*
            /// A word of the language, such as `SELECT`.
            Keyword,
            /// A mark, such as `(`.
            Punctuation,
            /// Text that fits nowhere.
            Error,
        }

        impl SyntaxKind {
            /// The grammar's name: `select_statement`. Keywords, marks and errors have none of their own.
            pub const fn name(self) -> &'static str {
                match self {
                    $(SyntaxKind::$variant => $name,)*
                    SyntaxKind::Keyword => "keyword",
                    SyntaxKind::Punctuation => "punctuation",
                    SyntaxKind::Error => "ERROR",
                }
            }

            fn from_name(name: &str) -> Option<SyntaxKind> {
                match name {
                    $($name => Some(SyntaxKind::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Advance = "advance",
    AllowHostsClause = "allow_hosts_clause",
    AlterConnector = "alter_connector",
    AppendClause = "append_clause",
    Array = "array",
    Arrow = "arrow",
    Assert = "assert",
    AssertRaises = "assert_raises",
    AtClause = "at_clause",
    AuthorClause = "author_clause",
    BareTarget = "bare_target",
    BetweenExpression = "between_expression",
    BinaryExpression = "binary_expression",
    Block = "block",
    Boolean = "boolean",
    Break = "break",
    CaseExpression = "case_expression",
    CastExpression = "cast_expression",
    CatchClause = "catch_clause",
    CheckHandlerClause = "check_handler_clause",
    Comment = "comment",
    CommonTable = "common_table",
    ConfigClause = "config_clause",
    ConfigSchemaClause = "config_schema_clause",
    ConnectorExec = "connector_exec",
    Continue = "continue",
    CreateConnector = "create_connector",
    CreateConnectorAction = "create_connector_action",
    CreateConnectorEntity = "create_connector_entity",
    CreateConnectorType = "create_connector_type",
    DataType = "data_type",
    Declare = "declare",
    DefaultClause = "default_clause",
    DerivedTable = "derived_table",
    Describe = "describe",
    DescriptionClause = "description_clause",
    Document = "document",
    DocumentationClause = "documentation_clause",
    DropConnector = "drop_connector",
    EffectClause = "effect_clause",
    ElseClause = "else_clause",
    ElseifClause = "elseif_clause",
    ExecArguments = "exec_arguments",
    ExistsExpression = "exists_expression",
    ExpressionList = "expression_list",
    ExtractArgument = "extract_argument",
    FieldsClause = "fields_clause",
    FilterClause = "filter_clause",
    FinallyClause = "finally_clause",
    For = "for",
    Frame = "frame",
    FromClause = "from_clause",
    FunctionCall = "function_call",
    GroupBy = "group_by",
    HandlerClause = "handler_clause",
    HavingClause = "having_clause",
    HomepageClause = "homepage_clause",
    Identifier = "identifier",
    If = "if",
    InExpression = "in_expression",
    IncrementalClause = "incremental_clause",
    IndexExpression = "index_expression",
    InstallConnectorType = "install_connector_type",
    IntervalExpression = "interval_expression",
    IsNullExpression = "is_null_expression",
    Join = "join",
    KeepMissingClause = "keep_missing_clause",
    LanguageClause = "language_clause",
    LicenseClause = "license_clause",
    LikeExpression = "like_expression",
    LimitClause = "limit_clause",
    MemberExpression = "member_expression",
    MockApiClause = "mock_api_clause",
    NameClause = "name_clause",
    NameReference = "name_reference",
    NamedArgument = "named_argument",
    Null = "null",
    Number = "number",
    OffsetClause = "offset_clause",
    OptionsClause = "options_clause",
    OrderBy = "order_by",
    OrderKey = "order_key",
    OverClause = "over_clause",
    PackageConnectorType = "package_connector_type",
    Pair = "pair",
    Param = "param",
    ParametersClause = "parameters_clause",
    ParenthesizedExpression = "parenthesized_expression",
    Path = "path",
    Print = "print",
    PublishConnectorType = "publish_connector_type",
    PushdownClause = "pushdown_clause",
    QualifiedStar = "qualified_star",
    QueryHandlerClause = "query_handler_clause",
    QuotedIdentifier = "quoted_identifier",
    Raise = "raise",
    Range = "range",
    RawBlock = "raw_block",
    RawContent = "raw_content",
    RegisterConnectorType = "register_connector_type",
    RepositoryClause = "repository_clause",
    ScheduleClause = "schedule_clause",
    SchemaClause = "schema_clause",
    Select = "select",
    SelectItem = "select_item",
    SelectStatement = "select_statement",
    Set = "set",
    SetOperation = "set_operation",
    SharedClause = "shared_clause",
    ShowConnector = "show_connector",
    ShowConnectors = "show_connectors",
    ShowSyncState = "show_sync_state",
    SourceFile = "source_file",
    Star = "star",
    String = "string",
    Subquery = "subquery",
    SyncConnector = "sync_connector",
    TableFunction = "table_function",
    TableReference = "table_reference",
    TagsClause = "tags_clause",
    TestBlock = "test_block",
    TestConnector = "test_connector",
    Try = "try",
    TypedLiteral = "typed_literal",
    UnaryExpression = "unary_expression",
    UnsupportedStatement = "unsupported_statement",
    VariableReference = "variable_reference",
    VersionClause = "version_clause",
    WhenClause = "when_clause",
    WhereClause = "where_clause",
    While = "while",
    Window = "window",
    WithClause = "with_clause",
}

impl SyntaxKind {
    pub(crate) fn of(node: tree_sitter::Node<'_>) -> SyntaxKind {
        static KINDS: OnceLock<Vec<SyntaxKind>> = OnceLock::new();
        let kinds = KINDS.get_or_init(|| {
            let language = crate::parse::language();
            (0..language.node_kind_count() as u16)
                .map(|id| {
                    let name = language.node_kind_for_id(id).unwrap_or("");
                    if language.node_kind_is_named(id) {
                        SyntaxKind::from_name(name).unwrap_or(SyntaxKind::Error)
                    } else if name.starts_with(|first: char| first.is_ascii_uppercase()) {
                        SyntaxKind::Keyword
                    } else {
                        SyntaxKind::Punctuation
                    }
                })
                .collect()
        });
        kinds.get(usize::from(node.kind_id())).copied().unwrap_or(SyntaxKind::Error)
    }
}
