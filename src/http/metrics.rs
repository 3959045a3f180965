//! The figures, for Prometheus and whoever else reads its text.

use actix_web::{HttpResponse, web::Data};

use crate::flows::{
    Services,
    metrics::{Page, tell_the_figures},
};

use super::Site;

/// Metrics
///
/// For Prometheus: what each figure means, and what to do about it, stands in `docs/metrics.md`. The store is not asked.
#[utoipa::path(
    get, path = "/metrics", tag = "internal",
    responses((status = 200, description = "The figures, as text", body = String, content_type = "text/plain"))
)]
pub async fn metrics(services: Data<Services>, site: Data<Site>) -> HttpResponse {
    let mut page = tell_the_figures(&services);
    site.requests.tell(&mut page);
    HttpResponse::Ok().content_type(Page::TYPE).body(page.finish())
}
