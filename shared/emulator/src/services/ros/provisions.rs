//! Services of the account: whether they are open, and opening them.

use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call};
use crate::state::account::SERVICES;
use crate::world::World;

/// `GetServiceProvisions`, by the names of the services.
pub(super) fn get(world: &World, call: &Call) -> Answer {
    let names: Vec<String> = call.params.objects("Services").iter().map(|one| one.text("ServiceName")).collect();
    if names.is_empty() {
        return Err(ApiError::bad("MissingParameter", "One of Services and TemplateBody must be specified."));
    }
    let strict = world.settings.strict.services;
    let shown = names.iter().map(|name| {
        if !SERVICES.contains(&name.as_str()) {
            return json!({"ServiceName": name, "Status": "Unknown", "StatusReason": "not played by this emulator"});
        }
        let mut shown = json!({"ServiceName": name, "AutoEnableService": true, "Status": "Enabled"});
        if !world.account.is_open(name, strict) {
            shown["Status"] = json!("Disabled");
            shown["StatusReason"] = json!("The service is not activated.");
            shown["EnableURL"] = json!(format!("https://common-buy.aliyun.com/?commodityCode={}", name.to_lowercase()));
        }
        shown
    });
    Ok(json!({"ServiceProvisions": shown.collect::<Vec<Value>>()}))
}

/// `EnableServices`: what cannot be opened is named, and the rest is opened.
pub(super) fn enable(world: &mut World, call: &Call) -> Value {
    let mut failed = Vec::new();
    for name in call.params.list("ServiceNames") {
        if SERVICES.contains(&name.as_str()) {
            world.account.open(&name);
        } else {
            failed.push(
                json!({"ServiceName": name, "Code": "NotSupported", "Message": "The service cannot be enabled."}),
            );
        }
    }
    json!({"FailedServices": failed})
}
