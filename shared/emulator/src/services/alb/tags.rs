//! Tags: at most 20 per resource, on load balancers, listeners and server groups.

use serde_json::json;

use super::fault;
use super::paging::{Page, passes};
use crate::call::{Answer, ApiError, Call, Params, done};
use crate::state::alb::Alb;
use crate::tags::{self, Tags};
use crate::world::World;

const MOST: usize = 20;

/// `Tag.N.Key` and `Tag.N.Value` of a request.
pub(super) fn read(params: &Params) -> Result<Tags, ApiError> {
    let sent = params.objects("Tag");
    let mut tags = Tags::new();
    for tag in &sent {
        let key = tag.get("Key").ok_or_else(|| fault::illegal("TagKey"))?;
        if key.len() > 128 || key.starts_with("acs:") || key.starts_with("aliyun") {
            return Err(fault::illegal("TagKey"));
        }
        if tags.insert(key.to_owned(), tag.text("Value")).is_some() {
            return Err(fault::duplicated("TagKey"));
        }
    }
    if tags.len() > MOST { Err(fault::over_quota("Tag", tags.len(), MOST)) } else { Ok(tags) }
}

fn kind(params: &Params) -> Result<String, ApiError> {
    fault::choice(params, "ResourceType", &["loadbalancer", "listener", "servergroup"], "")
}

/// The tags of a resource of `region`, to be changed.
fn of<'a>(alb: &'a mut Alb, region: &str, kind: &str, id: &str) -> Result<&'a mut Tags, ApiError> {
    let (name, found) = match kind {
        "loadbalancer" => {
            ("LoadBalancer", alb.load_balancers.get_mut(id).filter(|lb| lb.region == region).map(|lb| &mut lb.tags))
        }
        "listener" => {
            ("Listener", alb.listeners.get_mut(id).filter(|listener| listener.region == region).map(|l| &mut l.tags))
        }
        _ => ("ServerGroup", alb.server_groups.get_mut(id).filter(|group| group.region == region).map(|g| &mut g.tags)),
    };
    found.ok_or_else(|| fault::not_found(name, id))
}

/// `TagResources`: all resources or none.
pub(super) fn tag(world: &mut World, call: &Call) -> Answer {
    let kind = kind(&call.params)?;
    let new = read(&call.params)?;
    if new.is_empty() {
        return Err(fault::missing("Tag"));
    }
    let ids = call.params.list("ResourceId");
    for id in &ids {
        let tags = of(&mut world.alb, &call.region, &kind, id)?;
        let all = tags.keys().chain(new.keys()).collect::<std::collections::BTreeSet<_>>().len();
        if all > MOST {
            return Err(fault::over_quota("Tag", all, MOST));
        }
    }
    for id in &ids {
        of(&mut world.alb, &call.region, &kind, id)?.extend(new.clone());
    }
    done()
}

/// `UnTagResources`: by key (`TagKey.N`), by pair (`Tag.N`), or all.
pub(super) fn untag(world: &mut World, call: &Call) -> Answer {
    let kind = kind(&call.params)?;
    let all = call.params.flag("All")? == Some(true);
    let keys = call.params.list("TagKey");
    let pairs = call.params.objects("Tag");
    let ids = call.params.list("ResourceId");
    for id in &ids {
        of(&mut world.alb, &call.region, &kind, id)?;
    }
    for id in &ids {
        of(&mut world.alb, &call.region, &kind, id)?.retain(|key, value| {
            let by_pair = pairs
                .iter()
                .any(|pair| pair.get("Key") == Some(key) && pair.get("Value").is_none_or(|wanted| wanted == value));
            !(keys.contains(key) || by_pair || (all && keys.is_empty() && pairs.is_empty()))
        });
    }
    done()
}

/// `ListTagResources`.
pub(super) fn list(world: &World, call: &Call) -> Answer {
    let kind = kind(&call.params)?;
    let page = Page::read(&call.params, 100)?;
    let wanted = call.params.list("ResourceId");
    let alb = &world.alb;
    let here = call.region.as_str();
    let resources: Vec<(&String, &Tags)> = match kind.as_str() {
        "loadbalancer" => {
            alb.load_balancers.iter().filter(|(_, lb)| lb.region == here).map(|(id, lb)| (id, &lb.tags)).collect()
        }
        "listener" => alb.listeners.iter().filter(|(_, l)| l.region == here).map(|(id, l)| (id, &l.tags)).collect(),
        _ => alb.server_groups.iter().filter(|(_, g)| g.region == here).map(|(id, g)| (id, &g.tags)).collect(),
    };
    let items = resources
        .into_iter()
        .filter(|(id, tags)| passes(&wanted, id) && tags::pass(tags, &call.params, "Tag"))
        .flat_map(|(id, tags)| {
            let kind = &kind;
            tags.iter().map(move |(key, value)| {
                let shown = json!({"ResourceId": id, "ResourceType": kind, "TagKey": key, "TagValue": value});
                (format!("{id} {key}"), shown)
            })
        })
        .collect();
    let mut answer = page.answer("TagResources", items);
    if let Some(fields) = answer.as_object_mut() {
        fields.shift_remove("TotalCount");
    }
    Ok(answer)
}
