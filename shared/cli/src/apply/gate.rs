//! The gate between `apply` and the cloud. It knows which writes are under way, and after it is closed no request gets through any
//! more, while the answers to those that were sent still do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use openapi::{Sending, Sent, Transport, TransportError};
use tokio::sync::Notify;

/// The gate. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: Mutex<Calls>,
    /// Told when a write is not under way any more.
    over: Notify,
}

/// The writes since the running stage began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calls {
    closed: bool,
    next: u64,
    /// Sent, and not answered.
    under_way: BTreeMap<u64, Sent>,
    /// Sent, and nobody waits for the answer any more, or it says nothing.
    unknown: Vec<Sent>,
    /// Answered with success.
    made: Vec<Sent>,
}

impl Gate {
    /// The gate before a way to the cloud.
    pub(crate) fn before(&self, through: Arc<dyn Transport>) -> Arc<dyn Transport> {
        let gate = self.clone();
        Arc::new(Gated { gate, through })
    }

    /// Another stage begins: the one before has looked at what became of its writes.
    pub(crate) fn begin(&self) {
        let mut calls = self.calls();
        calls.made.clear();
        calls.unknown.clear();
    }

    /// Lets no further request through.
    pub(super) fn close(&self) {
        self.calls().closed = true;
    }

    /// Waits until no write is under way.
    pub(super) async fn idle(&self) {
        loop {
            let over = self.state.over.notified();
            if self.is_idle() {
                return;
            }
            over.await;
        }
    }

    /// Whether no write is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.calls().under_way.is_empty()
    }

    /// Those that were answered with success, and those of which nobody knows.
    pub(crate) fn told(&self) -> (Vec<Sent>, Vec<Sent>) {
        let calls = self.calls();
        let unknown = calls.unknown.iter().chain(calls.under_way.values()).cloned().collect();
        (calls.made.clone(), unknown)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.state.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Gated {
    gate: Gate,
    through: Arc<dyn Transport>,
}

impl Transport for Gated {
    fn send(&self, request: Request<Bytes>) -> Sending {
        let sent = request.extensions().get::<Sent>().filter(|sent| sent.writes).cloned();
        let mut calls = self.gate.calls();
        if calls.closed {
            return Box::pin(std::future::pending());
        }
        let number = sent.map(|sent| {
            calls.next += 1;
            let number = calls.next;
            calls.under_way.insert(number, sent);
            number
        });
        drop(calls);
        let passage = Passage { gate: self.gate.clone(), number };
        let sending = self.through.send(request);
        Box::pin(async move {
            let answer = sending.await;
            passage.over(&answer);
            answer
        })
    }
}

/// A request on its way. Dropped before its answer is there, it is one of which nobody knows.
struct Passage {
    gate: Gate,
    number: Option<u64>,
}

impl Passage {
    fn over(mut self, answer: &Result<Response<Bytes>, TransportError>) {
        let Some(number) = self.number.take() else { return };
        let mut calls = self.gate.calls();
        let Some(sent) = calls.under_way.remove(&number) else { return };
        match answer {
            Ok(response) if response.status().is_success() => {
                // An attempt whose outcome was not known is made up for by one that succeeded.
                if let Some(at) = calls.unknown.iter().position(|other| *other == sent) {
                    calls.unknown.remove(at);
                }
                calls.made.push(sent);
            }
            // Refused, or never sent.
            Ok(response) if response.status().is_client_error() => {}
            Err(TransportError::Connect(_)) => {}
            Ok(_) | Err(_) => calls.unknown.push(sent),
        }
        drop(calls);
        self.gate.state.over.notify_waiters();
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let Some(number) = self.number.take() else { return };
        let mut calls = self.gate.calls();
        let abandoned = calls.under_way.remove(&number);
        calls.unknown.extend(abandoned);
        drop(calls);
        self.gate.state.over.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(action: &'static str) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        request.extensions_mut().insert(Sent { action, region: "cn-hangzhou".to_owned(), writes: true });
        request
    }

    fn answering(status: u16) -> Arc<dyn Transport> {
        Arc::new(move |_: Request<Bytes>| async move {
            Response::builder()
                .status(status)
                .body(Bytes::new())
                .map_err(|error| TransportError::Cut(error.to_string()))
        })
    }

    fn names(calls: &[Sent]) -> Vec<&str> {
        calls.iter().map(|sent| sent.action).collect()
    }

    #[tokio::test]
    async fn writes_are_known_by_their_answers() {
        let gate = Gate::default();
        for (status, action) in [(200, "Made"), (404, "Refused"), (503, "Unknown")] {
            gate.before(answering(status)).send(write(action)).await.unwrap();
        }
        drop(gate.before(answering(200)).send(write("Abandoned")));
        let (made, unknown) = gate.told();
        assert_eq!((names(&made), names(&unknown)), (vec!["Made"], vec!["Unknown", "Abandoned"]));
        gate.before(answering(200)).send(write("Unknown")).await.unwrap();
        assert_eq!(names(&gate.told().1), ["Abandoned"], "a second attempt made up for it");
        gate.begin();
        assert_eq!(gate.told(), (Vec::new(), Vec::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_gate_lets_answers_through_and_nothing_else() {
        let gate = Gate::default();
        let (answer, waiting) = tokio::sync::oneshot::channel::<()>();
        let waiting = Arc::new(Mutex::new(Some(waiting)));
        let slow = gate.before(Arc::new(move |_: Request<Bytes>| {
            let waiting = waiting.lock().unwrap().take().unwrap();
            async move {
                waiting.await.unwrap();
                Ok(Response::new(Bytes::new()))
            }
        }));
        let sending = tokio::spawn(slow.send(write("Slow")));
        tokio::task::yield_now().await;
        gate.close();
        assert!(!gate.is_idle());
        let late = gate.before(answering(200)).send(write("Late"));
        let clock = clock::Clock::seeded(jiff::Timestamp::MIN, 1);
        assert!(clock.timeout(std::time::Duration::from_secs(60), late).await.is_err());
        answer.send(()).unwrap();
        gate.idle().await;
        assert!(sending.await.unwrap().is_ok());
        let (made, unknown) = gate.told();
        assert_eq!((names(&made), unknown), (vec!["Slow"], Vec::new()));
    }
}
