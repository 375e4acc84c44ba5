use std::time::Duration;

use anyhow::{Result, ensure};
use stapel_load::{Loss, verify_stored};

use super::Verdict;
use super::blow::Down;
use crate::convertik;
use crate::servers::Server;
use crate::ways::Way;

/// How many losses are told one by one.
const TOLD: usize = 5;

/// Counts what was lost while the app was down because of the fault itself, and at any other time.
pub(super) fn losses(ways: &[Way], down: Option<Down>, verdict: &mut Verdict) {
    let mut told = Vec::new();
    for way in ways {
        verdict.requests += way.report.summary().requests;
        for loss in way.report.losses() {
            if down.is_some_and(|down| explained(way, &loss, down)) {
                verdict.lost_then += 1;
            } else {
                verdict.lost_else += 1;
                told.push(format!("{}: {}", way.name, serde_json::to_string(&loss).unwrap_or_default()));
            }
        }
    }
    told.truncate(TOLD);
    for loss in told {
        eprintln!("{} lost {loss}", verdict.cell);
    }
}

/// Whether the request was under way at any time while the app was down.
fn explained(way: &Way, loss: &Loss, down: Down) -> bool {
    let begun = way.report.started() + Duration::from_secs_f64(loss.at_s);
    let ended = begun + Duration::from_secs_f64(loss.after_ms / 1e3);
    begun <= down.to && ended >= down.from
}

/// Every way was asked, and no answer was one that the app never gives.
pub(super) fn answers(ways: &[Way]) -> Result<()> {
    for way in ways {
        let sum = way.report.summary();
        ensure!(sum.requests > 0, "{}: nothing was asked", way.name);
        ensure!(sum.unexpected == 0, "{}: answers by status {:?}", way.name, sum.by_status);
    }
    Ok(())
}

/// Each acknowledged write is stored once, and none twice.
pub(super) fn writes(server: &Server, ways: &[Way]) -> Result<()> {
    let stored = convertik::stored(server)?;
    let acknowledged: Vec<String> = ways.iter().flat_map(|way| way.report.acknowledged()).collect();
    let unknown: Vec<String> = ways.iter().flat_map(|way| way.report.unknown()).collect();
    let checked = verify_stored(&acknowledged, &unknown, |id| stored.get(id).copied().unwrap_or(0));
    ensure!(checked.is_ok(), "acknowledged and missing: {:?}, stored twice: {:?}", checked.missing, checked.duplicated);
    Ok(())
}
