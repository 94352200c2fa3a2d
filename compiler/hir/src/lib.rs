//! moltler-hir
