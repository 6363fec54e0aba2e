//! The page in a browser: refreshed by itself, used by keys, at every width, in both themes, and nothing that its policy had to stop.
//! Without chromium the test says in its output that it was skipped, and passes; with `ALBRIDGE_BROWSER=required` it fails.
#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::browser::{self, Browser};
use crate::support::{Emulated, is_whole};

/// Contrast that texts need at least (WCAG 2.2, 1.4.3), computed on the page from what is shown.
const CONTRAST: &str = r#"(() => {
  const parse = (color) => (color.match(/[\d.]+/g) || []).map(Number);
  const channel = (value) => { const part = value / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
    }
    return matchMedia("(prefers-color-scheme:dark)").matches ? [13, 17, 23] : [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("main *, header *, footer *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || node.closest("svg") || node.getClientRects().length === 0) continue;
    const [one, two] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
    if ((one + 0.05) / (two + 0.05) < 4.5) poor.push(`${node.textContent.slice(0, 40)} ${((one + 0.05) / (two + 0.05)).toFixed(2)}`);
  }
  return poor;
})()"#;

/// Parts of a page that are wider than the box around them; and boxes that hide a part of their table: below their edge, or beside it where cells
/// stand below one another.
const LEAVES: &str = r#"(() => {
  const wide = [];
  for (const box of document.querySelectorAll(".numbers > div, .alarm, header, footer")) {
    const edge = box.getBoundingClientRect().right + 0.5;
    for (const part of box.querySelectorAll("*")) {
      const range = document.createRange();
      range.selectNodeContents(part);
      const right = Math.max(0, ...[...range.getClientRects()].map((rect) => rect.right));
      if (!part.closest(".unseen, .skip") && right > edge) wide.push(`${part.textContent.slice(0, 40)} by ${Math.ceil(right - edge)}`);
    }
  }
  for (const box of document.querySelectorAll(".scroll")) {
    const hidden = [box.scrollHeight - box.clientHeight, innerWidth <= 832 && box.querySelector("table") ? box.scrollWidth - box.clientWidth : 0];
    if (hidden.some((pixels) => pixels > 1)) wide.push(`${box.textContent.slice(0, 40)} hides ${hidden}`);
  }
  return wide;
})()"#;

#[test]
#[expect(clippy::disallowed_methods, reason = "whether a skip is a failure is said by who starts the test")]
fn the_page_is_used_by_keys_and_refreshes_itself() {
    if let Some(why) = browser::missing() {
        let required = std::env::var("ALBRIDGE_BROWSER").is_ok_and(|value| value == "required");
        // Past the harness, which shows nothing of a test that passes.
        let said = format!(
            "\n*** SKIPPED: the page was not looked at in a browser: {why} (README.md names the tools) ***\n\n"
        );
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        assert!(!required, "ALBRIDGE_BROWSER=required, but {why}");
        return;
    }
    let cloud = Emulated::start(&["--speed", "200", "--console"]);
    let url = cloud.line["console"].as_str().unwrap().to_owned();
    let mut browser = Browser::start("page");
    browser.show(1280, "light");
    browser.open(&url);
    // The timer's first run builds everything.
    browser.wait("document.title === '✓ albridge'");

    // By keys alone: to the binding, its rows, the help, a run, and back.
    browser.press("j");
    assert_eq!(browser.value("document.activeElement.textContent"), "web");
    assert_eq!(browser.value("document.activeElement.matches(':focus-visible')"), true);
    browser.press("Enter");
    browser.wait("location.pathname === '/binding/web' && document.readyState === 'complete'");
    browser.press("?");
    assert_eq!(browser.value("document.getElementById('keys').open"), true);
    browser.press("Escape");
    browser.wait("!document.getElementById('keys').open");
    browser.press("Tab");
    assert_eq!(browser.value("document.activeElement.className"), "skip", "the first stop leads past the header");
    browser.press("j");
    assert_eq!(browser.value("document.activeElement.textContent"), "i-ecs1");
    browser.press("k");
    assert_eq!(browser.value("document.activeElement.textContent"), "i-ecs1", "there is none before");
    browser.value("document.querySelector('#runs-web a').focus()");
    browser.press("Enter");
    browser.wait(
        "location.pathname.startsWith('/binding/web/run/') && document.querySelectorAll('rect.call').length > 12",
    );
    let run = browser.value("location.pathname").as_str().unwrap().trim_start_matches('/').to_owned();
    browser.press("u");
    browser.wait("location.pathname === '/binding/web' && document.readyState === 'complete'");

    // No page is wider than its window, and every text can be read.
    for page in ["", "binding/web", "binding/web?instance=i-ecs1", &run] {
        fits(&mut browser, &url, page);
    }

    // Somebody changes what is wanted: it is shown without a reload, and what was opened and focused stays.
    browser.show(1280, "light");
    browser.open(&format!("{url}binding/web?instance=i-ecs1"));
    browser.value("window.untouched = true; document.querySelector('summary').focus()");
    browser.press("Enter");
    assert_eq!(browser.value("document.querySelector('details').open"), true);
    let bindings = local::PROCEDURE_BINDING.replacen("weight: 100", "weight: 100, scheduler: Wlc", 1);
    std::fs::write(cloud.line["bindings"].as_str().unwrap(), bindings).unwrap();
    browser.wait("document.querySelector('#drift-web')?.innerText.includes('Wlc')");
    assert_eq!(browser.value("window.untouched"), true, "the page was not loaded again");
    assert_eq!(browser.value("document.querySelector('details').open"), true);
    assert_eq!(browser.value("document.activeElement.tagName"), "SUMMARY");
    assert_eq!(browser.value("document.title"), "~ web · albridge");
    assert_eq!(browser.value("document.getElementById('said').textContent"), "web ~ differs", "it is said aloud");
    let elsewhere = local::PROCEDURE_BINDING.replacen("id: alb-1", "id: alb-2", 1);
    std::fs::write(cloud.line["bindings"].as_str().unwrap(), elsewhere).unwrap();
    browser.wait("document.title === '✕ web · albridge'");
    for page in ["", "binding/web"] {
        fits(&mut browser, &url, page);
    }
    assert_eq!(browser.complaints, Vec::<String>::new(), "the page's policy stops nothing of its own");

    // Without scripts it says the same, and the browser itself loads it again.
    browser.scripts(false);
    browser.call("Page.reload", &json!({}));
    browser.wait(
        "document.readyState === 'complete' && document.querySelector('noscript > meta[http-equiv=refresh]') !== null",
    );
    assert_eq!(browser.value("document.querySelector('h1').textContent"), "web ✕ faulty");
    assert_eq!(browser.value("document.getElementById('open-keys').hidden"), true, "no button without a deed");
    browser.scripts(true);

    // The server ends: the page says so.
    browser.open(&url);
    drop(cloud);
    browser.wait("document.getElementById('when').textContent.includes('does not answer any more')");
}

/// The windows that pages are looked at in: three widths in both themes, and the narrowest; by default each page in one, narrow or wide and dark.
const WINDOWS: [(u32, &str); 7] = [
    (480, "light"),
    (1600, "dark"),
    (480, "dark"),
    (1024, "light"),
    (1024, "dark"),
    (1600, "light"),
    // A telephone: cards stand two in a row.
    (360, "light"),
];

fn fits(browser: &mut Browser, url: &str, page: &str) {
    let windows = if is_whole() { &WINDOWS[..WINDOWS.len() - 1] } else { &WINDOWS[page.len() % 2..][..1] };
    for (width, scheme) in windows.iter().chain(WINDOWS.last()).copied() {
        browser.show(width, scheme);
        browser.open(&format!("{url}{page}"));
        let wide = browser.value("document.documentElement.scrollWidth");
        assert!(wide.as_u64().unwrap() <= u64::from(width), "{page} is {wide} wide at {width}");
        assert_eq!(browser.value(LEAVES), json!([]), "{page} {width}");
        assert_eq!(browser.value(CONTRAST), json!([]), "{page} {width} {scheme}");
        let picture = browser.picture();
        assert!(picture.len() > 10_000);
        let state = browser.value("document.title.slice(0, 1) === '✕' ? 'faulty' : 'well'");
        let name = page.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        keep(&format!("page-{name}-{}-{width}-{scheme}.png", state.as_str().unwrap()), &picture);
    }
}

/// The pictures of the last run are for people to look at.
fn keep(name: &str, picture: &[u8]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), picture).unwrap();
}

#[test]
fn the_line_of_emulate_says_where_the_page_is_and_only_if_it_was_asked_for() {
    let with = Emulated::start(&["--deploy=false", "--console"]);
    let fields: Vec<&String> = with.line.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        [
            "endpoints",
            "accessKeyId",
            "accessKeySecret",
            "bindings",
            "store",
            "dataPlane",
            "deployed",
            "speed",
            "console"
        ]
    );
    let url = with.line["console"].as_str().unwrap();
    let rest = url.strip_prefix("http://127.0.0.1:").unwrap().strip_suffix('/').unwrap();
    assert!(rest.parse::<u16>().unwrap() > 0, "{url}");
    let without = Emulated::start(&["--deploy=false"]);
    assert!(without.line.get("console").is_none(), "{}", without.line);
}
