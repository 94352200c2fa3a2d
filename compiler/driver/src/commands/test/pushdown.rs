//! `moltlerc test --verify-pushdown`: what came of the claims of PUSHDOWN.

use moltler_abi::manifest::Manifest;
use moltler_runtime::test_run::TestOutcome;
use moltler_runtime::test_run::verify_pushdown::{Verdict, Verification, summary};
use serde_json::json;

use crate::args::TestFormat;
use crate::output::{self, Failure};

/// Tells each claim of the package and what came of it; gives how many were refuted. For people and as JSON on standard
/// output; JUnit has no place for it, so that it goes to standard error.
pub(super) fn report(manifest: &Manifest, outcomes: &[TestOutcome], format: TestFormat) -> Result<usize, Failure> {
    let found: Vec<Verification> = outcomes.iter().flat_map(|outcome| outcome.verifications.iter().cloned()).collect();
    let all = summary(&manifest.entities, &found);
    let line = |text: String| match format {
        TestFormat::Junit => {
            output::note(text);
            Ok(())
        }
        TestFormat::Human | TestFormat::Json => output::line(text),
    };
    let count = |wanted: fn(&Verdict) -> bool| all.iter().filter(|found| wanted(&found.verdict)).count();
    let verified = count(|verdict| *verdict == Verdict::Verified);
    let refuted = count(|verdict| matches!(verdict, Verdict::Refuted(_)));
    let mut last = None;
    for found in &all {
        let entity = &manifest.entities[found.entity as usize];
        let name = format!("{}.{}", manifest.types[entity.connector_type as usize].name, entity.name);
        let claim = found.claim.text(entity);
        let (verdict, reason) = match &found.verdict {
            Verdict::Verified => ("verified", None),
            Verdict::Refuted(reason) => ("refuted", Some(reason)),
            Verdict::NotExercised(reason) => ("not exercised", Some(reason)),
        };
        if format == TestFormat::Json {
            line(json!({"pushdown": name, "claim": claim, "verdict": verdict, "reason": reason}).to_string())?;
            continue;
        }
        if last != Some(found.entity) {
            line(format!("PUSHDOWN of {name}"))?;
            last = Some(found.entity);
        }
        let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
        line(format!("  {claim} ... {verdict}{reason}"))?;
    }
    let not_exercised = all.len() - verified - refuted;
    if format == TestFormat::Json {
        line(json!({"verified": verified, "refuted": refuted, "not_exercised": not_exercised}).to_string())?;
    } else if all.is_empty() {
        line("no entity has a PUSHDOWN to verify".to_owned())?;
    } else {
        line(format!("{verified} verified, {refuted} refuted, {not_exercised} not exercised"))?;
    }
    Ok(refuted)
}
