//! Servers and databases that this tool starts for itself, and what it reads about them from the system.

pub mod hospital;
pub mod postgres;
pub mod process;
pub mod usage;
