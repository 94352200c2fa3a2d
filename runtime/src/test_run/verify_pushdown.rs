//! Whether handlers do what PUSHDOWN says of them: what they give when they are told a filter, an order or a limit is compared with
//! what Moltler makes of the rows that they give without.
//!
//! The calls that a test makes are watched. When it has passed, each handler that was called is called again on the same mocks:
//! first with nothing but what it needs (required and `filter_only` fields), for all rows, then once for each claim and value. A
//! mock that answers the same body whatever it is asked proves nothing: such a claim counts as not exercised.

mod claim;
mod rows;

use moltler_abi::manifest::Entity;

use crate::context::ExecContext;
use crate::operators::ObservedCall;
pub use claim::Claim;

use claim::Probe;

/// What came of a claim in one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The handler did what it says.
    Verified,
    /// It did not: what was asked, and where its rows differ.
    Refuted(String),
    /// The mocks cannot tell, for this reason.
    NotExercised(String),
}

/// A claim of an entity, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Index into the manifest's entities.
    pub entity: u32,
    /// What is claimed.
    pub claim: Claim,
    /// What came of it.
    pub verdict: Verdict,
}

/// All claims of an entity, in the order of PUSHDOWN.
pub fn claims(entity: &Entity) -> Vec<Claim> {
    claim::of(entity)
}

/// Tries the claims of all entities whose handlers the test has called. The context is that of the test, which has ended.
pub(super) fn verify(context: &ExecContext) -> Vec<Verification> {
    let calls = context.queries().take_observed();
    let mut found: Vec<Verification> = Vec::new();
    let mut seen: Vec<(usize, u32, String)> = Vec::new();
    for call in &calls {
        let entity = &context.manifest().entities[call.entity as usize];
        let claims = claims(entity);
        if claims.is_empty() {
            continue;
        }
        let needed = rows::needed(entity, &call.filters);
        let key = crate::coerce::value_to_json(&crate::value::Value::Document(std::rc::Rc::new(needed.clone())));
        let key = (std::rc::Rc::as_ptr(&call.instance) as usize, call.entity, key);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        if context.setup().mock.is_none() {
            let reason = "the test has no MOCK_API".to_owned();
            found.extend(claims.into_iter().map(|claim| Verification {
                entity: call.entity,
                claim,
                verdict: Verdict::NotExercised(reason.clone()),
            }));
            continue;
        }
        let same: Vec<&ObservedCall> = calls
            .iter()
            .filter(|other| other.entity == call.entity && std::rc::Rc::ptr_eq(&other.instance, &call.instance))
            .collect();
        let probe = Probe::new(context, call, needed, &same);
        found.extend(claims.into_iter().map(|claim| {
            let verdict = match &probe {
                Ok(probe) => probe.verdict(&claim),
                Err(reason) => Verdict::NotExercised(reason.clone()),
            };
            Verification { entity: call.entity, claim, verdict }
        }));
    }
    found
}

/// What is to be said of each claim of each entity in the end: refuted by one test is refuted, verified by one is verified.
pub fn summary(entities: &[Entity], found: &[Verification]) -> Vec<Verification> {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Refuted(_) => 0,
        Verdict::Verified => 1,
        Verdict::NotExercised(_) => 2,
    };
    let mut all = Vec::new();
    for (index, entity) in entities.iter().enumerate() {
        for claim in claims(entity) {
            let of_claim = found.iter().filter(|found| found.entity == index as u32 && found.claim == claim);
            let verdict = of_claim.map(|found| &found.verdict).min_by_key(|verdict| rank(verdict)).cloned();
            let verdict = verdict.unwrap_or_else(|| Verdict::NotExercised("no test reads the entity".to_owned()));
            all.push(Verification { entity: index as u32, claim, verdict });
        }
    }
    all
}
