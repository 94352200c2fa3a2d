//! moltler-plan
