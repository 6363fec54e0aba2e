//! A function's package, opened when the function is made or changed: from OSS in the function's region, or as it was sent.
//!
//! As in the cloud the package is copied then: a new object under the same name changes no function until the function is
//! updated.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use template::Code;

use crate::call::ApiError;
use crate::package::Package;
use crate::settings::MissingProgram;
use crate::world::World;

/// The folder of a function's files in its instances.
pub(crate) const FOLDER: &str = "/code/";

/// The package that `code` names, for a function that is started by `command`. [`None`]: there is none, and the world's settings
/// leave it to somebody to serve the function by its name.
pub(crate) fn fetch(
    world: &World,
    region: &str,
    code: Option<&Code>,
    command: &[String],
) -> Result<Option<Arc<Package>>, ApiError> {
    let archive = match code {
        Some(Code { zip: Some(text), .. }) => {
            Bytes::from(STANDARD.decode(text).map_err(|_| invalid("code.zipFile is not base64"))?)
        }
        Some(code) if !code.bucket.is_empty() || !code.object.is_empty() => match object(world, region, code) {
            Some(body) => body,
            None if !world.settings.strict.packages => return Ok(None),
            None => {
                return Err(ApiError::new(
                    403,
                    "AccessDenied",
                    format!("unable to access object '{}' in bucket '{}'", code.object, code.bucket),
                ));
            }
        },
        _ if !world.settings.strict.packages => return Ok(None),
        _ => return Err(invalid("code is required: ossBucketName with ossObjectName, or zipFile")),
    };
    let package = Package::open(archive).map_err(|error| invalid(&error.to_string()))?;
    if let Some(checksum) = code.and_then(|code| code.checksum.as_ref())
        && *checksum != package.checksum().to_string()
    {
        return Err(invalid(&format!("the code's checksum is {}, not {checksum}", package.checksum())));
    }
    let program = command.first().and_then(|program| program.strip_prefix(FOLDER));
    if let Some(program) = program
        && !package.has(program)
        && world.settings.missing_program == MissingProgram::RefusedWithTheFunction
    {
        return Err(invalid(&format!("the code has no file '{program}', which the function is started by")));
    }
    Ok(Some(Arc::new(package)))
}

/// The newest version of the object, if the function's region has it.
fn object(world: &World, region: &str, code: &Code) -> Option<Bytes> {
    let bucket = world.oss.buckets.get(&code.bucket).filter(|bucket| bucket.region == region)?;
    let newest = bucket.objects.get(&code.object)?.last().filter(|object| !object.deleted);
    newest.map(|object| object.body.clone())
}

fn invalid(message: &str) -> ApiError {
    ApiError::bad("InvalidArgument", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{HANGZHOU, Zipped, start, world, zip};

    fn packed(name: &str) -> Vec<u8> {
        zip(&[Zipped { name, mode: 0o100_755, body: b"#!/bin/sh\n", deflate: true }])
    }

    fn at(bucket: &str, object: &str) -> Code {
        Code { bucket: bucket.to_owned(), object: object.to_owned(), ..Code::default() }
    }

    fn with_objects() -> World {
        let mut world = world();
        world.put_object(start(), HANGZHOU, "code", "good.zip", packed("bootstrap"));
        world.put_object(start(), HANGZHOU, "code", "other.zip", packed("main"));
        world.put_object(start(), HANGZHOU, "code", "text.zip", b"no zip".to_vec());
        world
    }

    fn asked(world: &World, region: &str, code: Option<&Code>) -> Result<bool, String> {
        fetch(world, region, code, &["/code/bootstrap".to_owned()])
            .map(|found| found.is_some())
            .map_err(|error| error.code)
    }

    #[test]
    fn what_was_uploaded_is_opened_or_refused() {
        let mut world = with_objects();
        for strict in [false, true] {
            world.settings.strict.packages = strict;
            assert_eq!(asked(&world, HANGZHOU, Some(&at("code", "good.zip"))), Ok(true));
            assert_eq!(asked(&world, HANGZHOU, Some(&at("code", "text.zip"))), Err("InvalidArgument".to_owned()));
            assert_eq!(asked(&world, HANGZHOU, Some(&at("code", "other.zip"))), Err("InvalidArgument".to_owned()));
            let zip = Code { zip: Some(STANDARD.encode(packed("bootstrap"))), ..Code::default() };
            assert_eq!(asked(&world, HANGZHOU, Some(&zip)), Ok(true));
            for wrong in ["***".to_owned(), STANDARD.encode("text")] {
                let wrong = Code { zip: Some(wrong), ..Code::default() };
                assert_eq!(asked(&world, HANGZHOU, Some(&wrong)), Err("InvalidArgument".to_owned()));
            }
        }
    }

    #[test]
    fn what_is_not_there_is_refused_where_packages_are_asked_for() {
        let mut world = with_objects();
        let missing = [at("code", "none.zip"), at("nowhere", "good.zip"), at("code", "")];
        for code in &missing {
            assert_eq!(asked(&world, HANGZHOU, Some(code)), Ok(false));
        }
        assert_eq!(asked(&world, HANGZHOU, None), Ok(false));
        world.settings.strict.packages = true;
        for code in &missing {
            assert_eq!(asked(&world, HANGZHOU, Some(code)), Err("AccessDenied".to_owned()));
        }
        assert_eq!(asked(&world, "cn-shanghai", Some(&at("code", "good.zip"))), Err("AccessDenied".to_owned()));
        assert_eq!(asked(&world, HANGZHOU, None), Err("InvalidArgument".to_owned()));
    }

    #[test]
    fn a_checksum_that_is_given_has_to_be_the_packages() {
        let world = with_objects();
        let checksum = Package::open(packed("bootstrap").into()).unwrap().checksum();
        let right = Code { checksum: Some(checksum.to_string()), ..at("code", "good.zip") };
        assert_eq!(asked(&world, HANGZHOU, Some(&right)), Ok(true));
        let wrong = Code { checksum: Some("1".to_owned()), ..right };
        assert_eq!(asked(&world, HANGZHOU, Some(&wrong)), Err("InvalidArgument".to_owned()));
    }

    #[test]
    fn a_package_without_its_program_is_found_now_or_at_the_first_call() {
        let mut world = with_objects();
        let code = at("code", "other.zip");
        world.settings.missing_program = MissingProgram::FoundAtTheFirstCall;
        assert_eq!(asked(&world, HANGZHOU, Some(&code)), Ok(true));
        world.settings.missing_program = MissingProgram::RefusedWithTheFunction;
        let command = ["/bin/sh".to_owned(), "/code/main".to_owned()];
        assert!(fetch(&world, HANGZHOU, Some(&code), &command).is_ok(), "a program of the runtime's own");
    }
}
