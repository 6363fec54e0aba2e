//! What waited for what, of one story: the states of the workflow with their invocations, the cloud's own transitions, and
//! the gaps in which the cloud had nothing to do.

use std::fmt::Write as _;

use emulator::call::Service;

use bench_albridge::delays::Delays;
use bench_albridge::onboarding::{Made, Story};

/// Characters of a bar.
const WIDTH: usize = 72;

struct Transition<'s> {
    begin: f64,
    end: f64,
    call: &'s Made,
    what: String,
}

fn transitions<'s>(story: &'s Story, delays: &Delays) -> Vec<Transition<'s>> {
    let mut found = Vec::new();
    for call in story.calls.iter().filter(|call| call.written) {
        let Some(seconds) = delays.of_write(&call.action) else { continue };
        let what = format!("{} {}", call.action, call.subject).trim_end().to_owned();
        found.push(Transition { begin: call.at, end: call.at + seconds, call, what });
        if call.action == "AddServersToServerGroup" {
            let since = call.at + seconds;
            found.push(Transition {
                begin: since,
                end: since + delays.healthy(),
                call,
                what: "until healthy".to_owned(),
            });
        }
    }
    found
}

/// A time in which the cloud had nothing to do.
pub struct Gap {
    pub begin: f64,
    pub end: f64,
    pub text: String,
}

/// The gaps of a story, in order.
pub fn gaps(story: &Story, delays: &Delays) -> Vec<Gap> {
    let mut transitions = transitions(story, delays);
    transitions.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    let (mut gaps, mut busy, mut ended) = (Vec::new(), 0.0, "the window".to_owned());
    for transition in &transitions {
        if transition.begin > busy + 0.001 {
            let text = format!(
                "{} was over; {} by {}: {}",
                ended,
                transition.what,
                transition.call.stage,
                why(story, transition, busy)
            );
            gaps.push(Gap { begin: busy, end: transition.begin, text });
        }
        if transition.end > busy {
            busy = transition.end;
            ended.clone_from(&transition.what);
        }
    }
    gaps
}

/// What its stage did meanwhile.
fn why(story: &Story, transition: &Transition<'_>, since: f64) -> String {
    let Some(state) = story.states.iter().find(|state| state.stage == transition.call.stage) else {
        return String::new();
    };
    if state.entered > since + 0.001 {
        return format!("its state was entered at {:.1}", state.entered);
    }
    let attempt = state.attempts.iter().find(|(begin, end, _)| *begin <= transition.begin && transition.begin <= *end);
    match attempt {
        Some((begin, ..)) if *begin > since + 0.001 => format!("between two invocations, until {begin:.1}"),
        _ => "between two polls".to_owned(),
    }
}

fn bar(begin: f64, end: f64, whole: f64, sign: char) -> String {
    let place = |at: f64| ((at.max(0.0) / whole * WIDTH as f64) as usize).min(WIDTH - 1);
    let (from, to) = (place(begin), place(end));
    (0..WIDTH).map(|at| if (from..=to).contains(&at) { sign } else { ' ' }).collect()
}

/// The waterfall as text.
pub fn text(story: &Story, delays: &Delays) -> String {
    let whole = story.ended.max(1.0);
    let mut text = String::new();
    let _infallible = writeln!(
        text,
        "{}: healthy {:.1} s after the window, the run ended at {:.1}, {} calls",
        story.name,
        story.seconds,
        story.ended,
        story.calls.len()
    );
    let mut line = |name: &str, begin: f64, end: f64, bar: String| {
        let _infallible = writeln!(text, "{name:<46.46} {begin:>6.1} {end:>6.1} |{bar}|");
    };
    for state in &story.states {
        let mut drawn: Vec<char> = bar(state.entered, state.left, whole, '.').chars().collect();
        for (begin, end, _) in &state.attempts {
            for (place, sign) in bar(*begin, *end, whole, '#').chars().enumerate().filter(|(_, sign)| *sign == '#') {
                drawn[place] = sign;
            }
        }
        let calls = story.calls.iter().filter(|call| call.stage == state.stage).count();
        let name = format!("{} ({} invocations, {calls} calls)", state.stage, state.attempts.len());
        line(&name, state.entered, state.left, drawn.into_iter().collect());
    }
    for transition in transitions(story, delays) {
        line(
            &format!("  {}", transition.what),
            transition.begin,
            transition.end,
            bar(transition.begin, transition.end, whole, '='),
        );
    }
    let gaps = gaps(story, delays);
    let idle: f64 = gaps.iter().map(|gap| gap.end - gap.begin).sum();
    let _infallible = writeln!(text, "the cloud had nothing to do for {idle:.1} s:");
    for gap in &gaps {
        let _infallible =
            writeln!(text, "  {:>6.1} s  {:>6.1} to {:>6.1}  {}", gap.end - gap.begin, gap.begin, gap.end, gap.text);
    }
    let lags = lags(story, delays);
    if lags > 0.05 {
        let _infallible = writeln!(text, "between two writes of the CEN, which takes one at a time: {lags:.1} s");
    }
    text
}

/// What passed between the end of one write of the CEN and the beginning of the next.
fn lags(story: &Story, delays: &Delays) -> f64 {
    let writes =
        transitions(story, delays).into_iter().filter(|transition| transition.call.service == Some(Service::Cbn));
    let (mut sum, mut before) = (0.0, None);
    for write in writes {
        if let Some(before) = before {
            sum += f64::max(write.begin - before, 0.0);
        }
        before = Some(write.end);
    }
    sum
}

/// The waterfall as a picture.
pub fn svg(story: &Story, delays: &Delays) -> String {
    const SCALE: f64 = 2.0;
    const ROW: usize = 16;
    let mut rows: Vec<(String, Vec<(f64, f64, &str)>)> = Vec::new();
    for state in &story.states {
        let mut bars = vec![(state.entered, state.left, "#cfd8dc")];
        bars.extend(state.attempts.iter().map(|(begin, end, _)| (*begin, *end, "#607d8b")));
        rows.push((state.stage.clone(), bars));
    }
    for transition in transitions(story, delays) {
        rows.push((transition.what.clone(), vec![(transition.begin, transition.end, "#ef6c00")]));
    }
    let height = (rows.len() + 1) * ROW;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n",
        story.ended.mul_add(SCALE, 340.0)
    );
    for (place, (name, bars)) in rows.iter().enumerate() {
        let y = place * ROW;
        let _infallible = writeln!(text, "<text x=\"2\" y=\"{}\">{}</text>", y + 12, name.replace('<', "&lt;"));
        for (begin, end, colour) in bars {
            let (x, width) = (begin.max(0.0).mul_add(SCALE, 330.0), ((end - begin.max(0.0)) * SCALE).max(1.0));
            let _infallible = writeln!(
                text,
                "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"12\" fill=\"{colour}\"/>",
                y + 2
            );
        }
    }
    text + "</svg>\n"
}
