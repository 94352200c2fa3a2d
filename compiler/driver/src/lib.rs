//! moltlerc
