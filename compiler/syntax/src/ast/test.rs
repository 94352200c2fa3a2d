//! Statements of tests.

use super::ast_nodes;

ast_nodes! {
    /// TEST CONNECTOR TYPE … END TEST
    TestBlock(TestBlock) {
        /// The type's name.
        one type_name = "type": StringLiteral;
        /// NAME, TAGS, AT, MOCK_API, in order; one may be there twice.
        many clauses = "clause": Clause;
        /// The statements; `None` if there are none.
        one body = "body": Block;
    }

    /// ASSERT
    Assert(Assert) {
        /// What must hold.
        one condition = "condition": Expr;
        /// The message behind the comma.
        one message = "message": Expr;
    }

    /// ASSERT RAISES
    AssertRaises(AssertRaises) {
        /// The class of the error.
        one error = "error": StringLiteral;
        /// The pattern of its message, behind LIKE.
        one pattern = "pattern": Expr;
        /// The statement that must raise it.
        one statement = "statement": Statement;
    }

    /// ADVANCE
    Advance(Advance) {
        /// By how much the clock goes on.
        one interval = "interval": Expr;
    }
}
