//! The plan for programs.

use deployment::deploy::{DeployError, Difference, Layout, Leaving, Note, Previewed, Step};
use serde_json::{Value, json};

use crate::output::Console;

/// The name of a step's kind.
pub(super) const fn name(step: &Step) -> &'static str {
    match step {
        Step::MakeBucket { .. } => "make-bucket",
        Step::MakePrivate { .. } => "make-private",
        Step::MakeVersioned { .. } => "make-versioned",
        Step::UploadPackage { .. } => "upload-package",
        Step::UploadBindings { .. } => "upload-bindings",
        Step::CreateStack { .. } => "create-stack",
        Step::UpdateStack { .. } => "update-stack",
        Step::DeleteStack { .. } => "delete-stack",
        Step::RemoveBucket { .. } => "remove-bucket",
    }
}

/// Which resources of a stack failed, with the cloud's words.
pub(super) fn failure(error: &DeployError, console: Console) {
    let DeployError::Stack(failure) = error else { return };
    let resources: Vec<Value> =
        failure.failed.iter().map(|(resource, reason)| json!({"resource": resource, "reason": reason})).collect();
    console.print_json(&json!({
        "event": "failed", "region": failure.region, "status": failure.status.to_string(), "reason": failure.reason,
        "resources": resources,
    }));
}

/// The layout, then a line for each step.
pub(super) fn plan(layout: &Layout, notes: &[Note], steps: &[(&Step, Vec<Previewed>)], console: Console) {
    let parts: serde_json::Map<String, Value> =
        layout.parts.iter().map(|(region, part)| (region.to_string(), part.as_str().into())).collect();
    let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
    console.print_json(&json!({"event": "layout", "home": layout.home, "stacks": parts, "notes": notes}));
    for (step, previewed) in steps {
        console.print_json(&line(step, previewed));
    }
}

/// A line for each step, and one for what stays.
pub(super) fn leaving(leaving: &Leaving, console: Console) {
    for step in &leaving.steps {
        console.print_json(&line(step, &[]));
    }
    console.print_json(&json!({"event": "left", "buckets": leaving.left}));
}

fn line(step: &Step, previewed: &[Previewed]) -> Value {
    let mut line = json!({"event": "step", "step": name(step), "region": step.region()});
    let more = match step {
        Step::MakeBucket { bucket, .. } | Step::MakePrivate { bucket, .. } | Step::MakeVersioned { bucket, .. } => {
            json!({"bucket": bucket})
        }
        Step::UploadPackage { bucket, key, package, .. } => {
            json!({"bucket": bucket, "key": key, "function": package.name, "size": package.size})
        }
        Step::UploadBindings { bucket, key, replaces, .. } => {
            json!({"bucket": bucket, "key": key, "replaces": replaces})
        }
        Step::CreateStack { part, parameters, remains, .. } => {
            json!({"part": part.as_str(), "parameters": parameters, "remains": remains.as_ref().map(|stack| &stack.id)})
        }
        Step::UpdateStack { part, existing, differences, .. } => {
            let differences: Vec<Value> = differences.iter().map(difference).collect();
            json!({"part": part.as_str(), "stack": existing.id, "differences": differences})
        }
        Step::DeleteStack { existing, .. } => json!({"stack": existing.id}),
        Step::RemoveBucket { bucket, objects, .. } => json!({"bucket": bucket, "objects": objects}),
    };
    let resources: Vec<Value> = previewed
        .iter()
        .map(|one| json!({"resource": one.resource, "type": one.kind, "action": one.action, "replaced": one.is_replaced}))
        .collect();
    if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
        line.extend(more);
        if !resources.is_empty() {
            line.insert("resources".to_owned(), resources.into());
        }
    }
    line
}

fn difference(difference: &Difference) -> Value {
    match difference {
        Difference::Parameter { name, from, to } => json!({"parameter": name, "from": from, "to": to}),
        Difference::Template => json!({"template": true}),
        Difference::Repair => json!({"repair": true}),
    }
}
