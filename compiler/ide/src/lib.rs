//! moltler-ide
