//! What was read last. Each of the checks looks at the same reference again, and reading is most of what an offline run does.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::{ImageRef, Mistake};

/// How many are remembered: the containers of a workload are judged in turn.
const MOST: usize = 8;
/// Longer texts are read again.
const LONGEST: usize = 512;

type Read = Result<ImageRef, Mistake>;

thread_local! {
    static RECENT: RefCell<VecDeque<(String, Read)>> = const { RefCell::new(VecDeque::new()) };
}

/// What `read` makes of the text, or made of it a moment ago.
pub(super) fn recall(text: &str, read: impl FnOnce(&str) -> Read) -> Read {
    let known = RECENT.with_borrow(|recent| {
        let known = recent.iter().find(|(known, _)| known == text);
        known.map(|(_, read)| read.clone())
    });
    known.unwrap_or_else(|| {
        let read = read(text);
        if text.len() <= LONGEST {
            RECENT.with_borrow_mut(|recent| {
                recent.truncate(MOST - 1);
                recent.push_front((text.to_owned(), read.clone()));
            });
        }
        read
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::{grammar, repair};
    use super::*;

    #[test]
    fn a_reference_is_read_once_until_others_push_it_out() {
        let count = Cell::new(0);
        let ask = |text: &str| {
            let read = recall(text, |text| {
                count.set(count.get() + 1);
                grammar::read(text).map_err(|fault| repair::explain(text, fault))
            });
            (read.map(|image| image.to_string()).map_err(|mistake| mistake.at), count.get())
        };
        assert_eq!(ask("acme.azurecr.io/a:1"), (Ok("acme.azurecr.io/a:1".to_owned()), 1));
        assert_eq!(ask("acme.azurecr.io/a:1").1, 1);
        assert_eq!(ask("acme.azurecr.io/A:1"), (Err(16..17), 2));
        assert_eq!(ask("acme.azurecr.io/A:1"), (Err(16..17), 2));
        let others: Vec<usize> = (0..MOST).map(|n| ask(&format!("acme.azurecr.io/b:{n}")).1).collect();
        assert_eq!(others.last(), Some(&(2 + MOST)));
        assert_eq!(ask("acme.azurecr.io/a:1").1, 3 + MOST);
    }
}
