//! moltler-db
