//! The calls of one invocation and their answers.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use emulator::CallRecord;
use emulator::call::Service;
use local::Local;
use serde_json::Value;
use stage::Host;

/// A call of an undisturbed invocation.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// The call; for an object, the store's own action.
    pub(crate) call: CallRecord,
    /// The answer without its request id.
    pub(crate) answer: Value,
}

/// The answers of an invocation in the order of its calls. In memory and on one thread, the cloud carries the calls out in
/// the same order, so its call log tells which calls they were.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Vec<Value>>>);

impl Tape {
    /// A host of `local` whose calls are recorded.
    pub(crate) fn host(&self, local: &Local) -> Host {
        let (tape, inner) = (self.clone(), local.transport());
        let transport = move |request: http::Request<Bytes>| {
            let (tape, inner) = (tape.clone(), Arc::clone(&inner));
            async move {
                let place = tape.begin();
                let answered = inner.send(request).await;
                if let Ok(response) = &answered {
                    tape.end(place, response.body());
                }
                answered
            }
        };
        local.operator_host_over(Arc::new(transport))
    }

    fn begin(&self) -> usize {
        let mut answers = self.0.lock().unwrap();
        answers.push(Value::Null);
        answers.len() - 1
    }

    fn end(&self, place: usize, body: &[u8]) {
        // The bindings are not JSON.
        let mut answer =
            serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()));
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("RequestId");
        }
        self.0.lock().unwrap()[place] = answer;
    }

    /// The calls from the cloud's log with their answers. The cloud received no other calls.
    pub(crate) fn heard(&self, log: Vec<CallRecord>) -> Vec<Heard> {
        let answers = self.0.lock().unwrap();
        assert_eq!(answers.len(), log.len(), "every call of the invocation is recorded, and no other one");
        log.into_iter().zip(answers.iter()).map(|(call, answer)| Heard { call, answer: answer.clone() }).collect()
    }
}

impl Heard {
    /// A hash of the request, without the parts that differ between retries.
    fn question(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.call.region, self.call.service.map(|service: Service| format!("{service:?}"))).hash(&mut hasher);
        self.call.action.hash(&mut hasher);
        for (name, value) in self.call.params.iter().filter(|(name, _)| *name != "ClientToken") {
            (name, value).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The indices of the calls that are crash points: all except polls with the same answer as the poll before and the one
/// after, not counting time and request id. Writes are always included.
pub(crate) fn points(heard: &[Heard]) -> Vec<usize> {
    let mut asked: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (place, call) in heard.iter().enumerate() {
        asked.entry(call.question()).or_default().push(place);
    }
    let mut points = Vec::new();
    for places in asked.values() {
        let same = |one: Option<&usize>, other: usize| {
            one.is_some_and(|one| {
                heard[*one].answer == heard[other].answer && heard[*one].call.status == heard[other].call.status
            })
        };
        for (at, place) in places.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| places.get(at));
            let is_repeated = same(before, *place) && same(places.get(at + 1), *place);
            if heard[*place].call.writes || !is_repeated {
                points.push(*place);
            }
        }
    }
    points.sort_unstable();
    points
}
