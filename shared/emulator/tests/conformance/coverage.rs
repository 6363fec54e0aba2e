//! What held, as lines that can be compared: `alb CreateListener errors: A; B`.

use std::collections::{BTreeMap, BTreeSet};

const BETWEEN: &str = "; ";

/// By service, action and aspect: the items that were checked.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<(String, String, String), BTreeSet<String>>);

impl Coverage {
    pub(crate) fn add(&mut self, service: &str, action: &str, aspect: &str, item: impl Into<String>) {
        let item = item.into();
        assert!(!item.is_empty() && !item.contains(BETWEEN), "{item:?} cannot be listed");
        self.0.entry((service.to_owned(), action.to_owned(), aspect.to_owned())).or_default().insert(item);
    }

    pub(crate) fn items(&self, service: &str, action: &str, aspect: &str) -> impl Iterator<Item = &str> {
        let key = (service.to_owned(), action.to_owned(), aspect.to_owned());
        self.0.get(&key).into_iter().flatten().map(String::as_str)
    }

    /// One line for each action and aspect.
    pub(crate) fn text(&self) -> String {
        let line = |((service, action, aspect), items): (&(String, String, String), &BTreeSet<String>)| {
            let items: Vec<&str> = items.iter().map(String::as_str).collect();
            format!("{service} {action} {aspect}: {}\n", items.join(BETWEEN))
        };
        self.0.iter().map(line).collect()
    }

    /// What an older text has and this has not.
    pub(crate) fn lost_since(&self, old: &str) -> Vec<String> {
        let mut lost = Vec::new();
        for line in old.lines() {
            let (head, items) = line.split_once(": ").unwrap_or((line, ""));
            let parts: Vec<&str> = head.split(' ').collect();
            let [service, action, aspect] = parts.as_slice() else {
                lost.push(format!("not a line of this file: {line}"));
                continue;
            };
            let now: BTreeSet<&str> = self.items(service, action, aspect).collect();
            lost.extend(items.split(BETWEEN).filter(|item| !now.contains(item)).map(|item| format!("{head}: {item}")));
        }
        lost
    }
}

#[test]
fn what_is_dropped_is_noticed() {
    let mut coverage = Coverage::default();
    for (action, item) in [("Create", "A"), ("Create", "B"), ("Delete", "C")] {
        coverage.add("alb", action, "errors", item);
    }
    assert_eq!(coverage.text(), "alb Create errors: A; B\nalb Delete errors: C\n");
    assert!(coverage.lost_since("alb Create errors: A\n").is_empty());
    let old = "alb Create errors: A; Z\nalb List errors: A\n";
    assert_eq!(coverage.lost_since(old), ["alb Create errors: Z", "alb List errors: A"]);
}
