//! Reports of the error crates, each by its own feature.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    Anyhow,
    Eyre,
    Miette,
}

fn by_anyhow() -> anyhow::Result<()> {
    anyhow::bail!("by anyhow")
}

fn by_eyre() -> eyre::Result<()> {
    eyre::bail!("by eyre")
}

fn by_miette() -> miette::Result<()> {
    miette::bail!("by miette")
}

async fn fail(event: LambdaEvent<By>) -> Result<(), Diagnostic> {
    match event.payload {
        By::Anyhow => by_anyhow()?,
        By::Eyre => by_eyre()?,
        By::Miette => by_miette()?,
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(fail)).await
}
