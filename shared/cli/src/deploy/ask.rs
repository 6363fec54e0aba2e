//! Asks the person at this machine.

use std::io::{BufRead, IsTerminal, Write as _};

use crate::args::Itself;
use crate::output::{CliError, Console, visible};

/// Somebody can be asked, or need not be.
pub(crate) fn somebody(args: &Itself) -> Result<(), CliError> {
    if args.yes || args.dry_run || std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(CliError::Usage("Nobody can be asked here: give --yes, or --dry-run to see what would change.".to_owned()))
}

/// Whether the answer is yes.
pub(crate) fn yes(question: &str, console: Console) -> bool {
    let mut stderr = std::io::stderr().lock();
    let _gone = write!(stderr, "{} Only `yes` does. ", visible(question)).and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer).is_ok();
    if !read {
        console.note("The answer could not be read.");
    }
    read && answer.trim() == "yes"
}
