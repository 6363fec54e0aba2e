//! Finds the access key that signs the calls: in the environment, or in a profile of the aliyun CLI.

use openapi::Credentials;
use serde::Deserialize;

use crate::environment::Environment;
use crate::output::CliError;

/// `~/.aliyun/config.json`, as far as it matters here. It holds keys, so it has no `Debug`.
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    current: String,
    #[serde(default)]
    profiles: Vec<Profile>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: String,
    access_key_secret: String,
    sts_token: String,
}

/// The environment's key, unless a profile is asked for by name; else the profile's.
pub(crate) fn find(environment: &Environment, profile: Option<&str>) -> Result<Credentials, CliError> {
    let variable = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    if profile.is_none()
        && let (Some(id), Some(secret)) =
            (variable("ALIBABA_CLOUD_ACCESS_KEY_ID"), variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
    {
        let token = variable("ALIBABA_CLOUD_SECURITY_TOKEN");
        return Ok(Credentials { access_key_id: id, access_key_secret: secret, security_token: token });
    }
    let nowhere = "There is no access key: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or run \
                   `aliyun configure`.";
    let home =
        variable("HOME").or_else(|| variable("USERPROFILE")).ok_or_else(|| CliError::Usage(nowhere.to_owned()))?;
    let path = std::path::Path::new(&home).join(".aliyun").join("config.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(CliError::Usage(nowhere.to_owned())),
        Err(error) => return Err(CliError::Usage(format!("{} cannot be read: {error}.", path.display()))),
    };
    let wanted = profile.map(str::to_owned).or_else(|| variable("ALIBABA_CLOUD_PROFILE"));
    read(&text, &path.display().to_string(), wanted.as_deref())
}

fn read(text: &str, name: &str, wanted: Option<&str>) -> Result<Credentials, CliError> {
    let config: Config = serde_json::from_str(text)
        // The parser's own words quote the text, and the text holds keys.
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            CliError::Usage(format!(
                "{name} is no configuration of the aliyun CLI: line {line}, column {column} is not as it should be. Run \
                 `aliyun configure`."
            ))
        })?;
    let wanted = wanted.unwrap_or(if config.current.is_empty() { "default" } else { &config.current });
    let profile = config.profiles.iter().find(|profile| profile.name == wanted).ok_or_else(|| {
        let names: Vec<_> = config.profiles.iter().map(|profile| profile.name.as_str()).collect();
        CliError::Usage(format!("{name} has no profile {wanted}; it has: {}.", names.join(", ")))
    })?;
    let token = match profile.mode.as_str() {
        "AK" => None,
        "StsToken" => Some(profile.sts_token.clone()),
        other => {
            return Err(CliError::Usage(format!(
                "The profile {wanted} of {name} has the mode {other:?}; only AK and StsToken are read. Put a key of that \
                 role into ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN."
            )));
        }
    };
    if profile.access_key_id.is_empty() || profile.access_key_secret.is_empty() {
        return Err(CliError::Usage(format!(
            "The profile {wanted} of {name} has no access key: run `aliyun configure`."
        )));
    }
    Ok(Credentials {
        access_key_id: profile.access_key_id.clone(),
        access_key_secret: profile.access_key_secret.clone(),
        security_token: token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"current": "two", "profiles": [
        {"name": "one", "mode": "AK", "access_key_id": "id1", "access_key_secret": "s1", "region_id": "cn-hangzhou"},
        {"name": "two", "mode": "StsToken", "access_key_id": "id2", "access_key_secret": "s2", "sts_token": "t2"},
        {"name": "three", "mode": "EcsRamRole", "ram_role_name": "r"},
        {"name": "four", "mode": "AK"}]}"#;

    #[test]
    fn the_current_profile_is_read_and_another_by_name() {
        let two = read(CONFIG, "config.json", None).unwrap();
        assert_eq!((two.access_key_id.as_str(), two.security_token.as_deref()), ("id2", Some("t2")));
        let one = read(CONFIG, "config.json", Some("one")).unwrap();
        assert_eq!((one.access_key_id.as_str(), one.security_token.as_deref()), ("id1", None));
    }

    #[test]
    fn what_cannot_be_used_is_said_with_a_way_out() {
        for (profile, words) in
            [("three", "EcsRamRole"), ("four", "aliyun configure"), ("five", "one, two, three, four")]
        {
            let error = read(CONFIG, "config.json", Some(profile)).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.code(), 64);
        }
        let quoting = read(r#"{"profiles": "cAnArySecret"}"#, "config.json", None).unwrap_err().to_string();
        assert!(quoting.contains("line 1, column") && !quoting.contains("cAnAry"), "{quoting}");
        assert!(read("nonsense", "config.json", None).unwrap_err().to_string().starts_with("config.json is no"));
    }

    #[test]
    fn the_environment_comes_first() {
        let environment = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "id"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let environment = Environment::new(environment);
        assert_eq!(find(&environment, None).unwrap(), Credentials::new("id", "secret"));
        assert_eq!(find(&Environment::default(), None).unwrap_err().code(), 64);
    }
}
