//! A message, in the form that its receiver takes. Pure.

use jiff::Timestamp;
use onboarding::ReceiverKind;
use onboarding::news::{Mark, News};
use onboarding::words::counted;
use serde_json::{Value, json};

/// The most problems, and the most that are gone, of one message; the rest is counted.
const SHOWN: usize = 20;
/// The version of the fields that programs read.
const SCHEMA: u32 = 1;

/// What a receiver is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    /// The deployment.
    pub(super) deployment: &'a str,
    /// When it was found out.
    pub(super) at: Timestamp,
    /// What is found, and what is gone.
    pub(super) news: &'a News,
    /// Whether somebody only tries whether messages arrive.
    pub(super) test: bool,
}

impl Message<'_> {
    /// The body for a kind of receiver. `id` is one that no other message has.
    pub(super) fn body(&self, kind: ReceiverKind, id: &str) -> Value {
        match kind {
            ReceiverKind::DingTalk => {
                let text =
                    self.text(&Words { title: ["#### ", ""], strong: ["**", "**"], end: "\n\n", form: Form::Markdown });
                json!({"msgtype": "markdown", "markdown": {"title": self.title(), "text": text}})
            }
            ReceiverKind::Slack => {
                let text = self.text(&Words { title: ["*", "*"], strong: ["*", "*"], end: "\n", form: Form::Slack });
                json!({ "text": text })
            }
            ReceiverKind::Webhook => self.document(),
            ReceiverKind::EventBridge => json!({
                "specversion": "1.0",
                "id": id,
                "source": format!("albridge/{}", self.deployment),
                "type": "albridge:Notification:Changed",
                "time": self.at.to_string(),
                "datacontenttype": "application/json",
                "data": self.document(),
            }),
        }
    }

    /// `albridge prod: 2 problems, 1 resolved`.
    fn title(&self) -> String {
        let News { found, gone } = self.news;
        let told = match (found.len(), gone.len()) {
            (0, 0) if self.test => "this is a test, and messages arrive".to_owned(),
            (found, 0) => counted(found, "problem"),
            (0, gone) => format!("{gone} resolved"),
            (found, gone) => format!("{}, {gone} resolved", counted(found, "problem")),
        };
        match self.deployment {
            "albridge" => format!("albridge: {told}"),
            deployment => format!("albridge {deployment}: {told}"),
        }
    }

    fn text(&self, words: &Words) -> String {
        let mut text = String::new();
        let mut line = |line: String| {
            text.push_str(&line);
            text.push_str(words.end);
        };
        let [before, after] = words.title;
        line(format!("{before}{}{after}", words.plain(&self.title())));
        let strong = |what: &str| format!("{}{}{}", words.strong[0], words.plain(what), words.strong[1]);
        for fault in self.news.found.iter().take(SHOWN) {
            line(format!("{} {}", strong(fault.code.as_str()), whose(words, fault.binding.as_str(), &fault.group)));
            line(words.plain(&fault.message));
            if let Some(kept) = &fault.kept {
                line(words.plain(&format!("{kept}.")));
            }
            line(format!("{} {}", strong("do:"), words.plain(&fault.remedy)));
        }
        for mark in self.news.gone.iter().take(SHOWN) {
            let (code, resource) = (strong(&mark.code), words.plain(&mark.resource));
            let whose = whose(words, mark.binding.as_str(), &mark.group);
            line(format!("{} {code} {whose}: {resource}, told {}", strong("resolved"), mark.told));
        }
        let more = self.left_out();
        if more > 0 {
            line(format!("+{more} more: albridge status shows all"));
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn left_out(&self) -> usize {
        self.news.found.len().saturating_sub(SHOWN) + self.news.gone.len().saturating_sub(SHOWN)
    }

    /// For programs: docs/operations.md, "Notifications".
    fn document(&self) -> Value {
        let gone = |mark: &Mark| {
            json!({"binding": mark.binding, "group": mark.group, "code": mark.code, "resource": mark.resource,
                   "told": mark.told.to_string()})
        };
        json!({
            "schema": SCHEMA,
            "deployment": self.deployment,
            "at": self.at.to_string(),
            "title": self.title(),
            "problems": self.news.found.iter().take(SHOWN).collect::<Vec<_>>(),
            "resolved": self.news.gone.iter().take(SHOWN).map(gone).collect::<Vec<_>>(),
            "leftOut": self.left_out(),
            "test": self.test,
        })
    }
}

/// How a text is set off.
struct Words {
    title: [&'static str; 2],
    strong: [&'static str; 2],
    /// The end of a line.
    end: &'static str,
    form: Form,
}

/// What begins something else than itself in a text.
#[derive(Clone, Copy)]
enum Form {
    /// `[text](address)` is a link. Names in the cloud are not ours, and must not become one.
    Markdown,
    /// `&`, `<` and `>`.
    Slack,
}

impl Words {
    fn plain(&self, text: &str) -> String {
        let text = text.replace(char::is_control, " ");
        match self.form {
            Form::Markdown => text.replace("](", "] ("),
            Form::Slack => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        }
    }
}

fn whose(words: &Words, binding: &str, group: &str) -> String {
    words.plain(&format!("{binding}, server group {group}"))
}

#[cfg(test)]
mod tests;
