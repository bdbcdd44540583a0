//! Azure in a box on loopback: what examples, tests and demos are played on. Nothing of it is in the shipped program, and
//! it knows nothing of that program: who may pull is computed here once more, slowly and obviously, so that a verdict
//! can be contradicted by a pull.

pub mod access;
pub mod acr;
pub mod arm;
pub mod authority;
pub mod az;
pub mod azure;
pub mod client;
pub mod directory;
pub mod entra;
pub mod image;
pub mod pull;
pub mod registry;
pub mod scene;
pub mod server;
pub mod store;
pub mod token;
pub mod world;

pub use azure::Azure;
pub use pull::{Puller, Refusal, pull};
pub use world::World;
