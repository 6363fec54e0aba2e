//! `albridge demo`: runs the whole procedure, from its beginning to its end, on the emulated cloud.
//!
//! Everything really runs: the template is deployed, the functions are HTTP servers, every call is signed and goes over
//! loopback, and the output is read back from the cloud's API. Only time is simulated: it stands still while there is work and
//! skips every wait, so that the output does not depend on the speed of the machine.

mod approval;
mod follow;
mod parts;
mod run;
mod session;
mod transcript;
mod world;

use clock::Clock;
use serde_json::json;

use crate::args::{Alb, DemoArgs};
use crate::output::{CliError, Console, Exit, Line, Style};
use session::{Session, Total};

/// Runs the demo for one generation of load balancers, or for both in turn.
pub(crate) async fn demo(args: &DemoArgs, console: Console) -> Result<Exit, CliError> {
    let generations = args.alb.map_or_else(|| vec![Alb::Upgraded, Alb::Classic], |alb| vec![alb]);
    let clock = Clock::eager();
    let mut total = Total::default();
    let mut ended = Ok(());
    for (alb, last) in generations.iter().zip((1..).map(|number| number == generations.len())) {
        ended = generation(*alb, &clock, last, &mut total, console).await;
        if ended.is_err() {
            break;
        }
    }
    let ok = ended.is_ok();
    let seconds = total.time.as_secs();
    if let Err(error) = &ended {
        console.note(format!("albridge: the demo failed: {error}"));
    } else {
        let sum = format!(
            "All of it took {} of the cloud's time, {} calls and {} writes.",
            transcript::minutes(total.time),
            total.calls,
            total.writes
        );
        console.print("");
        console.print(Line::styled(Style::Good, sum));
    }
    let error = ended.err().map(|error| error.to_string());
    let mut finished = json!({"virtualSeconds": seconds, "calls": total.calls, "writes": total.writes});
    if let (Some(fields), Some(error)) = (finished.as_object_mut(), error) {
        fields.insert("error".to_owned(), error.into());
    }
    Ok(console.finish(Exit::failed(!ok), finished))
}

/// Runs the demo for one generation. Calls are counted even if it fails.
async fn generation(alb: Alb, clock: &Clock, last: bool, total: &mut Total, console: Console) -> Result<(), CliError> {
    let mut session = Session::begin(alb, clock, local::PROCEDURE_BINDING, console).await?;
    let ended = parts::all(&mut session).await;
    total.add(&session);
    ended?;
    if last {
        // The binding's other way to provision is the same for both generations: once is enough.
        let bindings = local::PROCEDURE_BINDING.replace("provision: auto", "provision: approved");
        let mut session = Session::begin(alb, clock, &bindings, console).await?;
        let ended = approval::act(&mut session).await;
        total.add(&session);
        ended?;
    }
    Ok(())
}
