//! A world for network tests: the procedure's, with a clock that the test moves and short helpers for calls.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::PROCEDURE;
use crate::call::{Answer, Call, Caller, Params, Service};
use crate::settings::Settings;
use crate::world::World;

pub(crate) const NEAR: &str = "cn-chengdu";
pub(crate) const FAR: &str = "cn-hangzhou";

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Bench {
    /// The procedure's world before its first step.
    pub(crate) fn new() -> Self {
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let mut world = World::new(Settings::default());
        world.load(now, PROCEDURE).unwrap();
        Self { world, now }
    }

    pub(crate) fn call(&mut self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Answer {
        let call = Call {
            service,
            action: action.to_owned(),
            region: region.to_owned(),
            params: Params::new(params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))),
            caller: Caller::Root,
            request_id: "0E5A8D6B-7F6B-4C1E-9A55-1F0C0E5A8D6B".to_owned(),
        };
        self.world.handle(self.now, &call)
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.world.advance(self.now);
    }

    pub(crate) fn cbn(&mut self, action: &str, params: &[(&str, &str)]) -> Value {
        self.call(Service::Cbn, FAR, action, params).unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    pub(crate) fn vpc(&mut self, region: &str, action: &str, params: &[(&str, &str)]) -> Value {
        self.call(Service::Vpc, region, action, params).unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    pub(crate) fn ecs(&mut self, region: &str, action: &str, params: &[(&str, &str)]) -> Value {
        self.call(Service::Ecs, region, action, params).unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    /// The code of a refusal.
    pub(crate) fn code(&mut self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> String {
        match self.call(service, region, action, params) {
            Err(error) => error.code,
            Ok(answer) => panic!("{action} should be refused: {answer}"),
        }
    }

    pub(crate) fn cbn_code(&mut self, action: &str, params: &[(&str, &str)]) -> String {
        self.code(Service::Cbn, FAR, action, params)
    }

    /// A CBN write that makes something, waited for.
    pub(crate) fn made(&mut self, action: &str, params: &[(&str, &str)], id: &str, seconds: i64) -> String {
        let made = text(&self.cbn(action, params), id);
        self.wait(seconds);
        made
    }

    /// VPC1 attached, but neither associated nor propagating.
    pub(crate) fn attach_near(&mut self) -> String {
        self.made("CreateTransitRouterVpcAttachment", &NEAR_ATTACHMENT, "TransitRouterAttachmentId", 95)
    }

    pub(crate) fn attach_far(&mut self) -> String {
        self.made("CreateTransitRouterVpcAttachment", &FAR_ATTACHMENT, "TransitRouterAttachmentId", 95)
    }

    /// The connection of step 4.
    pub(crate) fn connect(&mut self, publish: &str) -> String {
        let params = [
            ("TransitRouterId", "tr-chengdu"),
            ("PeerTransitRouterId", "tr-hangzhou"),
            ("CenBandwidthPackageId", "cenbwp-1"),
            ("Bandwidth", "10"),
            ("AutoPublishRouteEnabled", publish),
        ];
        self.made("CreateTransitRouterPeerAttachment", &params, "TransitRouterAttachmentId", 75)
    }

    pub(crate) fn link(&mut self, attachment: &str, table: &str) {
        let params = [("TransitRouterAttachmentId", attachment), ("TransitRouterRouteTableId", table)];
        self.cbn("AssociateTransitRouterAttachmentWithRouteTable", &params);
        self.wait(12);
        self.cbn("EnableTransitRouterRouteTablePropagation", &params);
        self.wait(12);
    }

    /// Destination and next hop of a transit router's Active entries.
    pub(crate) fn entries(&mut self, table: &str) -> Vec<(String, String)> {
        let answer =
            self.cbn("ListTransitRouterRouteEntries", &[("TransitRouterRouteTableId", table), ("MaxResults", "100")]);
        rows(&answer, "/TransitRouterRouteEntries")
            .iter()
            .map(|row| {
                (
                    text(row, "TransitRouterRouteEntryDestinationCidrBlock"),
                    text(row, "TransitRouterRouteEntryNextHopId"),
                )
            })
            .collect()
    }
}

pub(crate) const NEAR_ATTACHMENT: [(&str, &str); 6] = [
    ("TransitRouterId", "tr-chengdu"),
    ("VpcId", "vpc-1"),
    ("ZoneMappings.1.ZoneId", "cn-chengdu-a"),
    ("ZoneMappings.1.VSwitchId", "vsw-1"),
    ("ZoneMappings.2.ZoneId", "cn-chengdu-b"),
    ("ZoneMappings.2.VSwitchId", "vsw-2"),
];

pub(crate) const FAR_ATTACHMENT: [(&str, &str); 6] = [
    ("TransitRouterId", "tr-hangzhou"),
    ("VpcId", "vpc-2"),
    ("ZoneMappings.1.ZoneId", "cn-hangzhou-h"),
    ("ZoneMappings.1.VSwitchId", "vsw-3"),
    ("ZoneMappings.2.ZoneId", "cn-hangzhou-i"),
    ("ZoneMappings.2.VSwitchId", "vsw-4"),
];

/// A text field of an answer or row.
pub(crate) fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_else(|| panic!("no text {field} in {value}")).to_owned()
}

/// The rows of a listing.
pub(crate) fn rows(value: &Value, pointer: &str) -> Vec<Value> {
    value.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("no list {pointer} in {value}")).clone()
}
