//! The front end on damaged text.
