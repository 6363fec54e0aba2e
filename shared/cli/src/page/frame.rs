//! What is around each page: at the server with a style and a script of their own addresses, in a file with the style inside and no
//! script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::html::{Html, Tag, tag};
use super::look::{Sights, Standing};
use super::parts::{alarm, time, took};
use super::place::{Asked, Place};
use super::watch::View;
use super::{binding, index, runs};
use crate::graph;

/// The page's own style; the drawings' is the graph's.
const STYLE: &str = include_str!("style.css");
/// What refreshes the page, and the keys.
pub(super) const SCRIPT: &str = include_str!("script.js");
/// The icon.
pub(super) const ICON: &str = include_str!("icon.svg");
/// What may be loaded, and from where: nothing from elsewhere, and nothing that stands in the page itself.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Seconds after which a page without the script is loaded again.
const RELOAD: u32 = 30;
/// The same while there is a new look under way.
const RELOAD_SOON: u32 = 5;
/// The same before the first look has ended.
const RELOAD_FIRST: u32 = 2;

/// The keys, and what they do.
const KEYS: [(&str, &str); 7] = [
    ("j", "next row"),
    ("k", "row before"),
    ("Enter", "open it"),
    ("u", "up: from a run to its binding, from a binding to the list"),
    ("g", "to the list of bindings"),
    ("r", "load the page again"),
    ("?", "these keys; Esc closes them"),
];

/// The whole style.
pub(super) fn style() -> String {
    format!("{}{STYLE}", graph::STYLE)
}

/// What is shown for a question.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// Whether there is such a thing.
    pub(super) found: bool,
    title: String,
    /// How it stands, for the title.
    standing: Option<Standing>,
    crumbs: Html,
    /// What changes from look to look.
    content: Html,
}

/// Answers a question from what is there to be seen.
pub(super) fn show(view: &View, asked: &Asked) -> Shown {
    let place = Place::Served;
    let failed = match &view.failed {
        Some((why, _)) if view.look.is_some() => {
            alarm("The last look failed, so what is shown is older:", tag("p").add(why.as_str()))
        }
        Some((why, _)) => alarm("Nothing could be looked at:", tag("p").add(why.as_str())),
        None => Html::default(),
    };
    let Some((look, _)) = &view.look else {
        let waits = Html::from(tag("h1").add("Looking at the cloud"));
        let waits = waits.add(tag("p").add("The first look takes some seconds; this page shows it by itself."));
        let content = if view.failed.is_some() { Html::from(tag("h1").add("Not known")) } else { waits };
        return Shown {
            found: true,
            title: "albridge".to_owned(),
            standing: None,
            crumbs: Html::default(),
            content: content.add(failed),
        };
    };
    let crumb = |address: &str, text: &str| Html::from(" / ").add(tag("a").set("href", address).add(text));
    let (title, standing, crumbs, content) = match asked {
        Asked::Index => ("albridge".to_owned(), Some(look.standing()), Html::default(), Some(index::page(look, place))),
        Asked::Binding { binding: name, instance } => {
            let sight = look.sight(name);
            let content = sight.map(|sight| binding::page(look, sight, instance.as_deref(), place));
            let standing = sight.map(super::look::Sight::standing);
            (name.clone(), standing, crumb(&place.binding(&name.as_str().into()), name), content)
        }
        Asked::Run { binding: name, run } => {
            let sight = look.sight(name);
            let found = sight.and_then(|sight| Some((sight, sight.run(run)?)));
            let content = found.map(|(sight, run)| runs::page(sight, run, look.at, place));
            let crumbs = crumb(&place.binding(&name.as_str().into()), name).add(" / ").add(run.as_str());
            (format!("{run} · {name}"), None, crumbs, content)
        }
    };
    let found = content.is_some();
    let content = content.unwrap_or_else(|| {
        let what = match asked {
            Asked::Run { run, .. } => {
                format!("{run} is not among the last runs; the console of CloudFlow has older ones.")
            }
            Asked::Binding { binding, .. } => {
                format!("The store has no binding {binding}, or this shows another one only.")
            }
            Asked::Index => String::new(),
        };
        Html::from(tag("h1").add("Not here")).add(tag("p").add(what))
    });
    Shown { found, title, standing, crumbs, content: failed.add(content) }
}

/// The page at the server.
pub(super) fn page(view: &View, shown: Shown) -> String {
    let waits = view.look.is_none();
    let reload = match (waits, view.looking) {
        (true, _) => RELOAD_FIRST,
        (false, true) => RELOAD_SOON,
        (false, false) => RELOAD,
    };
    let reload = tag("meta").set("http-equiv", "refresh").set("content", reload);
    let head = head(&shown)
        .add(tag("link").set("rel", "icon").set("href", "/icon.svg"))
        .add(tag("link").set("rel", "stylesheet").set("href", "/style.css"))
        .add(tag("script").set("src", "/script.js").set("defer", "defer"))
        .add(tag("noscript").add(reload));
    let look = view.look.as_ref().map(|(look, _)| look.as_ref());
    let body = tag("body")
        .set("data-version", view.ended)
        .add(tag("a").class("skip").set("href", "#content").add("Skip to the content"))
        .add(header(Place::Served, shown.crumbs, when(view)))
        .add(tag("main").set("id", "content").set("tabindex", -1).add(shown.content))
        .add(footer(look, keys_button()))
        .add(tag("p").class("unseen").set("id", "said").set("role", "status"))
        .add(keys());
    document(head, body)
}

/// Everything in one file.
pub(super) fn file(look: &Sights) -> String {
    let style = style();
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let standing = Some(look.standing());
    let mut content = index::page(look, Place::File);
    for sight in &look.sights {
        content.push(binding::page(look, sight, None, Place::File));
    }
    let shown = Shown { found: true, title: "albridge".to_owned(), standing, crumbs: Html::default(), content };
    let head = head(&shown)
        .add(tag("meta").set("http-equiv", "Content-Security-Policy").set("content", policy))
        .add(Html::style(&style));
    let when = tag("p").class("soft").add("As of ").add(time(look.at)).add(", written by ");
    let when = when.add(tag("code").add("albridge status --html")).add("; it does not change any more.");
    let body = tag("body")
        .add(tag("a").class("skip").set("href", "#content").add("Skip to the content"))
        .add(header(Place::File, Html::default(), when))
        .add(tag("main").set("id", "content").set("tabindex", -1).add(shown.content))
        .add(footer(Some(look), Html::default()));
    document(head, body)
}

fn document(head: Tag, body: Tag) -> String {
    Html::from(tag("html").set("lang", "en").add(head).add(body)).into_page()
}

fn head(shown: &Shown) -> Tag {
    let sign = shown.standing.map(|standing| format!("{} ", standing.words().0)).unwrap_or_default();
    let title = if shown.title == "albridge" {
        format!("{sign}albridge")
    } else {
        format!("{sign}{} · albridge", shown.title)
    };
    tag("head")
        .add(tag("meta").set("charset", "utf-8"))
        .add(tag("meta").set("name", "viewport").set("content", "width=device-width, initial-scale=1"))
        .add(tag("meta").set("name", "color-scheme").set("content", "light dark"))
        .add(tag("title").add(title))
}

fn header(place: Place, crumbs: Html, when: Tag) -> Tag {
    let way =
        tag("nav").set("aria-label", "Where").add(tag("a").set("href", place.index()).add("albridge")).add(crumbs);
    tag("header").add(way).add(when)
}

/// How old it is.
fn when(view: &View) -> Tag {
    let mut line = tag("p").class("soft").set("id", "when");
    if let Some((look, age)) = &view.look {
        let age_words = tag("span").set("id", "age").set("data-age", age.as_secs().max(0)).add(took(*age));
        line = line.add("As of ").add(time(look.at)).add(", seen ").add(age_words).add(" ago. ");
    }
    line.add(if view.looking { "A new look is under way." } else { "" })
}

/// What the page is about.
fn footer(look: Option<&Sights>, more: impl Into<Html>) -> Tag {
    let about = look.map(|look| {
        let home =
            look.home.as_ref().map_or_else(|| "home region not known".to_owned(), |home| format!("home in {home}"));
        format!("Deployment {}, {home}, bindings of {}", look.deployment.as_str(), look.store)
    });
    tag("footer").add(tag("p").add(about.unwrap_or_default())).add(more)
}

fn keys_button() -> Tag {
    let button = tag("button").set("type", "button").set("id", "open-keys").set("hidden", "hidden");
    button.add("Keys ").add(tag("kbd").add("?"))
}

fn keys() -> Tag {
    let rows = KEYS.iter().map(|(key, what)| {
        tag("tr").add(tag("th").set("scope", "row").add(tag("kbd").add(*key))).add(tag("td").add(*what))
    });
    let close = tag("button").set("type", "button").set("id", "close").add("Close");
    tag("dialog")
        .set("id", "keys")
        .set("aria-labelledby", "keys-heading")
        .add(tag("h2").set("id", "keys-heading").add("Keys"))
        .add(tag("table").add(tag("tbody").add(rows.collect::<Html>())))
        .add(close)
}
