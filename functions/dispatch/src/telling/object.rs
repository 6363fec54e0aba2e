//! What was told: one object beside the store.

use onboarding::news::Told;
use openapi::oss::{GetObject, PutObject};
use openapi::{Client, Error};
use stage::{StoreLocation, sentence};

/// What the object's name has behind the store's.
const SUFFIX: &str = ".told.json";
/// A larger object is none of ours: that of eight receivers with all that is remembered for each is smaller.
const MOST: usize = 2 << 20;

/// Where what was told is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    bucket: String,
    region: String,
    key: String,
    /// Whether the store is read by its region's internal endpoint.
    internal: bool,
}

/// What was found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// What was told.
    Told(Told),
    /// Nothing that can be used, and why: then everything is told once again.
    Nothing(String),
}

impl Read {
    /// What was told, as far as it is known.
    pub(super) fn into_told(self) -> Told {
        match self {
            Self::Told(told) => told,
            Self::Nothing(_) => Told::default(),
        }
    }
}

impl Place {
    /// Beside a store in a bucket; nowhere beside one that is a file.
    #[must_use]
    pub fn of(store: &StoreLocation) -> Option<Self> {
        let StoreLocation::Object { bucket, region, key, internal } = store else { return None };
        let (bucket, region) = (bucket.clone(), region.to_string());
        Some(Self { bucket, region, key: format!("{key}{SUFFIX}"), internal: *internal })
    }

    /// Reads what was told.
    ///
    /// # Errors
    /// In a sentence, if another look may read it: it is not known whether there is something.
    pub async fn read(&self, client: &Client) -> Result<Read, String> {
        let get = GetObject {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            version_id: None,
            most: Some(MOST),
            internal: self.internal,
        };
        match client.get_object(&self.region, &get).await {
            Ok(object) => Ok(match serde_json::from_slice(&object.body) {
                Ok(told) => Read::Told(told),
                Err(_) => Read::Nothing("what was told is not in a form that is known".to_owned()),
            }),
            Err(error) if is_final(&error) => Ok(Read::Nothing(format!("what was told: {}", sentence(&error)))),
            Err(error) => Err(format!("what was told cannot be read: {}", sentence(&error))),
        }
    }

    /// Writes what was told.
    ///
    /// # Errors
    /// In a sentence.
    pub(super) async fn write(&self, client: &Client, told: &Told) -> Result<(), String> {
        let body = serde_json::to_vec(told).map_err(|error| error.to_string())?;
        let put = PutObject {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            body: body.into(),
            content_type: Some("application/json".to_owned()),
            internal: self.internal,
        };
        let written = client.put_object(&self.region, &put).await;
        written.map(drop).map_err(|error| format!("what is told cannot be written: {}", sentence(&error)))
    }
}

/// Whether reading it again would bring the same: it is not there, too large, or not to be read. Without the right to list, an object that is
/// not there may be answered like one that must not be read.
fn is_final(error: &Error) -> bool {
    error.is_not_found() || error.status == Some(403) || error.code == "AnswerTooLarge"
}
