//! The client against a scripted cloud, on paused time.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod support;
