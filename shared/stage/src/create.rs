//! Creates that could produce a duplicate: server group, listener, VPC attachment, peer attachment.
//!
//! ```text
//!   create (token of the attempt) ─► answer names an id ─► the listing shows it: done
//!                ▲                                  └────► it does not: is the id there? ─┬─ yes, or not known: wait
//!                └────────────────────── next attempt, at once ◄──────────────────────────┘  gone
//! ```
//!
//! An id that no listing shows has two possible causes. Either the resource was created a moment ago and the listing is
//! stale, or it was deleted and the cloud replayed the old answer for its idempotency token. Treating the first as the
//! second creates a duplicate; treating the second as the first never recreates the resource. Only refusals by code tell
//! them apart, and one alone is not enough, because a reading by id can be as stale as a listing. So an id counts as gone
//! only if
//!
//! 1. a listing, or a reading by id, does not contain it or refuses it by code,
//! 2. a write that names it, sent as a dry run, is refused because the id does not exist. The cloud checks writes against
//!    its real state, not against listings. A dry run changes nothing, and the values that it carries are those of the
//!    create,
//! 3. the load balancer and its VPC can be read: if not even those are visible, a missing id proves nothing.
//!
//! The actions for each kind of resource, and what is uncertain about them: decision 0022.

use std::future::Future;

use onboarding::topology::Topology;
use openapi::{Action, Client, Error, ErrorKind, alb, cbn, vpc};

use crate::cloud::Side;
use crate::error::WriteError;
use crate::session::{Owner, Session};
use crate::token::{Attempt, token};

/// A create that carries a ClientToken of ours. The request is complete except for the token.
pub trait Creation: Action + Clone {
    /// Sets the token.
    fn set_token(&mut self, token: String);

    /// The id in an answer.
    fn made(answer: &Self::Answer) -> &str;

    /// What a reading says about `id`.
    fn read(&self, client: &Client, region: &str, id: &str) -> impl Future<Output = Presence> + Send;

    /// What a write that names `id`, sent as a dry run, says about it.
    fn rehearse(&self, client: &Client, region: &str, id: &str) -> impl Future<Output = Presence> + Send;
}

/// What an answer says about the existence of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// The resource exists.
    There,
    /// A reading does not show it, or an action refuses the id by code.
    Missing,
    /// Neither is known: the failure, in words.
    Unknown(String),
}

impl Presence {
    /// Interprets the answer of an action that names an id. Only the refusals in `codes` are about that id:
    /// `ResourceNotFound.LoadBalancer`, for example, is about another resource.
    fn of<T>(answer: Result<T, Error>, codes: &[&str]) -> Self {
        match answer {
            Ok(_) => Self::There,
            Err(error) if error.kind == ErrorKind::Refused && codes.contains(&error.code.as_str()) => Self::Missing,
            // The answer to a dry run of a request that would have succeeded (cloud-apis.md section 1).
            Err(error) if error.code == "DryRunOperation" => Self::There,
            Err(error) => Self::Unknown(format!("{}: {} {}", error.action, error.code, error.message)),
        }
    }

    /// Whether one of `rows` is the resource.
    fn listed<T>(rows: Result<Vec<T>, Error>, is: impl Fn(&T) -> bool) -> Self {
        match rows {
            Ok(rows) if rows.iter().any(is) => Self::There,
            Ok(_) => Self::Missing,
            Err(error) => Self::Unknown(format!("{}: {} {}", error.action, error.code, error.message)),
        }
    }
}

impl Session<'_> {
    /// Creates a resource that must not be duplicated, or finds out what became of the one that was created.
    ///
    /// When it is called again because the listing does not show the id of the last answer, it asks for that id. Only if
    /// the id is gone, it sends the create once more, with the token of the next attempt. Returns 1 when a create was
    /// accepted.
    ///
    /// # Errors
    /// [`WriteError::Cloud`] with the refusal; [`WriteError::NotVisible`] while the resource is waited for.
    pub async fn create<C: Creation>(
        &self,
        owner: Owner,
        side: Side<'_>,
        region: &str,
        topology: &Topology,
        create: C,
    ) -> Result<usize, WriteError> {
        let owner = self.owner(owner);
        let first = token(&owner, C::NAME, &create, 0);
        let client = self.cloud().client_for(side).await?;
        let mut attempt = self.attempts().of(&first);
        if let Some(id) = attempt.made {
            self.prove_gone(&create, &client, region, topology, &id).await?;
            attempt = self.next_attempt(C::NAME, &first, &id)?;
        }
        loop {
            let mut action = create.clone();
            action.set_token(token(&owner, C::NAME, &create, attempt.number));
            let answer = client.call(region, &action).await?;
            let id = C::made(&answer);
            if id.is_empty() {
                return Ok(1);
            }
            self.attempts().answered(&first, id);
            // The listing normally shows what the first attempt created. Once an answer was a replayed one, the next is
            // likely to be replayed too, so its id is checked at once.
            if attempt.number == 0 || self.prove_gone(&create, &client, region, topology, id).await.is_err() {
                return Ok(1);
            }
            attempt = self.next_attempt(C::NAME, &first, id)?;
        }
    }

    /// Moves a create to its next attempt, because `id` is gone.
    fn next_attempt(&self, action: &str, create: &str, id: &str) -> Result<Attempt, WriteError> {
        if self.attempts().move_on(create) {
            let attempt = self.attempts().of(create);
            tracing::warn!(action, id, attempt = attempt.number, "what was made is gone, so it is made anew");
            return Ok(attempt);
        }
        Err(WriteError::NotVisible(format!("{id} is gone, and so is what every attempt before it made")))
    }

    /// Proves that the id in a create's answer does not exist.
    ///
    /// # Errors
    /// [`WriteError::NotVisible`]: it exists, or its absence is not proven.
    async fn prove_gone<C: Creation>(
        &self,
        create: &C,
        client: &Client,
        region: &str,
        topology: &Topology,
        id: &str,
    ) -> Result<(), WriteError> {
        let not_gone = |presence| match presence {
            Presence::Missing => Ok(()),
            Presence::There => Err(WriteError::NotVisible(format!("{id} exists and is not listed yet"))),
            Presence::Unknown(why) => Err(WriteError::NotVisible(format!("whether {id} exists is not known: {why}"))),
        };
        not_gone(create.read(client, region, id).await)?;
        not_gone(create.rehearse(client, region, id).await)?;
        let Err(why) = self.sees_the_load_balancer(topology).await else { return Ok(()) };
        Err(WriteError::NotVisible(format!("{id} cannot be seen, and neither can what it belongs to: {why}")))
    }

    /// Whether the load balancer and its VPC can be read. The error says which one cannot, and why.
    async fn sees_the_load_balancer(&self, topology: &Topology) -> Result<(), String> {
        let Some(known) = topology.alb() else { return Err("the load balancer was not there".to_owned()) };
        let region = self.binding().alb.region.as_str();
        let failed = |error: Error| format!("{}: {} {}", error.action, error.code, error.message);
        let client = self.cloud().client_for(Side::Alb).await.map_err(failed)?;
        let ask = alb::GetLoadBalancerAttribute { load_balancer_id: known.id.to_string() };
        let found = client.call(region, &ask).await.map_err(failed)?;
        if found.load_balancer_id != known.id.as_str() {
            return Err(format!("the answer about load balancer {} is not about it", known.id));
        }
        let ask = vpc::DescribeVpcAttribute { vpc_id: known.vpc.to_string() };
        let found = client.call(region, &ask).await.map_err(failed)?;
        if found.vpc_id != known.vpc.as_str() {
            return Err(format!("the answer about {} is not about it", known.vpc));
        }
        Ok(())
    }
}

/// The refusals of an ALB action that names a missing server group or listener (cloud-apis.md sections 4 and 5).
const NO_GROUP: &[&str] = &["ResourceNotFound.ServerGroup"];
const NO_LISTENER: &[&str] = &["ResourceNotFound.Listener"];

/// The refusals of a CEN action that names a missing attachment: from the page of the delete action, and from the page of
/// EnableTransitRouterRouteTablePropagation (cloud-apis.md section 7).
const NO_ATTACHMENT: &[&str] = &["InvalidTransitRouterAttachmentId.NotFound", "InvalidAttachmentId.NotFound"];

impl Creation for alb::CreateServerGroup {
    fn set_token(&mut self, token: String) {
        self.client_token = Some(token);
    }

    fn made(answer: &Self::Answer) -> &str {
        &answer.server_group_id
    }

    async fn read(&self, client: &Client, region: &str, id: &str) -> Presence {
        let ask = alb::ListServerGroupServers { server_group_id: id.to_owned(), ..Default::default() };
        Presence::of(client.call(region, &ask).await, NO_GROUP)
    }

    async fn rehearse(&self, client: &Client, region: &str, id: &str) -> Presence {
        let update = alb::UpdateServerGroupAttribute {
            server_group_id: id.to_owned(),
            server_group_name: Some(self.server_group_name.clone()),
            dry_run: Some(true),
            ..Default::default()
        };
        Presence::of(client.call(region, &update).await, NO_GROUP)
    }
}

impl Creation for alb::CreateListener {
    fn set_token(&mut self, token: String) {
        self.client_token = Some(token);
    }

    fn made(answer: &Self::Answer) -> &str {
        &answer.listener_id
    }

    async fn read(&self, client: &Client, region: &str, id: &str) -> Presence {
        let ask = alb::GetListenerAttribute { listener_id: id.to_owned() };
        Presence::of(client.call(region, &ask).await, NO_LISTENER)
    }

    async fn rehearse(&self, client: &Client, region: &str, id: &str) -> Presence {
        let update = alb::UpdateListenerAttribute {
            listener_id: id.to_owned(),
            listener_description: self.listener_description.clone(),
            dry_run: Some(true),
            ..Default::default()
        };
        Presence::of(client.call(region, &update).await, NO_LISTENER)
    }
}

impl Creation for cbn::CreateTransitRouterVpcAttachment {
    fn set_token(&mut self, token: String) {
        self.client_token = Some(token);
    }

    fn made(answer: &Self::Answer) -> &str {
        &answer.transit_router_attachment_id
    }

    async fn read(&self, client: &Client, region: &str, id: &str) -> Presence {
        let list = cbn::ListTransitRouterVpcAttachments {
            region_id: Some(region.to_owned()),
            transit_router_attachment_id: Some(id.to_owned()),
            ..Default::default()
        };
        Presence::listed(client.list(region, list).await, |row| row.transit_router_attachment_id == id)
    }

    async fn rehearse(&self, client: &Client, region: &str, id: &str) -> Presence {
        let update = cbn::UpdateTransitRouterVpcAttachmentAttribute {
            transit_router_attachment_id: id.to_owned(),
            transit_router_attachment_name: self.transit_router_attachment_name.clone(),
            dry_run: Some(true),
            ..Default::default()
        };
        Presence::of(client.call(region, &update).await, NO_ATTACHMENT)
    }
}

impl Creation for cbn::CreateTransitRouterPeerAttachment {
    fn set_token(&mut self, token: String) {
        self.client_token = Some(token);
    }

    fn made(answer: &Self::Answer) -> &str {
        &answer.transit_router_attachment_id
    }

    async fn read(&self, client: &Client, region: &str, id: &str) -> Presence {
        let list = cbn::ListTransitRouterPeerAttachments {
            region_id: Some(region.to_owned()),
            transit_router_attachment_id: Some(id.to_owned()),
            ..Default::default()
        };
        Presence::listed(client.list(region, list).await, |row| row.transit_router_attachment_id == id)
    }

    async fn rehearse(&self, client: &Client, region: &str, id: &str) -> Presence {
        let update = cbn::UpdateTransitRouterPeerAttachmentAttribute {
            transit_router_attachment_id: id.to_owned(),
            transit_router_attachment_name: self.transit_router_attachment_name.clone(),
            dry_run: Some(true),
            ..Default::default()
        };
        Presence::of(client.call(region, &update).await, NO_ATTACHMENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, code: &str) -> Error {
        Error {
            kind,
            status: Some(400),
            code: code.to_owned(),
            message: "Scripted.".to_owned(),
            request_id: String::new(),
            action: "Test",
            retry_after: None,
            place: None,
        }
    }

    /// If a failure counted as an answer, a resource would be created twice, or never again.
    #[test]
    fn only_a_refusal_by_code_says_that_a_thing_is_gone_and_only_an_answer_that_it_is_there() {
        let refused = |code: &str| Presence::of::<()>(Err(error(ErrorKind::Refused, code)), NO_GROUP);
        assert_eq!(Presence::of(Ok(()), NO_GROUP), Presence::There);
        assert_eq!(refused("DryRunOperation"), Presence::There, "the dry run would have been carried out");
        assert_eq!(refused("ResourceNotFound.ServerGroup"), Presence::Missing);
        for code in ["ResourceNotFound.LoadBalancer", "Forbidden.RAM", "IncorrectStatus.ServerGroup"] {
            assert_eq!(refused(code), Presence::Unknown(format!("Test: {code} Scripted.")));
        }
        let malformed = Presence::of::<()>(Err(error(ErrorKind::Malformed, "ResourceNotFound.ServerGroup")), NO_GROUP);
        assert!(matches!(malformed, Presence::Unknown(_)), "{malformed:?}");
    }

    #[test]
    fn a_listing_shows_a_thing_lacks_it_or_says_nothing() {
        let rows = || Ok(vec!["a", "b"]);
        assert_eq!(Presence::listed(rows(), |row| *row == "b"), Presence::There);
        assert_eq!(Presence::listed(rows(), |row| *row == "c"), Presence::Missing);
        let failed = Presence::listed::<&str>(Err(error(ErrorKind::Refused, "Forbidden.RAM")), |_| true);
        assert_eq!(failed, Presence::Unknown("Test: Forbidden.RAM Scripted.".to_owned()));
    }
}
