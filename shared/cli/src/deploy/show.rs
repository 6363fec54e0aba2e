//! The plan for people.

use std::collections::BTreeMap;

use deployment::deploy::{Difference, Layout, Leaving, Names, Note, Previewed, Step};

use crate::output::{Console, Line, Style, Text, wrap};

/// What of a parameter's value is shown.
const VALUE: usize = 60;

/// What would change, in its order; or that nothing would.
pub(super) fn plan(
    names: &Names,
    layout: &Layout,
    notes: &[Note],
    steps: &[(&Step, Vec<Previewed>)],
    console: Console,
) {
    let mut text = Text::from(Line::styled(
        Style::Strong,
        format!("Deployment {} of account {}, home in {}", names.deployment, names.account, layout.home),
    ));
    for note in notes {
        text.line(Line::styled(Style::Strong, format!("  {note}")));
    }
    let packages = uploads(steps);
    let mut shown = Vec::new();
    for (step, previewed) in steps {
        if let Step::UploadPackage { bucket, .. } = step {
            if !shown.contains(bucket) {
                let (count, bytes) = packages.get(bucket).copied().unwrap_or_default();
                text.line(marked('+', &format!("{count} {} ({} MB) into {bucket}", plural(count), megabytes(bytes))));
                shown.push(bucket.clone());
            }
            continue;
        }
        let why = if matches!(step, Step::DeleteStack { .. }) { ": no binding needs it any more" } else { "" };
        text.line(marked(mark(step), &format!("{}{why}", self::step(step))));
        details(step, previewed, console.width(), &mut text);
    }
    if steps.is_empty() {
        text.line("  Everything is in place.");
    }
    console.print(text);
}

/// What goes, and what stays.
pub(super) fn leaving(deployment: &str, leaving: &Leaving, console: Console) {
    let mut text = Text::from(Line::styled(Style::Strong, format!("Deployment {deployment}")));
    for step in &leaving.steps {
        let words = match step {
            Step::DeleteStack { region, existing } => {
                let part = existing.parameters.get("Role").map_or("unknown", String::as_str);
                format!("stack in {region} ({part}), {}, and its logs", existing.status)
            }
            other => self::step(other),
        };
        text.line(marked('-', &words));
    }
    if leaving.steps.is_empty() {
        text.line("  There is nothing to take away.");
    }
    for bucket in &leaving.left {
        text.line(Line::styled(Style::Faint, format!("  stays: bucket {bucket}, with what is in it")));
    }
    console.print(text);
}

/// A step in a few words.
pub(super) fn step(step: &Step) -> String {
    match step {
        Step::MakeBucket { region, bucket } => format!("bucket {bucket} in {region}: private, keeps versions"),
        Step::MakePrivate { bucket, .. } => format!("bucket {bucket}: private"),
        Step::MakeVersioned { bucket, .. } => format!("bucket {bucket}: keeps versions"),
        Step::UploadPackage { bucket, key, .. } => format!("{key} into {bucket}"),
        Step::UploadBindings { bucket, key, replaces, .. } => {
            let what = if *replaces { "the changed bindings" } else { "the bindings" };
            format!("{what} into {bucket}, as {key}")
        }
        Step::CreateStack { region, part, remains: Some(remains), .. } => {
            format!("stack in {region} ({}), anew: the last one is {}", part.as_str(), remains.status)
        }
        Step::CreateStack { region, part, .. } => format!("stack in {region} ({})", part.as_str()),
        Step::UpdateStack { region, part, .. } => format!("stack in {region} ({})", part.as_str()),
        Step::DeleteStack { region, .. } => format!("stack in {region}"),
        Step::RemoveBucket { bucket, objects, .. } => {
            format!("bucket {bucket}, with {objects} object{}", if *objects == 1 { "" } else { "s" })
        }
    }
}

const fn mark(step: &Step) -> char {
    match step {
        Step::MakeBucket { .. } | Step::UploadPackage { .. } | Step::CreateStack { .. } => '+',
        Step::UploadBindings { replaces, .. } => {
            if *replaces {
                '~'
            } else {
                '+'
            }
        }
        Step::MakePrivate { .. } | Step::MakeVersioned { .. } | Step::UpdateStack { .. } => '~',
        Step::DeleteStack { .. } | Step::RemoveBucket { .. } => '-',
    }
}

fn marked(mark: char, words: &str) -> Line {
    let style = match mark {
        '+' => Style::Good,
        '-' => Style::Bad,
        _ => Style::Strong,
    };
    Line::new("  ").then_styled(style, mark.to_string()).then(" ").then(words)
}

fn details(step: &Step, previewed: &[Previewed], width: usize, text: &mut Text) {
    match step {
        Step::CreateStack { .. } => {
            let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for one in previewed {
                kinds.entry(short(&one.kind)).or_default().push(&one.resource);
            }
            for (kind, names) in kinds {
                let words = format!("{} {kind}: {}", names.len(), names.join(", "));
                for (index, line) in wrap(&words, width.saturating_sub(10)).iter().enumerate() {
                    text.line(format!("{}{line}", if index == 0 { "      " } else { "        " }));
                }
            }
        }
        Step::UpdateStack { differences, .. } => {
            differences.iter().for_each(|difference| text.line(format!("      {}", words(difference))));
            for one in previewed {
                let (mark, kind) = (action(one), short(&one.kind));
                let anew = if one.is_replaced { ", made anew" } else { "" };
                text.line(format!("      {mark} {} ({kind}){anew}", one.resource));
            }
        }
        _ => {}
    }
}

fn action(previewed: &Previewed) -> char {
    match previewed.action.as_str() {
        "Add" => '+',
        "Remove" => '-',
        _ => '~',
    }
}

fn words(difference: &Difference) -> String {
    match difference {
        Difference::Parameter { name, from, to } => {
            let from = from.as_deref().map_or_else(|| "none".to_owned(), value);
            format!("{name}: {from} -> {}", value(to))
        }
        Difference::Template => "the template is a new one".to_owned(),
        Difference::Repair => "its last change failed".to_owned(),
    }
}

fn value(value: &str) -> String {
    match value.chars().count() {
        0 => "empty".to_owned(),
        count if count > VALUE => value.chars().take(VALUE).chain("...".chars()).collect(),
        _ => value.to_owned(),
    }
}

/// `FC3::Function` of `ALIYUN::FC3::Function`.
fn short(kind: &str) -> &str {
    kind.strip_prefix("ALIYUN::").unwrap_or(kind)
}

/// By bucket: how many packages go into it, and their bytes.
fn uploads(steps: &[(&Step, Vec<Previewed>)]) -> BTreeMap<String, (usize, usize)> {
    let mut uploads: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (step, _) in steps {
        if let Step::UploadPackage { bucket, package, .. } = step {
            let (count, bytes) = uploads.entry(bucket.clone()).or_default();
            *count += 1;
            *bytes += package.size;
        }
    }
    uploads
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "package" } else { "packages" }
}

fn megabytes(bytes: usize) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
