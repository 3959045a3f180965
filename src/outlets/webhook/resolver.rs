//! Where a receiver's name leads: to those of its addresses alone that the guard admits.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use crate::domain::webhook::guard::Guard;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?.collect();
            let admitted = guard.judge_found(name.as_str(), found)?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::{ReceiverUrl, guard::Shut};

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_leads_nowhere() {
        let resolved = |networks: &[&str]| {
            let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
            let guard = Guard::of(&ReceiverUrl::parse("https://localhost").unwrap(), networks);
            async move { guard.resolve("localhost".parse().unwrap()).await }
        };
        let Err(shut) = resolved(&[]).await else { panic!("it is admitted") };
        assert_eq!(shut.downcast_ref(), Some(&Shut::Private("localhost".to_owned())));
        let allowed = resolved(&["127.0.0.0/8", "::1/128"]).await;
        assert!(allowed.is_ok_and(|mut found| found.next().is_some()));
    }
}
