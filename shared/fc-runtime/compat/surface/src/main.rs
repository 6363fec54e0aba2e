//! Compares the public surface of fc-runtime with upstream's, item by item, by the JSON of rustdoc.
//!
//! `surface list CRATE=JSON...` prints the surface of crates as one list; upstream's, of `lambda_runtime` and of what it
//! takes over from `lambda_runtime_api_client`, is checked in. `surface compare LIST JSON EXCEPTIONS` fails if an item of
//! the list is neither in ours nor among the exceptions, or an exception is not needed any more. What ours has beyond
//! upstream's is no concern.

use std::{collections::BTreeSet, error::Error, fs, path::Path, process::ExitCode};

use serde::Deserialize;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where upstream's items show up in one place and ours in another, without a difference to a caller.
#[derive(Deserialize)]
struct Exceptions {
    #[serde(default)]
    same: Vec<Same>,
    #[serde(default)]
    exception: Vec<Exception>,
}

#[derive(Deserialize)]
struct Same {
    upstream: String,
    ours: String,
}

#[derive(Deserialize)]
struct Exception {
    /// The whole item, as in the list, or its beginning followed by `*`.
    item: String,
    reason: String,
}

impl Exception {
    fn covers(&self, item: &str) -> bool {
        match self.item.strip_suffix('*') {
            Some(beginning) => item.starts_with(beginning),
            None => item == self.item,
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["list", crates @ ..] => list(crates),
        ["compare", list, ours, exceptions] => compare(list, ours, exceptions),
        _ => Err("usage: surface list CRATE=JSON... | surface compare LIST JSON EXCEPTIONS".into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(64)
        }
    }
}

fn list(crates: &[&str]) -> Outcome<bool> {
    let mut items = BTreeSet::new();
    for argument in crates {
        let (name, path) = argument.split_once('=').ok_or("CRATE=JSON")?;
        items.extend(surface(name, Path::new(path))?);
    }
    for item in items {
        println!("{item}");
    }
    Ok(true)
}

/// The items of a crate, whose own name becomes `crate`.
fn surface(name: &str, json: &Path) -> Outcome<BTreeSet<String>> {
    // Those that no caller of a runtime asks for, and that change with a private field.
    const INTERNAL: [&str; 5] = ["Freeze", "UnsafeUnpin", "UnwindSafe", "RefUnwindSafe", "StructuralPartialEq"];
    let api = public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).build()?;
    let own = format!("{name}::");
    let items =
        api.items().map(|item| format!(" {item}").replace(&format!(" {own}"), " crate::").replace(&own, "crate::"));
    Ok(items
        .map(|item| item.trim().to_owned())
        .filter(|item| !INTERNAL.iter().any(|internal| item.contains(&format!("::{internal} for "))))
        .filter(|item| !(item.starts_with("pub mod ") && item.ends_with(name)))
        .collect())
}

fn compare(list: &str, ours: &str, exceptions: &str) -> Outcome<bool> {
    let exceptions: Exceptions = toml::from_str(&fs::read_to_string(exceptions)?)?;
    let ours = surface("fc_runtime", Path::new(ours))?;
    let canonical = |item: &str, side: fn(&Same) -> &String| {
        exceptions.same.iter().fold(item.to_owned(), |item, same| item.replace(side(same), &same.ours))
    };
    let ours: BTreeSet<_> = ours.iter().map(|item| canonical(item, |same| &same.upstream)).collect();
    let list = fs::read_to_string(list)?;
    let (mut missing, mut excepted, mut used) = (Vec::new(), 0, BTreeSet::new());
    for item in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if ours.contains(&canonical(item, |same| &same.upstream)) {
            continue;
        }
        match exceptions.exception.iter().position(|exception| exception.covers(item)) {
            Some(index) => {
                used.insert(index);
                excepted += 1;
            }
            None => missing.push(item),
        }
    }
    for item in &missing {
        eprintln!("missing: {item}");
    }
    let unused: Vec<_> = exceptions.exception.iter().enumerate().filter(|(index, _)| !used.contains(index)).collect();
    for (_, exception) in &unused {
        eprintln!("an exception that is not needed: {} ({})", exception.item, exception.reason);
    }
    println!("{} items of upstream's: {} missing, {excepted} excepted", list.lines().count(), missing.len());
    Ok(missing.is_empty() && unused.is_empty())
}
