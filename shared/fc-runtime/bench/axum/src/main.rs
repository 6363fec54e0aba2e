//! axum, for reference: an echo.

use axum::{Router, body::Bytes, routing::post};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("FC_SERVER_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(9000);
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", port)).await?;
    axum::serve(listener, Router::new().route("/invoke", post(|body: Bytes| async move { body }))).await
}
