//! Server groups: asynchronous, one write at a time, found again by name, VPC and tag.

use serde_json::json;

use crate::services::alb::bench::Bench;
use crate::state::alb::Generation;

fn create<'a>(vpc: &'a str, name: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("ServerGroupName", name),
        ("ServerGroupType", "Ip"),
        ("VpcId", vpc),
        ("HealthCheckConfig.HealthCheckEnabled", "True"),
        ("HealthCheckConfig.HealthCheckCodes.1", "http_2xx"),
        ("Tag.1.Key", "albridge"),
        ("Tag.1.Value", name),
    ]
}

#[test]
fn a_new_group_is_creating_until_its_job_is_done() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let vpc = bench.near_vpc.clone();
    let made = bench.alb("CreateServerGroup", &create(&vpc, "web")).unwrap();
    let (id, job) = (made["ServerGroupId"].as_str().unwrap(), made["JobId"].as_str().unwrap());
    let states = |bench: &mut Bench| {
        let jobs = bench.alb("ListAsynJobs", &[("JobIds.1", job)]).unwrap();
        let groups = bench.alb("ListServerGroups", &[("ServerGroupIds.1", id)]).unwrap();
        (jobs["Jobs"][0]["Status"].clone(), groups["ServerGroups"][0]["ServerGroupStatus"].clone())
    };
    assert_eq!(states(&mut bench), (json!("Processing"), json!("Creating")));
    let update = [("ServerGroupId", id), ("ServerGroupName", "other")];
    assert_eq!(bench.refused("UpdateServerGroupAttribute", &update), "IncorrectStatus.ServerGroup");
    bench.wait(3);
    assert_eq!(states(&mut bench), (json!("Succeeded"), json!("Available")));
    bench.alb("UpdateServerGroupAttribute", &update).unwrap();
    assert_eq!(states(&mut bench), (json!("Succeeded"), json!("Configuring")));
}

#[test]
fn defaults_and_what_was_sent_are_shown_together() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let vpc = bench.near_vpc.clone();
    bench.alb("CreateServerGroup", &create(&vpc, "web")).unwrap();
    let shown = bench.alb("ListServerGroups", &[]).unwrap()["ServerGroups"][0].clone();
    let config = &shown["HealthCheckConfig"];
    assert_eq!(config["HealthCheckCodes"], json!(["http_2xx"]));
    assert_eq!((config["HealthCheckInterval"].as_u64(), config["HealthyThreshold"].as_u64()), (Some(2), Some(3)));
    assert_eq!(shown["Scheduler"], "Wrr");
    assert_eq!(shown["ConnectionDrainConfig"]["ConnectionDrainEnabled"], false);
    assert_eq!(shown["StickySessionConfig"], json!({"StickySessionEnabled": false}));
    assert_eq!(shown["Tags"], json!([{"Key": "albridge", "Value": "web"}]));
}

#[test]
fn an_update_keeps_what_it_does_not_name() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let id = bench.server_group(&[("HealthCheckConfig.HealthCheckPath", "/ready")]);
    let drain = "ConnectionDrainConfig.ConnectionDrainEnabled";
    bench.alb("UpdateServerGroupAttribute", &[("ServerGroupId", &id), (drain, "true"), ("Scheduler", "wlc")]).unwrap();
    let shown = bench.alb("ListServerGroups", &[]).unwrap()["ServerGroups"][0].clone();
    assert_eq!(shown["HealthCheckConfig"]["HealthCheckPath"], "/ready");
    assert_eq!(shown["ConnectionDrainConfig"], json!({"ConnectionDrainEnabled": true, "ConnectionDrainTimeout": 300}));
    assert_eq!(shown["Scheduler"], "Wlc");
}

#[test]
fn a_replayed_token_makes_no_second_group_and_a_changed_request_is_refused() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let vpc = bench.near_vpc.clone();
    let mut params = create(&vpc, "web");
    params.push(("ClientToken", "token"));
    let first = bench.alb("CreateServerGroup", &params).unwrap();
    bench.wait(60);
    assert_eq!(bench.alb("CreateServerGroup", &params).unwrap(), first);
    params[0].1 = "web-2";
    assert_eq!(bench.refused("CreateServerGroup", &params), "IdempotenceSignatureMismatch");
    assert_eq!(bench.alb("ListServerGroups", &[]).unwrap()["TotalCount"], 1);
}

#[test]
fn names_are_not_unique_and_pages_join() {
    let mut bench = Bench::apart(Generation::Upgraded);
    for _ in 0..3 {
        bench.server_group(&[("Tag.1.Key", "k"), ("Tag.1.Value", "v")]);
    }
    let filter = [("ServerGroupNames.1", "web-remote"), ("Tag.1.Key", "k"), ("MaxResults", "2")];
    let first = bench.alb("ListServerGroups", &filter).unwrap();
    let token = first["NextToken"].as_str().unwrap();
    let second = bench.alb("ListServerGroups", &[filter.as_slice(), &[("NextToken", token)]].concat()).unwrap();
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let groups = page["ServerGroups"].as_array().unwrap();
        groups.iter().map(|group| group["ServerGroupId"].as_str().unwrap().to_owned()).collect()
    };
    let all: std::collections::BTreeSet<String> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!((all.len(), &second["NextToken"]), (3, &json!("")));
    assert_eq!(bench.alb("ListServerGroups", &[("Tag.1.Key", "k"), ("Tag.1.Value", "w")]).unwrap()["TotalCount"], 0);
}

#[test]
fn tags_can_be_added_listed_and_taken_off() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let id = bench.server_group(&[]);
    let of = [("ResourceType", "servergroup"), ("ResourceId.1", id.as_str())];
    let with = |more: &[(&'static str, &'static str)]| [of.as_slice(), more].concat();
    bench.alb("TagResources", &with(&[("Tag.1.Key", "a"), ("Tag.1.Value", "1"), ("Tag.2.Key", "b")])).unwrap();
    let listed = bench.alb("ListTagResources", &of).unwrap();
    assert_eq!(
        listed["TagResources"][0],
        json!({
            "ResourceId": id, "ResourceType": "servergroup", "TagKey": "a", "TagValue": "1",
        })
    );
    bench.alb("UnTagResources", &with(&[("TagKey.1", "a")])).unwrap();
    let shown = bench.alb("ListServerGroups", &[("ServerGroupIds.1", &id)]).unwrap();
    assert_eq!(shown["ServerGroups"][0]["Tags"], json!([{"Key": "b", "Value": ""}]));
    let unknown = [("ResourceType", "servergroup"), ("ResourceId.1", "sgp-none"), ("Tag.1.Key", "a")];
    assert_eq!(bench.refused("TagResources", &unknown), "ResourceNotFound.ServerGroup");
}

#[test]
fn a_group_needs_a_vpc_of_the_region_and_a_health_check_setting() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let (near, far) = (bench.near_vpc.clone(), bench.far_vpc.clone());
    assert_eq!(bench.refused("CreateServerGroup", &create(&far, "web")), "ResourceNotFound.Vpc");
    assert_eq!(bench.refused("CreateServerGroup", &create("", "web")), "MissingParam.VpcId");
    let mut params = create(&near, "web");
    params.remove(3);
    let refused = bench.refused("CreateServerGroup", &params);
    assert_eq!(refused, "MissingParam.HealthCheckConfig.HealthCheckEnabled");
    let odd = [create(&near, "web"), vec![("HealthCheckConfig.HealthCheckInterval", "51")]].concat();
    assert_eq!(bench.refused("CreateServerGroup", &odd), "IllegalParam.HealthCheckInterval");
}

#[test]
fn a_rehearsal_changes_nothing() {
    let mut bench = Bench::apart(Generation::Upgraded);
    let vpc = bench.near_vpc.clone();
    let params = [create(&vpc, "web"), vec![("DryRun", "true")]].concat();
    assert_eq!(bench.refused("CreateServerGroup", &params), "DryRunOperation");
    assert_eq!(bench.alb("ListServerGroups", &[]).unwrap()["TotalCount"], 0);
}
