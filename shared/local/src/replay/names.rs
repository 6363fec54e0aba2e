//! The mapping between the ids of the recorded world and those of the new one.

use std::collections::BTreeMap;

/// Pairs of ids, one to one.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    new: BTreeMap<String, String>,
    old: BTreeMap<String, String>,
}

/// Shorter texts are not generated ids: replacing them would change other texts, too.
const SHORTEST: usize = 6;

impl Names {
    /// Maps two ids to one another, unless one of them is mapped already. Returns whether they are mapped to one another now.
    pub(super) fn same(&mut self, old: &str, new: &str) -> bool {
        if old == new {
            return !self.new.contains_key(old);
        }
        match (self.new.get(old), self.old.get(new)) {
            (Some(known), _) => known == new,
            (None, Some(_)) => false,
            (None, None) if old.len() < SHORTEST || new.len() < SHORTEST => false,
            (None, None) => {
                self.new.insert(old.to_owned(), new.to_owned());
                self.old.insert(new.to_owned(), old.to_owned());
                true
            }
        }
    }

    /// Whether an old text is known to stand for something of another name.
    pub(super) fn is_another(&self, old: &str) -> bool {
        self.new.contains_key(old)
    }

    /// Whether two texts could be the same thing, as far as is known.
    pub(super) fn may_be_same(&self, old: &str, new: &str) -> bool {
        match self.new.get(old) {
            Some(known) => known == new,
            None => old == new || !self.old.contains_key(new),
        }
    }

    /// A text with the recorded ids replaced by the new ones.
    pub(super) fn translate(&self, text: &str) -> String {
        if let Some(new) = self.new.get(text) {
            return new.clone();
        }
        let mut translated = text.to_owned();
        // Longer names first: one may begin another.
        for (old, new) in self.new.iter().rev() {
            if translated.contains(old.as_str()) {
                translated = translated.replace(old.as_str(), new);
            }
        }
        translated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_one_to_one() {
        let mut names = Names::default();
        assert!(names.same("alb-aaaaaa", "alb-bbbbbb"));
        assert!(names.same("alb-aaaaaa", "alb-bbbbbb"));
        assert!(!names.same("alb-aaaaaa", "alb-cccccc"), "it is another one already");
        assert!(!names.same("alb-dddddd", "alb-bbbbbb"), "it is taken");
        assert!(!names.same("on", "off"), "no ids");
        assert!(names.same("vpc-1", "vpc-1"));
        assert_eq!(names.translate("alb-aaaaaa.cn-chengdu.x"), "alb-bbbbbb.cn-chengdu.x");
        assert_eq!(names.translate("alb-aaaaaa"), "alb-bbbbbb");
    }
}
