//! Azure in a box on loopback: what examples, tests and demos are played on. Nothing of it is in the shipped program.

pub mod image;
pub mod registry;
pub mod scene;
pub mod server;
