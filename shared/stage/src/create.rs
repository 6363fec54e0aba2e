//! Creates that could make a second thing: a server group, a listener, an attachment, a connection.
//!
//! ```text
//!   create (token of the attempt) ─► answer names an id ─► the listing shows it: done
//!                ▲                                  └────► it does not: is the id there? ─┬─ yes, or not known: wait
//!                └────────────────────── next attempt, at once ◄──────────────────────────┘  gone
//! ```
//!
//! An id that does not show is one of two things: something that was made a moment ago and is not listed yet, or something
//! that is gone, whose token the cloud answered with its old answer. Taking the first for the second would make it twice;
//! taking the second for the first would never bring it back. Only refusals by code tell them apart, and one alone does
//! not: a reading may lag behind, the one by id like the listing. So an id counts as gone only if
//!
//! 1. a listing, or a reading by id, lacks it or refuses it by code,
//! 2. a write that names it, sent as a dry run, is refused because there is no such thing. Writes are checked against what
//!    is, not against what listings show; a dry run changes nothing, and what it would change is what the create said,
//! 3. the load balancer and its VPC can be read: a cloud that shows not even those shows nothing.
//!
//! Which actions these are for each kind, and what is uncertain about them: decision 0022.

use std::future::Future;

use onboarding::topology::Topology;
use openapi::{Action, Client, Error, ErrorKind, alb, cbn, vpc};

use crate::cloud::Side;
use crate::error::WriteError;
use crate::session::{Owner, Session};
use crate::token::{Attempt, token};

/// A create that carries a ClientToken of ours. The request is complete but for its token.
pub trait Creation: Action + Clone {
    /// Puts the token in.
    fn set_token(&mut self, token: String);

    /// The id that an answer names.
    fn made(answer: &Self::Answer) -> &str;

    /// What a reading says about `id`.
    fn read(&self, client: &Client, region: &str, id: &str) -> impl Future<Output = Presence> + Send;

    /// What a write that names `id` says about it, sent as a dry run.
    fn rehearse(&self, client: &Client, region: &str, id: &str) -> impl Future<Output = Presence> + Send;
}

/// What an answer says about the existence of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// The thing exists.
    There,
    /// A reading does not show it, or an action refuses the id by code.
    Missing,
    /// Neither: the failure, in words.
    Unknown(String),
}

impl Presence {
    /// Reads the answer of an action that names an id. Of the refusals only `codes` are about that id: `ResourceNotFound`
    /// of the load balancer, say, is about another thing.
    fn of<T>(answer: Result<T, Error>, codes: &[&str]) -> Self {
        match answer {
            Ok(_) => Self::There,
            Err(error) if error.kind == ErrorKind::Refused && codes.contains(&error.code.as_str()) => Self::Missing,
            // What a dry run that would have been carried out is answered with (cloud-apis.md section 1).
            Err(error) if error.code == "DryRunOperation" => Self::There,
            Err(error) => Self::Unknown(format!("{}: {} {}", error.action, error.code, error.message)),
        }
    }

    /// Whether one of `rows` is the thing.
    fn listed<T>(rows: Result<Vec<T>, Error>, is: impl Fn(&T) -> bool) -> Self {
        match rows {
            Ok(rows) if rows.iter().any(is) => Self::There,
            Ok(_) => Self::Missing,
            Err(error) => Self::Unknown(format!("{}: {} {}", error.action, error.code, error.message)),
        }
    }
}

impl Session<'_> {
    /// Makes a thing that must not be made twice, or finds out what became of the one that was made.
    ///
    /// Called again while the listing does not show what the answer named, it asks for that id, and only if it is gone
    /// sends the create once more, under the next attempt's token. Gives 1 when a create was accepted.
    ///
    /// # Errors
    /// [`WriteError::Cloud`] with the refusal; [`WriteError::NotVisible`] while the thing is waited for.
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
            // What the first attempt made shows in the listing, as a rule. Once an answer was an old one, the next is likely
            // to be another, so its id is asked for at once.
            if attempt.number == 0 || self.prove_gone(&create, &client, region, topology, id).await.is_err() {
                return Ok(1);
            }
            attempt = self.next_attempt(C::NAME, &first, id)?;
        }
    }

    /// Moves a create on, for `id` is gone.
    fn next_attempt(&self, action: &str, create: &str, id: &str) -> Result<Attempt, WriteError> {
        if self.attempts().move_on(create) {
            let attempt = self.attempts().of(create);
            tracing::warn!(action, id, attempt = attempt.number, "what was made is gone, so it is made anew");
            return Ok(attempt);
        }
        Err(WriteError::NotVisible(format!("{id} is gone, and so is what every attempt before it made")))
    }

    /// Proves that what a create's answer named does not exist.
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

    /// Whether the load balancer and its VPC can be read. The error says which cannot, and why.
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

/// The refusals of an ALB action that names a server group, or a listener, that does not exist (cloud-apis.md sections 4
/// and 5).
const NO_GROUP: &[&str] = &["ResourceNotFound.ServerGroup"];
const NO_LISTENER: &[&str] = &["ResourceNotFound.Listener"];

/// The refusals of a CEN action that names an attachment that does not exist: of the deletion's page, and of the page of
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
        }
    }

    /// Taking a failure for an answer would make a thing twice, or never again.
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
