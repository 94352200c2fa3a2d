//! Random tables and queries, for Moltler and PostgreSQL.

pub(crate) mod expression;
pub(crate) mod query;
pub(crate) mod relational;
pub(crate) mod table;
