//! Will this deployment be able to pull its images? Answered before it runs.
//!
//! The flow is one direction: load → expand → judge ⇄ answer → report. Only [`probe`] talks to the world; everything else is
//! a function of data.

pub mod bicep;
pub mod check;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod doctor;
pub mod document;
pub mod egress;
pub mod evidence;
pub mod expand;
pub mod explain;
pub mod finding;
pub mod gate;
pub mod hook;
pub mod image;
pub mod judge;
pub mod load;
pub mod manifest;
pub mod pin;
pub mod probe;
pub mod rbac;
pub mod report;
pub mod run;
pub mod source;
pub mod template;
pub mod triage;
pub mod value;
