//! A value that is computed when it is first needed, and that notices when computing it needs itself.

use std::cell::RefCell;

/// A value to come.
#[derive(Debug)]
pub(super) struct Slot<T>(RefCell<State<T>>);

/// Computing the value needs the value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cycle;

#[derive(Debug)]
enum State<T> {
    New,
    Busy,
    Done(T),
}

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot(RefCell::new(State::New))
    }
}

impl<T: Clone> Slot<T> {
    /// The value, from `compute` the first time.
    ///
    /// # Errors
    /// When `compute` asks for the same value again.
    pub fn get(&self, compute: impl FnOnce() -> T) -> Result<T, Cycle> {
        match &*self.0.borrow() {
            State::Done(value) => return Ok(value.clone()),
            State::Busy => return Err(Cycle),
            State::New => (),
        }
        self.0.replace(State::Busy);
        let value = compute();
        self.0.replace(State::Done(value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_computed_once() {
        let slot = Slot::default();
        assert_eq!(slot.get(|| 1), Ok(1));
        assert_eq!(slot.get(|| 2), Ok(1));
    }

    #[test]
    fn a_value_that_needs_itself_is_a_cycle() {
        let slot = Slot::<bool>::default();
        assert_eq!(slot.get(|| slot.get(|| true) == Err(Cycle)), Ok(true));
    }
}
