//! Statements in general, variables and control flow.

use super::{AstNode, ast_enum, ast_nodes};
use crate::node::SyntaxNode;

ast_enum! {
    /// A statement.
    Statement {
        /// CREATE CONNECTOR TYPE
        CreateConnectorType(CreateConnectorType),
        /// CREATE CONNECTOR ENTITY
        CreateConnectorEntity(CreateConnectorEntity),
        /// CREATE CONNECTOR ACTION
        CreateConnectorAction(CreateConnectorAction),
        /// REGISTER CONNECTOR TYPE
        RegisterConnectorType(RegisterConnectorType),
        /// CREATE CONNECTOR name
        CreateConnector(CreateConnector),
        /// ALTER CONNECTOR
        AlterConnector(AlterConnector),
        /// DROP CONNECTOR
        DropConnector(DropConnector),
        /// SHOW CONNECTORS
        ShowConnectors(ShowConnectors),
        /// SHOW CONNECTOR name
        ShowConnector(ShowConnector),
        /// SHOW SYNC STATE
        ShowSyncState(ShowSyncState),
        /// DESCRIBE
        Describe(Describe),
        /// TEST CONNECTOR name
        TestConnector(TestConnector),
        /// SELECT
        Select(SelectStatement),
        /// CONNECTOR_EXEC
        ConnectorExec(ConnectorExec),
        /// SYNC CONNECTOR
        SyncConnector(SyncConnector),
        /// TEST CONNECTOR TYPE … END TEST
        Test(TestBlock),
        /// PACKAGE CONNECTOR TYPE
        PackageConnectorType(PackageConnectorType),
        /// PUBLISH CONNECTOR TYPE
        PublishConnectorType(PublishConnectorType),
        /// INSTALL CONNECTOR TYPE
        InstallConnectorType(InstallConnectorType),
        /// PARAM
        Param(Param),
        /// DECLARE
        Declare(Declare),
        /// SET
        Set(Set),
        /// ASSERT
        Assert(Assert),
        /// ASSERT RAISES
        AssertRaises(AssertRaises),
        /// ADVANCE
        Advance(Advance),
        /// IF … END IF
        If(If),
        /// FOR … END LOOP
        For(For),
        /// WHILE … END LOOP
        While(While),
        /// BREAK
        Break(Break),
        /// CONTINUE
        Continue(Continue),
        /// TRY … END TRY
        Try(Try),
        /// RAISE
        Raise(Raise),
        /// PRINT
        Print(Print),
        /// A statement that SQL has and this language has not.
        Unsupported(UnsupportedStatement),
    }
}

impl<'tree> Statement<'tree> {
    /// Its first keyword.
    pub fn keyword(self) -> Option<SyntaxNode<'tree>> {
        self.syntax().descendants().find(|node| node.is_token() && !node.is_missing())
    }
}

ast_enum! {
    /// What DECLARE and SET take, and FOR goes over.
    Value {
        /// A query without parentheses: an array of documents.
        Select(SelectStatement),
        /// The result of an action.
        ConnectorExec(ConnectorExec),
        /// `1..3`, in FOR only.
        Range(Range),
        /// An expression.
        Expr(Expr),
    }
}

ast_nodes! {
    /// The statements inside a TEST, IF, FOR, WHILE, TRY.
    Block(Block) {}

    /// PARAM
    Param(Param) {
        /// The parameter's name.
        one name = "name": Name;
        /// Its type.
        one data_type = "type": DataType;
        /// DEFAULT and DESCRIPTION, in order; one may be there twice.
        many clauses = "clause": Clause;
    }

    /// DECLARE
    Declare(Declare) {
        /// The variable's name.
        one name = "name": Name;
        /// Its type.
        one data_type = "type": DataType;
        /// What it is set to.
        one value = "value": Value;
    }

    /// SET
    Set(Set) {
        /// The variable's name.
        one name = "name": Name;
        /// What it is set to.
        one value = "value": Value;
    }

    /// PRINT
    Print(Print) {
        /// What is printed.
        one value = "value": Expr;
    }

    /// IF
    If(If) {
        /// The condition.
        one condition = "condition": Expr;
        /// The statements behind THEN; `None` if there are none.
        one then = "then": Block;
        /// ELSEIF …
        many elseifs = "elseif": ElseifClause;
        /// ELSE …
        one else_clause = "else": ElseClause;
    }

    /// ELSEIF … THEN …
    ElseifClause(ElseifClause) {
        /// The condition.
        one condition = "condition": Expr;
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// ELSE …
    ElseClause(ElseClause) {
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// FOR
    For(For) {
        /// The variable.
        one variable = "variable": Name;
        /// What it goes over.
        one source = "source": Value;
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// `1..3`
    Range(Range) {
        /// The first number.
        one low = "low": Expr;
        /// The last number.
        one high = "high": Expr;
    }

    /// WHILE
    While(While) {
        /// The condition.
        one condition = "condition": Expr;
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// BREAK
    Break(Break) {}
    /// CONTINUE
    Continue(Continue) {}

    /// TRY
    Try(Try) {
        /// The statements; `None` if there are none.
        one body = "body": Block;
        /// CATCH …
        many catches = "catch": CatchClause;
        /// FINALLY …
        one finally = "finally": FinallyClause;
    }

    /// CATCH [name] …
    CatchClause(CatchClause) {
        /// The class of the errors that it catches; all, if there is none.
        one error = "error": Name;
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// FINALLY …
    FinallyClause(FinallyClause) {
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// RAISE
    Raise(Raise) {
        /// The message.
        one value = "value": Expr;
        /// What follows WITH CODE.
        one code = "code": Expr;
    }

    /// A statement that SQL has and this language has not: `INSERT …`, `CREATE TABLE …`.
    UnsupportedStatement(UnsupportedStatement) {}
}

impl<'tree> Block<'tree> {
    /// The statements, also those inside of text that could not be read as a whole.
    pub fn statements(self) -> impl Iterator<Item = Statement<'tree>> {
        super::SourceFile::new(self.syntax()).statements()
    }
}

impl UnsupportedStatement<'_> {
    /// The words that name it, in upper case: `CREATE TABLE`.
    pub fn head(self) -> String {
        let mut words = self.syntax().fields("head").filter_map(SyntaxNode::token);
        let mut head = words.next().unwrap_or("").to_owned();
        for word in words {
            head.push(' ');
            head.push_str(word);
        }
        head
    }
}
