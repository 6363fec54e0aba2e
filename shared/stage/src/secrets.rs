//! The secrets of those who are told, where bindings only name them: an object beside the store, or a file beside the bindings' file. Only who tells
//! reads it.

use onboarding::Receiver;
use onboarding::store::Secrets;
use openapi::Client;
use openapi::oss::GetObject;

use crate::host::Host;
use crate::settings::StoreLocation;
use crate::{store, unread};

/// What their name has behind the store's.
pub const SUFFIX: &str = ".secrets.yml";

/// Where the secrets of a store are.
#[must_use]
pub fn place(of: &StoreLocation) -> StoreLocation {
    match of.clone() {
        StoreLocation::Object { bucket, region, key, internal } => {
            StoreLocation::Object { bucket, region, key: key + SUFFIX, internal }
        }
        StoreLocation::File(path) => {
            let mut name = path.into_os_string();
            name.push(SUFFIX);
            StoreLocation::File(name.into())
        }
        StoreLocation::AtHome => StoreLocation::AtHome,
    }
}

/// The secrets that these receivers name; nothing is read if they name none.
///
/// # Errors
/// Why they are not known, in a few words without any of them.
pub async fn secrets<'r>(
    host: &Host,
    client: &Client,
    mut receivers: impl Iterator<Item = &'r Receiver>,
) -> Result<Secrets, String> {
    if receivers.all(|receiver| receiver.references().next().is_none()) {
        return Ok(Secrets::default());
    }
    let place = place(&host.settings().store);
    let text = match &place {
        StoreLocation::AtHome => return Err("the bindings and their secrets are at home".to_owned()),
        StoreLocation::File(path) => {
            store::read_file(path).map_err(|error| format!("{place} cannot be read: {error}"))?
        }
        StoreLocation::Object { bucket, region, key, internal } => {
            let (bucket, key, internal) = (bucket.clone(), key.clone(), *internal);
            let get = GetObject { bucket, key, internal, most: Some(Secrets::MAX_BYTES), ..Default::default() };
            let object = client.get_object(region.as_str(), &get).await.map_err(|error| {
                if error.is_not_found() {
                    return format!("{place}, where the secrets are that the bindings name, is not there");
                }
                format!("{place} cannot be read: {}", unread::sentence(&error))
            })?;
            String::from_utf8(object.body.into()).map_err(|_| format!("{place} is not UTF-8 text"))?
        }
    };
    Secrets::parse(&text).map_err(|why| format!("{place}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_beside_the_store() {
        for store in ["oss://bucket.cn-hangzhou-internal/albridge/bindings.yml", "folder/bindings.yml"] {
            let store = StoreLocation::parse(store).unwrap();
            assert_eq!(place(&store).to_string(), format!("{store}.secrets.yml"));
        }
    }
}
