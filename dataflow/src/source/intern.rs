//! Texts and elements that come again and again are kept once and shared.

use foldhash::fast::RandomState;
use gosight_operators::event::Element;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// Things remembered, of each kind. When it is full everything is forgotten: what is still in use stays where it is used.
const ENTRIES_MAX: usize = 1 << 16;

/// Longer texts hardly come twice.
const TEXT_BYTES_MAX: usize = 256;

/// Of one worker.
#[derive(Default)]
pub(crate) struct Interner {
    texts: Shared<str>,
    elements: Shared<Element>,
}

impl Interner {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() > TEXT_BYTES_MAX {
            return Arc::from(text);
        }
        match self.texts.get(text) {
            Some(known) => known,
            None => self.texts.keep(Arc::from(text)),
        }
    }

    pub(crate) fn element(&mut self, element: Element) -> Arc<Element> {
        match self.elements.get(&element) {
            Some(known) => known,
            None => self.elements.keep(Arc::new(element)),
        }
    }
}

struct Shared<T: ?Sized>(HashSet<Arc<T>, RandomState>);

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self(HashSet::default())
    }
}

impl<T: Hash + Eq + ?Sized> Shared<T> {
    fn get(&self, thing: &T) -> Option<Arc<T>> {
        self.0.get(thing).map(Arc::clone)
    }

    fn keep(&mut self, thing: Arc<T>) -> Arc<T> {
        if self.0.len() >= ENTRIES_MAX {
            self.0.clear();
        }
        self.0.insert(Arc::clone(&thing));
        thing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_text() {
        let mut interner = Interner::default();
        assert!(Arc::ptr_eq(&interner.text("/pricing"), &interner.text("/pricing")));
    }

    #[test]
    fn memory_is_bounded_and_what_is_in_use_stays() {
        let mut interner = Interner::default();
        let first = interner.text("first");
        (0..ENTRIES_MAX).for_each(|n| drop(interner.text(&n.to_string())));
        assert!(interner.texts.0.len() <= ENTRIES_MAX);
        assert_eq!(&*first, "first");
    }
}
