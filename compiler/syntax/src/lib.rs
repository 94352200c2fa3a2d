//! moltler-syntax
