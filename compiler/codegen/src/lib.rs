//! moltler-codegen
