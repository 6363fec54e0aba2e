//! Application Load Balancer: what whole answers hold.

use super::End::{Token, TokenAndCount};
use super::Field::{Filled, Given, List, Maybe, When};
use super::{Field, Whole};

/// `TotalCount` is "the number of entries returned" (SDK 1.3.3, `ListLoadBalancersResponseBody`).
pub(crate) const LOAD_BALANCERS: Whole = Whole::listing(
    TokenAndCount,
    "LoadBalancers",
    &["LoadBalancerId"],
    &[Filled("LoadBalancerId"), Filled("VpcId"), Filled("LoadBalancerStatus")],
);

/// "At most 10 zones are returned", "at least two" where the region has them (SDK 1.3.3,
/// `GetLoadBalancerAttributeResponseBody`): never none. Whether local addresses have to be there depends on when it was made,
/// which `stage::observe` looks at.
pub(crate) const LOAD_BALANCER: Whole = Whole::one(&[
    Filled("LoadBalancerId"),
    Filled("VpcId"),
    Filled("LoadBalancerStatus"),
    Filled("LoadBalancerEdition"),
    Field::Some("ZoneMappings", &[Filled("ZoneId"), Filled("VSwitchId"), List("LoadBalancerAddresses", &[])]),
]);

/// `TotalCount` is "the number of entries returned" (SDK 1.3.3, `ListServerGroupsResponseBody`). A group of the type `Fc` has
/// no VPC and nothing that follows from one. `RelatedLoadBalancerIds` of a group that nothing uses may be missing: deleting
/// such a group is refused by the service while it is in use.
pub(crate) const SERVER_GROUPS: Whole = Whole::listing(
    TokenAndCount,
    "ServerGroups",
    &["ServerGroupId"],
    &[
        Filled("ServerGroupId"),
        Filled("ServerGroupName"),
        Filled("ServerGroupType"),
        Filled("ServerGroupStatus"),
        Filled("ServerCount"),
        When("ServerGroupType", "Ip", IP_GROUP),
        Maybe("RelatedLoadBalancerIds", &[]),
        Maybe("Tags", &[Filled("Key")]),
    ],
);

/// What the settings of a group are compared by.
const IP_GROUP: &[Field] =
    &[Filled("VpcId"), Filled("Protocol"), Filled("Scheduler"), Filled("HealthCheckConfig.HealthCheckEnabled")];

/// `TotalCount` counts what matches (SDK 1.3.3, `ListServerGroupServersResponseBody`). The description of a server may be
/// missing: then the server does not count as ours. A weight that is missing would be zero.
pub(crate) const SERVERS: Whole = Whole::listing(
    TokenAndCount,
    "Servers",
    &["ServerId", "Port"],
    &[
        Filled("ServerId"),
        Filled("ServerType"),
        Filled("Port"),
        Filled("Weight"),
        Filled("Status"),
        When("ServerType", "Ip", &[Filled("RemoteIpEnabled")]),
    ],
);

/// What a listener holds: one that says not where it forwards to would be pointed elsewhere.
const LISTENER_FIELDS: &[Field] = &[
    Filled("ListenerId"),
    Filled("LoadBalancerId"),
    Filled("ListenerProtocol"),
    Filled("ListenerPort"),
    Filled("ListenerStatus"),
    Field::Some(
        "DefaultActions",
        &[
            Filled("Type"),
            When(
                "Type",
                "ForwardGroup",
                &[Field::Some("ForwardGroupConfig.ServerGroupTuples", &[Filled("ServerGroupId")])],
            ),
        ],
    ),
    Maybe("Tags", &[Filled("Key")]),
];

/// `TotalCount` counts what matches (SDK 1.3.3, `ListListenersResponseBody`).
pub(crate) const LISTENERS: Whole = Whole::listing(TokenAndCount, "Listeners", &["ListenerId"], LISTENER_FIELDS);

/// One listener (SDK 1.3.3, `GetListenerAttributeResponseBody`).
pub(crate) const LISTENER: Whole = Whole::one(LISTENER_FIELDS);

/// Where a rule's action sends copies of requests to.
const MIRRORED: &[Field] =
    &[Field::Some("TrafficMirrorConfig.MirrorGroupConfig.ServerGroupTuples", &[Filled("ServerGroupId")])];

/// `TotalCount` is "the total number of entries returned" (SDK 1.3.3, `ListRulesResponseBody`). What an action does is of interest only where it
/// forwards or mirrors. The type of the latter is `TrafficMirror` in the texts of `CreateRule`, and `TrafficMirrorConfig` in those of
/// this answer.
pub(crate) const RULES: Whole = Whole::listing(
    TokenAndCount,
    "Rules",
    &["RuleId"],
    &[
        Filled("RuleId"),
        Filled("ListenerId"),
        Field::Some(
            "RuleActions",
            &[
                Filled("Type"),
                When(
                    "Type",
                    "ForwardGroup",
                    &[Field::Some("ForwardGroupConfig.ServerGroupTuples", &[Filled("ServerGroupId")])],
                ),
                When("Type", "TrafficMirror", MIRRORED),
                When("Type", "TrafficMirrorConfig", MIRRORED),
            ],
        ),
    ],
);

/// No count (SDK 1.3.3, `GetListenerHealthStatusResponseBody`). Only servers that are not normal are listed (cloud-apis.md,
/// section 12), so a list of them that is missing may mean that all are well; that the answer speaks of a server group at
/// all is what `stage::observe` looks for.
pub(crate) const LISTENER_HEALTH: Whole = Whole::listing(
    Token,
    "ListenerHealthStatus",
    &[],
    &[
        Filled("ListenerId"),
        List(
            "ServerGroupInfos",
            &[
                Filled("ServerGroupId"),
                Maybe("NonNormalServers", &[Given("Port"), Filled("Status"), Filled("ServerId")]),
            ],
        ),
    ],
);

/// `TotalCount` is "the total number of entries returned" (SDK 1.3.3, `ListAsynJobsResponseBody`).
pub(crate) const JOBS: Whole = Whole::listing(TokenAndCount, "Jobs", &["Id"], &[Filled("Id"), Filled("Status")]);

/// What was made: without its id the create is in doubt.
pub(crate) const SERVER_GROUP_CREATED: Whole = Whole::one(&[Filled("ServerGroupId")]);

/// What was made: without its id the create is in doubt.
pub(crate) const LISTENER_CREATED: Whole = Whole::one(&[Filled("ListenerId")]);
