//! What `stapel check` has found.

use serde_json::json;
use stapel_core::examination::{Examined, Found, Weight};
use stapel_text::text;

use super::Screen;

impl Screen {
    /// Each thing that was looked at, what was found with its remedy, and a sum.
    pub(crate) fn examined(&self, all: &[Examined]) {
        self.done_bringing();
        let count = |weight| all.iter().flat_map(|one| &one.found).filter(|found| found.weight == weight).count();
        let (prevents, advises) = (count(Weight::Prevents), count(Weight::Advises));
        if self.json {
            all.iter().for_each(|one| self.object(&self.one(one)));
            self.object(&json!({ "prevents": prevents, "advises": advises }));
            return;
        }
        for one in all {
            let sign = match one.found.iter().map(|found| found.weight).min() {
                None if one.looked => "✓",
                None => "–",
                Some(Weight::Prevents) => "✗",
                Some(Weight::Advises) => "⚠",
            };
            self.line(&format!("{sign} {}", self.words(&one.what)));
            one.found.iter().for_each(|found| self.found(found));
        }
        self.say(&match prevents {
            0 => text!("cli-examined-fine", advises = advises),
            _ => text!("cli-examined-prevented", prevents = prevents, advises = advises),
        });
    }

    fn found(&self, found: &Found) {
        let rendered = self.catalogue.problem(&found.problem);
        self.line(&format!("    {} [{}]", rendered.message.replace('\n', "\n    "), found.problem.code()));
        if !rendered.remedy.is_empty() {
            self.line(&format!("    {} {}", self.words(&text!("cli-remedy")), rendered.remedy));
        }
    }

    fn one(&self, one: &Examined) -> serde_json::Value {
        let found = one.found.iter().map(|found| {
            let mut all = super::json::problem(&found.problem, &self.catalogue.problem(&found.problem));
            all["weight"] = json!(found.weight);
            all
        });
        json!({ "examined": one.what.id, "looked": one.looked, "what": self.words(&one.what), "found": found.collect::<Vec<_>>() })
    }
}
