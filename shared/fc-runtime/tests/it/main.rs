//! The runtime from outside: in process, and over real sockets.

// `cfg(test)` says to clippy that unwrapping is in order here.
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod context;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http_trigger;
#[cfg(test)]
mod lambda_events;
#[cfg(test)]
mod local;
#[cfg(test)]
mod logs;
#[cfg(unix)]
#[cfg(test)]
mod process;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod server;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod support;
#[cfg(test)]
mod surface;
