//! How a doctor gets to a host: where its name leads, or where they were told to go instead.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use url::Url;

use crate::system::web::{Answer, NoAnswer, Question, ask, whereabouts};

#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Said by whoever knows better than the name service.
    pub via: Option<SocketAddr>,
    /// Where the host says it is, for when its name leads nowhere from here.
    pub shown: Option<IpAddr>,
    /// Of each question.
    pub deadline: Duration,
}

impl Reach {
    pub const fn by_name(deadline: Duration) -> Self {
        Self { via: None, shown: None, deadline }
    }

    pub(super) async fn ask(
        &self,
        url: &Url,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Answer, NoAnswer> {
        let via = Some(self.address(url).await?);
        ask(Question { url, headers, via, deadline: self.deadline }).await
    }

    async fn address(&self, url: &Url) -> Result<SocketAddr, NoAnswer> {
        if let Some(via) = self.via {
            return Ok(via);
        }
        let unnamed =
            || NoAnswer::Failed(format!("{} leads nowhere from here", url.host_str().unwrap_or("it")));
        let (host, port) =
            (url.host_str().ok_or_else(unnamed)?, url.port_or_known_default().ok_or_else(unnamed)?);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let named = whereabouts(host, port, self.deadline).await;
        named.or_else(|| self.shown.map(|shown| SocketAddr::new(shown, port))).ok_or_else(unnamed)
    }
}
