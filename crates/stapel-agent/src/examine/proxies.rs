use async_trait::async_trait;
use stapel_core::examination::Found;
use stapel_text::{Problem, Text, text};

use super::{Case, Examination, Seen};

/// That proxies which keep a service's address can be told another one: else a release is refused in its midst.
pub(super) struct Proxies;

#[async_trait]
impl Examination for Proxies {
    fn what(&self) -> Text {
        text!("agent-examine-proxies")
    }

    async fn look(&self, case: &Case) -> Result<Seen, Problem> {
        let (mut found, mut seen) = (Vec::new(), false);
        for service in case.replaced() {
            for tested in case.site.test_proxies(service).await? {
                seen = true;
                found.extend(tested.err().map(Found::prevents));
            }
        }
        Ok(seen.then_some(found))
    }
}
