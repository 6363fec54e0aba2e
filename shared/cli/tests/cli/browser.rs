//! Chromium, without a window, driven over its DevTools protocol: messages on a pair of pipes, each ended by a zero byte.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a browser that cannot be driven ends the test")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The program.
const CHROMIUM: &str = "chromium";
/// Its options. Pages of this test only are opened in it, so it may do without its sandbox, which root cannot have.
const OPTIONS: &str = "--headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --disable-background-networking --remote-debugging-pipe";

/// Why there is no browser, if there is none.
pub(crate) fn missing() -> Option<String> {
    let found = Command::new(CHROMIUM).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match found {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("{CHROMIUM} --version: {status}")),
        Err(error) => Some(format!("{CHROMIUM}: {error}")),
    }
}

/// A browser with one page; it ends with this.
pub(crate) struct Browser {
    child: Child,
    folder: PathBuf,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    last: u64,
    scripts: bool,
    /// What it reported and nobody asked for: violations of the page's policy, exceptions, errors.
    pub(crate) complaints: Vec<String>,
}

impl Browser {
    pub(crate) fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("albridge-browser-{name}-{}", std::process::id()));
        // One of the same number may have been killed.
        let _left_behind = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let made = Command::new("mkfifo").args([folder.join("to"), folder.join("from")]).status().unwrap();
        assert!(made.success());
        // The pipes are the descriptors 3 and 4 of the browser.
        let script =
            format!("exec {CHROMIUM} {OPTIONS} --user-data-dir=\"$1/profile\" about:blank 3<\"$1/to\" 4>\"$1/from\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(&folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Each waits here until the other end is opened, in the order of the script.
        let to = File::options().write(true).open(folder.join("to")).unwrap();
        let from = BufReader::new(File::open(folder.join("from")).unwrap());
        let mut browser =
            Self { child, folder, to, from, session: None, last: 0, scripts: true, complaints: Vec::new() };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Log", "Runtime"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        // A page's timers run ten times as fast: they are what a test would wait for.
        let hurry = "const wait = window.setTimeout; window.setTimeout = (deed, ms) => wait(deed, ms / 10);";
        browser.call("Page.addScriptToEvaluateOnNewDocument", &json!({"source": hurry}));
        browser
    }

    /// A command and its result.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        let mut answer = self.ask(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].take()
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser has ended");
            let answer: Value = serde_json::from_slice(&bytes).unwrap();
            if answer["id"] == self.last {
                return answer;
            }
            if let Some("Log.entryAdded" | "Runtime.exceptionThrown") = answer["method"].as_str() {
                self.complaints.push(answer["params"].to_string());
            }
        }
    }

    /// Opens a page, and waits until it is there.
    pub(crate) fn open(&mut self, url: &str) {
        let gone = self.call("Page.navigate", &json!({"url": url}));
        assert!(gone.get("errorText").is_none(), "{url}: {gone}");
        self.wait(&format!("document.readyState === 'complete' && location.href === {}", json!(url)));
    }

    /// The value of an expression.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", &params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until a condition holds on the page, looking often.
    pub(crate) fn wait(&mut self, condition: &str) {
        for _ in 0..if self.scripts { 600 } else { 30_000 } {
            // Timers are scripts, too.
            let pause = "new Promise((done) => setTimeout(() => done(false), 500))";
            let look = if self.scripts { format!("({condition}) || {pause}") } else { condition.to_owned() };
            // While a page is left, there is nobody to ask.
            let params = json!({"expression": look, "returnByValue": true, "awaitPromise": true});
            if self.ask("Runtime.evaluate", &params)["result"]["result"]["value"] == true {
                return;
            }
        }
        let text = self.value("document.body.innerText");
        panic!("never: {condition}\n{text}");
    }

    /// Presses a key: a letter, `?`, `Enter`, `Escape` or `Tab`.
    pub(crate) fn press(&mut self, key: &str) {
        let (text, code) = match key {
            "Enter" => ("\r", 13),
            "Escape" => ("", 27),
            "Tab" => ("", 9),
            letter => (letter, 0),
        };
        let kind = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let down = json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
        self.call("Input.dispatchKeyEvent", &down);
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}));
    }

    /// The width of the window, and light or dark.
    pub(crate) fn show(&mut self, width: u32, scheme: &str) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// With or without scripts on the pages that are opened next.
    pub(crate) fn scripts(&mut self, on: bool) {
        self.scripts = on;
        self.call("Emulation.setScriptExecutionDisabled", &json!({"value": !on}));
    }

    /// A picture of the whole page, as PNG.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        use base64::Engine as _;

        let taken = self.call("Page.captureScreenshot", &json!({"format": "png", "captureBeyondViewport": true}));
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _gone = self.child.wait();
        let _left_behind = std::fs::remove_dir_all(&self.folder);
    }
}
