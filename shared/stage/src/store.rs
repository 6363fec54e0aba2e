//! The store of bindings. Each invocation reads it again, so a changed binding or the kill switch applies from the next one
//! on.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use onboarding::ids::BindingName;
use onboarding::store::Store;
use onboarding::{Binding, Code, Reason};
use openapi::Client;
use openapi::oss::GetObject;

use crate::error::StageError;
use crate::host::{Host, Invocation, Removal};
use crate::settings::StoreLocation;
use crate::unread;

/// A larger store is refused before it is read completely.
pub const MOST_BYTES: usize = Store::MAX_BYTES;

/// The store, read once in an invocation.
///
/// # Errors
/// Those of [`load`].
pub async fn of(invocation: &Invocation<'_>) -> Result<Arc<Store>, StageError> {
    let store = invocation.readings.store(load(invocation.host, &invocation.client())).await?;
    *invocation.host.shared::<Last>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&store));
    Ok(store)
}

/// The store as an invocation of this process read it last. What is begun on it counts only if the store, read again, is equal.
#[derive(Debug, Default)]
struct Last(Mutex<Option<Arc<Store>>>);

/// The store as it was when this process read it last.
pub(crate) fn last(invocation: &Invocation<'_>) -> Option<Arc<Store>> {
    invocation.host.shared::<Last>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Reads and parses the bindings at the location in the settings.
///
/// # Errors
/// [`StageError::Store`]: not readable, or not valid. Then nothing may be written for any binding.
pub async fn load(host: &Host, client: &Client) -> Result<Store, StageError> {
    let location = &host.settings().store;
    let name = location.to_string();
    let failure = |message: String| StageError::Store(Reason::new(Code::Store, &name, message));
    let text = match location {
        StoreLocation::File(path) => {
            read_file(path).map_err(|error| failure(format!("{name} cannot be read: {error}.")))?
        }
        StoreLocation::AtHome => {
            return Err(failure("The bindings are at home, and this function has none.".to_owned()));
        }
        StoreLocation::Object { bucket, region, key, internal } => {
            let (bucket, key, internal) = (bucket.clone(), key.clone(), *internal);
            let get = GetObject { bucket, key, internal, most: Some(MOST_BYTES), ..Default::default() };
            let object =
                client.get_object(region.as_str(), &get).await.map_err(|error| match StageError::cloud(&error) {
                    expired @ StageError::Expired { .. } => expired,
                    _ => failure(format!("{name} cannot be read: {}", unread::sentence(&error))),
                })?;
            String::from_utf8(object.body.into()).map_err(|_| failure(format!("{name} is not UTF-8 text.")))?
        }
    };
    Store::parse(&text, &name).map_err(|error| failure(format!("The bindings are not valid: {error}")))
}

/// The text of a bindings file.
///
/// # Errors
/// If it cannot be read, is not UTF-8, or has more than [`MOST_BYTES`].
pub fn read_file(path: &Path) -> std::io::Result<String> {
    read(std::fs::File::open(path)?)
}

/// The text of bindings that come from somewhere else.
///
/// # Errors
/// Those of [`read_file`].
pub fn read(from: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > MOST_BYTES {
        return Err(std::io::Error::other(format!("it has more than {MOST_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| std::io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// The binding that a teardown is about: that of the store, which must be paused, or what the store no longer has.
///
/// # Errors
/// [`StageError::NotPaused`], and [`StageError::NoBinding`] if there is neither.
pub(crate) fn leaving<'a>(
    store: &'a Store,
    name: &BindingName,
    removal: &'a Removal,
) -> Result<&'a Binding, StageError> {
    match (store.binding(name.as_str()), &removal.former) {
        (Some(binding), _) if store.paused || binding.paused => Ok(binding),
        (Some(_), _) => {
            let message =
                format!("Binding {name} is in the store and not paused, so what is taken away would come back.");
            Err(StageError::NotPaused(Reason::new(Code::NotPaused, name, message)))
        }
        (None, Some(former)) if former.name == *name => Ok(former),
        (None, _) => find(store, name),
    }
}

/// One binding of the store, by name.
///
/// # Errors
/// [`StageError::NoBinding`] if the store has no binding of that name.
pub fn find<'a>(store: &'a Store, name: &BindingName) -> Result<&'a Binding, StageError> {
    store.binding(name.as_str()).ok_or_else(|| {
        StageError::NoBinding(Reason::new(Code::NoBinding, name, format!("The store has no binding {name}.")))
    })
}
