//! The ARM template language: what a template, with the parameters given to it, deploys.
//!
//! [`expand`] is the door. The language itself (lexer, parser, functions) sees a template only through [`scope::Scope`];
//! the templates (parameters, loops, nested deployments, references) see expressions only through [`eval`].
//! Nothing here knows what an image is, and nothing asks anybody: what only Azure knows is an unknown value.

mod ast;
mod compare;
pub mod context;
mod copies;
mod declaration;
mod dependencies;
pub mod error;
pub mod eval;
mod expansion;
mod frame;
mod functions;
mod given;
mod ids;
mod instance;
mod lexer;
mod limits;
mod nested;
mod outputs;
mod parameters;
pub mod parser;
pub mod plain;
mod prediction;
mod references;
mod run;
pub mod scope;
mod session;
mod slot;
mod spell;
mod target;
mod text;
mod tree;
#[cfg(test)]
mod trial;
mod types;
mod unresolved;
mod user;
mod view;
mod weight;

pub use crate::cloud::Cloud;
pub use context::{Context, Deployer, Level};
pub use dependencies::Waits;
pub use error::{Error, Kind, Outcome};
pub use expansion::{
    Condition, Deployment, Expansion, Knowledge, Missing, Resource, Unexamined, expand, expand_knowing,
};
pub use given::{Given, Source};
pub use scope::Target;
pub use unresolved::Unresolved;
