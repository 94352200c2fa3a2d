//! moltler-js
