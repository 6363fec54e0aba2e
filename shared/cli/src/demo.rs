//! `albridge demo`: the main job, played from its beginning to its end on the emulated cloud.
//!
//! Nothing of it is staged: the template is deployed, the functions are HTTP servers, every call is signed and goes over
//! loopback, and what is shown is read back from the cloud as anybody at a console could read it. Only time is not real: it
//! stands still while there is work and leaps over every wait, so that a slow machine plays the same story as a fast one.

mod acts;
mod approval;
mod follow;
mod play;
mod run;
mod story;
mod world;

use clock::Clock;
use serde_json::json;

use crate::args::{Alb, DemoArgs};
use crate::output::{Console, Exit, Line, Tone, Trouble};
use play::{Play, Total};

/// Plays the story for one generation of load balancers, or for both in turn.
pub(crate) async fn demo(args: &DemoArgs, console: Console) -> Result<Exit, Trouble> {
    let generations = args.alb.map_or_else(|| vec![Alb::Upgraded, Alb::Classic], |alb| vec![alb]);
    let clock = Clock::eager();
    let mut total = Total::default();
    let mut ended = Ok(());
    for (alb, last) in generations.iter().zip((1..).map(|number| number == generations.len())) {
        ended = story(*alb, &clock, last, &mut total, console).await;
        if ended.is_err() {
            break;
        }
    }
    let ok = ended.is_ok();
    let seconds = total.time.as_secs();
    if let Err(trouble) = &ended {
        console.note(format!("albridge: the story broke off: {trouble}"));
    } else {
        let sum = format!(
            "All of it took {} of the cloud's time, {} calls and {} writes.",
            story::minutes(total.time),
            total.calls,
            total.writes
        );
        console.say("");
        console.say(Line::toned(Tone::Good, sum));
    }
    let error = ended.err().map(|trouble| trouble.to_string());
    let mut finished = json!({"virtualSeconds": seconds, "calls": total.calls, "writes": total.writes});
    if let (Some(fields), Some(error)) = (finished.as_object_mut(), error) {
        fields.insert("error".to_owned(), error.into());
    }
    Ok(console.finish(Exit::failed(!ok), finished))
}

/// One generation's story. What was counted counts even if it breaks off.
async fn story(alb: Alb, clock: &Clock, last: bool, total: &mut Total, console: Console) -> Result<(), Trouble> {
    let mut play = Play::begin(alb, clock, local::PROCEDURE_BINDING, console).await?;
    let ended = acts::all(&mut play).await;
    total.add(&play);
    ended?;
    if last {
        // The binding's other way to provision is the same for both generations: once is enough.
        let bindings = local::PROCEDURE_BINDING.replace("provision: auto", "provision: approved");
        let mut play = Play::begin(alb, clock, &bindings, console).await?;
        let ended = approval::act(&mut play).await;
        total.add(&play);
        ended?;
    }
    Ok(())
}
