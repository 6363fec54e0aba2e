//! Follows a remedy to the letter: the commands in it are run, those of the tool and those of the cloud's own.

use openapi::{Credentials, Fresh, Unsigned};
use serde_json::Value;

use super::{Desk, HOME};

/// Versions of the APIs that remedies and hands call, by the name that the cloud's own tool has for them.
const VERSIONS: [(&str, &str); 5] = [
    ("ecs", "2014-05-26"),
    ("ros", "2019-09-10"),
    ("eventbridge", "2020-04-01"),
    ("ram", "2015-05-01"),
    ("fnf", "2019-03-15"),
];

impl Desk {
    /// Runs the commands of a remedy in their order. Deploying uses this test's packages, and nobody is asked.
    pub(super) async fn follow(&self, remedy: &str) {
        let at = |tool: &str| remedy.find(&format!("{tool} "));
        if let Some(at) = at("aliyun") {
            return self.aliyun(&remedy[at..]).await;
        }
        let at = at("albridge").unwrap_or_else(|| panic!("no command in {remedy:?}"));
        let commands = remedy[at..].split([';', ',']).filter_map(|part| part.split_once("albridge "));
        let folder = self.file("packages").display().to_string();
        let mut ran = 0;
        for (_, command) in commands {
            let mut words: Vec<&str> = command.trim_end_matches('.').split_whitespace().collect();
            if words[0] == "deploy" {
                words.extend(["--packages", &folder]);
            }
            words.push("--yes");
            let done = self.run(&words).await;
            assert_eq!(done.code, 0, "{command}: {}", done.all());
            ran += 1;
        }
        assert!(ran > 0, "{remedy}");
    }

    /// Makes a call as the cloud's own tool would.
    pub(super) async fn aliyun(&self, command: &str) {
        let words = words(command);
        let [_, product, verb, rest @ ..] = words.as_slice() else { panic!("{command}") };
        // The emulator has no such service; a stack makes the same.
        if product == "resourcemanager" {
            return Box::pin(self.service_role(&rest[1])).await;
        }
        let path = (product == "fc").then(|| rest[0].clone());
        let options: Vec<(String, String)> = rest
            .iter()
            .skip(usize::from(path.is_some()))
            .collect::<Vec<_>>()
            .chunks(2)
            .map(|pair| (pair[0].trim_start_matches("--").to_owned(), pair[1].clone()))
            .collect();
        let value = |name: &str| options.iter().find(|(option, _)| option == name).map(|(_, value)| value.clone());
        let region = value("region").unwrap_or_else(|| HOME.to_owned());
        let request = match path {
            Some(path) => Unsigned {
                method: verb.clone(),
                path,
                headers: [("authorization".to_owned(), "ACS3-HMAC-SHA256".to_owned())].into(),
                body: value("body").unwrap_or_default().into(),
                ..Unsigned::default()
            },
            None => {
                let (_, version) = VERSIONS.iter().find(|(name, _)| name == product).unwrap();
                let mut query = vec![("RegionId".to_owned(), region.clone())];
                let fixed = [("Action", verb.as_str()), ("Version", version), ("Signature", "")];
                query.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
                query.extend(options.iter().filter(|(name, _)| name != "region").cloned());
                Unsigned { method: "POST".to_owned(), path: "/".to_owned(), query, ..Unsigned::default() }
            }
        };
        self.send(&region, &request).await;
    }

    /// Signs and sends a request with the operator's key; gives the answer, which has to be a success.
    async fn send(&self, region: &str, request: &Unsigned) -> Value {
        let key = |name: &str| self.variables[name].clone();
        let credentials = Credentials::new(key("ALIBABA_CLOUD_ACCESS_KEY_ID"), key("ALIBABA_CLOUD_ACCESS_KEY_SECRET"));
        let clock = self.local.clock();
        let fresh = Fresh { time: clock.now(), nonce: clock.uuid() };
        let base = format!("http://{region}.api.emulated");
        let request = openapi::resign(request, region, &base, &credentials, &fresh).unwrap();
        let answer = self.transport().send(request).await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }

    async fn service_role(&self, service: &str) {
        let body = format!(
            "ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  Role:\n    Type: ALIYUN::ResourceManager::ServiceLinkedRole\n    \
             Properties: {{ServiceName: {service}}}\n"
        );
        let name = service.replace('.', "-");
        self.aliyun(&format!(
            "aliyun ros CreateStack --StackName {name} --TemplateBody '{}'",
            body.replace('\'', "\"")
        ))
        .await;
    }
}

/// Words as a shell reads them, as far as remedies go: single quotes only.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}
