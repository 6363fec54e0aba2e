//! Application Load Balancer, version 2020-06-16.
//!
//! Regional: a request carries no RegionId, the endpoint is the region. Writes are asynchronous; most answer with a job id
//! that [`ListAsynJobs`] follows. One write at a time per load balancer and per server group: more are refused with
//! `IncorrectStatus.*` or `ResourceInConfiguring.*`, which mean "wait and read again".

mod job;
mod listener;
mod load_balancer;
mod rule;
mod server;
mod server_group;
mod tag;

pub use job::*;
pub use listener::*;
pub use load_balancer::*;
pub use rule::*;
pub use server::*;
pub use server_group::*;
pub use tag::*;

use crate::action::{Acknowledged, actions};
use crate::whole::alb as whole;

actions! {
    Alb "alb" {
        reads ListLoadBalancers => ListLoadBalancersAnswer, whole::LOAD_BALANCERS;
        reads GetLoadBalancerAttribute => GetLoadBalancerAttributeAnswer, whole::LOAD_BALANCER;
        reads ListServerGroups => ListServerGroupsAnswer, whole::SERVER_GROUPS;
        writes CreateServerGroup => CreateServerGroupAnswer, whole::SERVER_GROUP_CREATED {
            token: true, retry: &["OperationFailed.ResourceGroupStatusCheckFail"],
        };
        writes UpdateServerGroupAttribute => JobStarted { token: true, retry: &["IncorrectStatus.ServerGroup"] };
        writes DeleteServerGroup => JobStarted { token: true, retry: &["IncorrectStatus.ServerGroup"] };
        reads ListServerGroupServers => ListServerGroupServersAnswer, whole::SERVERS;
        writes AddServersToServerGroup => JobStarted {
            token: true, retry: &["IncorrectStatus.ServerGroup"], body: &["Servers"],
        };
        writes RemoveServersFromServerGroup => JobStarted { token: true, retry: &["IncorrectStatus.ServerGroup"] };
        writes UpdateServerGroupServersAttribute => JobStarted {
            token: true, retry: &["IncorrectStatus.ServerGroup"], body: &["Servers"],
        };
        reads ListListeners => ListListenersAnswer, whole::LISTENERS;
        reads GetListenerAttribute => GetListenerAttributeAnswer, whole::LISTENER;
        writes CreateListener => CreateListenerAnswer, whole::LISTENER_CREATED {
            token: true, retry: &["IncorrectBusinessStatus.LoadBalancer", "-21020"],
        };
        writes UpdateListenerAttribute => JobStarted {
            token: true, retry: &["IncorrectStatus.Listener", "VipStatusNotSupport", "-22001"],
        };
        writes DeleteListener => JobStarted {
            token: true, retry: &["ResourceInConfiguring.Listener", "IncorrectStatus.LoadBalancer", "-22031"],
        };
        reads ListRules => ListRulesAnswer, whole::RULES;
        reads GetListenerHealthStatus => GetListenerHealthStatusAnswer, whole::LISTENER_HEALTH;
        reads ListAsynJobs => ListAsynJobsAnswer, whole::JOBS;
        writes TagResources => Acknowledged;
        writes UnTagResources => Acknowledged;
    }
}
