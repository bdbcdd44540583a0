//! ARM templates.

use crate::template::{Context, Given};
use crate::value::Value;

use super::Manifest;

pub(super) struct Predictor;
impl Predictor {
    pub(super) fn new(_bodies: &[&Value], _context: &Context) -> Predictor { Predictor }
    pub(super) fn predict(&self, body: &Value) -> Value { body.clone() }
}
pub(super) fn read(_template: &Value, _given: &Given, _context: &Context, _manifest: &mut Manifest) {}
