//! SYNC, whole ways: what it says, and that its tables come out right whatever happens.
//!
//! A *history* is a table behind an API that changes while it is read and answers badly now and then ([`simulator`]), and runs of a
//! sync that are killed at random places. In the end, when nothing changes any more, one more run must leave the target as the
//! API's table is. Each history has a seed, which decides everything but the time that things take.
//!
//! A few are tried for each target; `MOLTLER_SYNC_HISTORIES=1000` tries so many, `MOLTLER_SYNC_SEED=17` from that seed on.

mod commands;
mod history;
mod protocols;
mod simulator;
