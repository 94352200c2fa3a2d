//! Hand-made programs, compiled and run against a runtime that only tests have.

#[path = "machine_code/fake.rs"]
mod fake;

#[path = "machine_code/expressions.rs"]
mod expressions;
#[path = "machine_code/pipelines.rs"]
mod pipelines;
#[path = "machine_code/statements.rs"]
mod statements;
