//! moltler-lsp
