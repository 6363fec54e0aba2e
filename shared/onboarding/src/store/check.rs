//! Rules for a store beyond its types. Each error names the value, the problem, and what to write instead.

mod binding;
mod notify;
mod text;
pub(super) mod value;

use std::collections::{BTreeMap, BTreeSet};

use self::binding::Checked;
pub(super) use self::notify::values;
use super::bindings::Store;
use super::wrong::{Wrong, Wrongs};
use crate::ordered::Ordered;

/// All errors: those of each binding, conflicts between bindings, and those of who is told.
pub(super) fn store(store: &Store) -> Vec<Wrong> {
    let mut wrong = Wrongs::default();
    let (mut names, mut listeners, mut groups) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (at, binding) in store.bindings.iter().enumerate() {
        let path = format!("bindings[{at}]");
        Checked { binding, path: &path }.check(&mut wrong);
        let (name, alb) = (&binding.name, &binding.alb.id);
        if names.insert(name, at).is_some() {
            let message = format!("two bindings are named `{name}`. Give each a name of its own.");
            wrong.note(Err(Wrong::new(format!("{path}.name"), message)));
        }
        if alb.as_str().is_empty() {
            continue; // named already
        }
        if let Some(other) = listeners.insert((alb, binding.listener.port), name) {
            let port = binding.listener.port;
            let message =
                format!("binding `{other}` has the listener on port {port} of {alb} already. Choose another port.");
            wrong.note(Err(Wrong::new(format!("{path}.listener.port"), message)));
        }
        if let Some(other) = groups.insert((alb, binding.server_group.name.as_str()), name) {
            let group = &binding.server_group.name;
            let message =
                format!("binding `{other}` has the server group `{group}` of {alb} already. Choose another name.");
            wrong.note(Err(Wrong::new(format!("{path}.serverGroup.name"), message)));
        }
    }
    let names: BTreeSet<_> = store.bindings.iter().map(|binding| &binding.name).ordered();
    notify::receivers(&store.notify, &names, &mut wrong);
    wrong.into_list()
}
