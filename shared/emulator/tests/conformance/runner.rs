//! Runs a chapter's cases, and notes what held.

use std::collections::BTreeMap;

use emulator::Credentials;
use emulator::fc::Outcome;
use serde_json::{Map, Value};

use crate::answer::{at, flatten, pattern, plain};
use crate::case::{Case, Chapter, Many, Step};
use crate::client::{Answer, Ask, Client};
use crate::coverage::Coverage;

/// Runs every case; what a failing one has shown does not count.
pub(crate) fn run(chapter: &Chapter, coverage: &mut Coverage, complaints: &mut Vec<String>) {
    for case in &chapter.cases {
        match Run::new(chapter, case).all(case) {
            Ok(shown) => {
                for (service, action, aspect, item) in shown {
                    coverage.add(&service, &action, aspect, item);
                }
            }
            Err(complaint) => complaints.push(format!("{}: {}: {complaint}", chapter.title, case.case)),
        }
    }
}

/// Service, action, aspect and item.
type Shown = (String, String, &'static str, String);

struct Run<'c> {
    chapter: &'c Chapter,
    client: Client,
    kept: BTreeMap<String, String>,
    shown: Vec<Shown>,
}

impl<'c> Run<'c> {
    fn new(chapter: &'c Chapter, case: &Case) -> Self {
        Self { chapter, client: Client::new(case.world), kept: BTreeMap::new(), shown: Vec::new() }
    }

    fn all(mut self, case: &Case) -> Result<Vec<Shown>, String> {
        for (index, step) in case.steps.iter().enumerate() {
            self.step(step).map_err(|why| format!("step {}: {why}", index + 1))?;
        }
        Ok(self.shown)
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Some(role) = &step.role {
            let statements: Vec<Value> = role.statements.iter().map(|one| self.filled(one)).collect();
            self.client.put_role(&role.name, &statements, role.trust.as_ref());
        }
        if let Some(token) = &step.token {
            let token = self.client.token(&token.subject, &token.audience, token.seconds);
            self.kept.insert("token".to_owned(), token);
        }
        if let Some(name) = &step.function {
            self.client.put_function(step.region.as_deref().unwrap_or(&self.chapter.region), name);
        }
        if let Some(seconds) = step.wait {
            self.client.wait(seconds);
        }
        if let Some(function) = &step.invoked {
            self.invoked(function, step)?;
        }
        let Some(call) = &step.call else { return Ok(()) };
        for time in 1..=step.times.unwrap_or(1) {
            self.kept.insert("n".to_owned(), time.to_string());
            // Only the last of many calls is what the step is about; those before it make room for it.
            let last = time == step.times.unwrap_or(1);
            self.call(call, step, last).map_err(|why| format!("{call}: {why}"))?;
            if !last && step.every > 0 {
                self.client.wait(step.every);
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &str, step: &Step, last: bool) -> Result<(), String> {
        let (service, action) = call.split_once('.').unwrap_or((&self.chapter.service, call));
        let (service, action) = (service.to_owned(), action.to_owned());
        let mut params = Vec::new();
        flatten("", &self.filled(&Value::Object(step.with.clone())), &mut params);
        if let Some(many) = &step.many {
            self.spread(many, &mut params);
        }
        let sent: Vec<String> = params.iter().map(|(name, _)| pattern(name)).collect();
        let send = step.send.as_deref().map(|line| self.text(line));
        let body = step.body.as_deref().map(|text| self.text(text));
        let headers = step.headers.iter().map(|(name, value)| (name.clone(), self.text(value))).collect();
        let ask = Ask {
            service: &service,
            action: &action,
            region: step.region.as_deref().unwrap_or(&self.chapter.region),
            by: step.by.as_deref(),
            params,
            send: send.as_deref().and_then(|line| line.split_once(' ')),
            body: body.as_deref(),
            headers,
        };
        let answer = self.client.ask(ask, self.outcome(step));
        let refused = step.refused.as_ref().filter(|_| last);
        if answer.code.as_ref() != refused {
            return Err(format!("answered {} {} instead of {refused:?}", answer.status, answer.text));
        }
        if step.status.is_some_and(|status| last && status != answer.status) {
            return Err(format!("status {} instead of {:?}", answer.status, step.status));
        }
        if step.says.as_ref().is_some_and(|said| self.text(said) != answer.text) {
            return Err(format!("says {:?}", answer.text));
        }
        self.headers(step, &answer)?;
        if last {
            self.look(step, &answer.body, Some((&service, &action)))?;
            self.adopt(step, &answer.body);
            match refused {
                Some(code) => self.note(&service, &action, "errors", code),
                None => {
                    self.note(&service, &action, "accepted", "yes");
                    for name in sent {
                        self.note(&service, &action, "parameters", &name);
                    }
                }
            }
            if let Some(limit) = &step.limit {
                self.note(&service, &action, "limits", limit);
            }
        }
        Ok(())
    }

    fn note(&mut self, service: &str, action: &str, aspect: &'static str, item: &str) {
        self.shown.push((service.to_owned(), action.to_owned(), aspect, item.to_owned()));
    }

    fn headers(&mut self, step: &Step, answer: &Answer) -> Result<(), String> {
        let value = |name: &str| {
            answer.response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        for (name, wanted) in &step.has {
            let (wanted, found) = (self.text(wanted), value(name));
            // `*` only asks for the header.
            if found.is_none() || (wanted != "*" && found.as_deref() != Some(wanted.as_str())) {
                return Err(format!("header {name} is {found:?}, not {wanted:?}"));
            }
        }
        for (name, path) in &step.keep {
            if let Some(header) = path.strip_prefix("header:") {
                self.kept.insert(name.clone(), value(header).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Compares fields, and keeps those that later steps name.
    fn look(&mut self, step: &Step, body: &Value, of: Option<(&str, &str)>) -> Result<(), String> {
        let compare = |run: &Self, fields: &Map<String, Value>| {
            fields.iter().try_for_each(|(path, wanted)| {
                let (found, wanted) = (at(body, path), run.filled(wanted));
                if found == wanted { Ok(()) } else { Err(format!("{path} is {found}, not {wanted}: {body}")) }
            })
        };
        compare(self, &step.shows)?;
        compare(self, &step.states)?;
        if let Some((service, action)) = of {
            for state in step.states.values() {
                self.note(service, action, "states", &plain(state));
            }
        }
        for (name, path) in step.keep.iter().filter(|(_, path)| !path.starts_with("header:")) {
            let found = at(body, path);
            if found.is_null() {
                return Err(format!("{path} is not there to keep: {body}"));
            }
            self.kept.insert(name.clone(), plain(&found));
        }
        Ok(())
    }

    /// The session of an AssumeRole becomes that of the caller its session is named after.
    fn adopt(&mut self, step: &Step, body: &Value) {
        let text = |name: &str| body["Credentials"][name].as_str().map(str::to_owned);
        let name = step.with.get("RoleSessionName").map(plain);
        if let (Some(id), Some(secret), Some(name)) = (text("AccessKeyId"), text("AccessKeySecret"), name) {
            let key =
                Credentials { access_key_id: id, access_key_secret: secret, security_token: text("SecurityToken") };
            self.client.adopt(&name, key);
        }
    }

    fn invoked(&mut self, function: &str, step: &Step) -> Result<(), String> {
        let index = self.client.invoked.iter().position(|invocation| invocation.function == function);
        let index = index.ok_or_else(|| format!("{function} was not invoked"))?;
        let invocation = self.client.invoked.remove(index);
        let payload: Value = serde_json::from_slice(&invocation.payload).unwrap_or_default();
        self.look(step, &payload, None)?;
        if let Some(outcome) = self.outcome(step) {
            self.client.finish(&invocation, outcome);
        }
        Ok(())
    }

    /// What a function comes to; none leaves it at work.
    fn outcome(&self, step: &Step) -> Option<Outcome> {
        let failed =
            |name: &String| Outcome::Failed { error_type: name.clone(), message: "the case wants it so".to_owned() };
        let answered = |value: &Value| Outcome::Answered(plain(&self.filled(value)).into_bytes());
        step.fails.as_ref().map(failed).or_else(|| step.answer.as_ref().map(answered))
    }

    fn spread(&mut self, many: &Many, params: &mut Vec<(String, String)>) {
        for number in 1..=many.count {
            self.kept.insert("m".to_owned(), number.to_string());
            flatten(&format!("{}.{number}", many.name), &self.filled(&many.each), params);
        }
    }

    /// The value with every `$name` replaced.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        // Longer names first: `$group2` is not `$group` and a 2.
        let mut names: Vec<&String> = self.kept.keys().collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.into_iter().fold(text.to_owned(), |text, name| text.replace(&format!("${name}"), &self.kept[name]))
    }
}
