//! The contract as a page for people: plain HTML, no script, nothing from elsewhere.

use std::fmt::Write;

use actix_web::{HttpResponse, http::header};
use serde_json::Value;

use super::{openapi, problem::Problem};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
    h2{margin-top:2.5rem}code,pre{font-family:ui-monospace,monospace}pre{background:#8881;padding:.8rem;overflow:auto}\
    .method{font-weight:700;text-transform:uppercase}td{padding:.1rem 1rem .1rem 0;vertical-align:top}\
    @media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}a{color:#9cf}}";

pub async fn page() -> Result<HttpResponse, Problem> {
    let contract =
        serde_json::from_str(openapi::COMMITTED).map_err(|error| Problem::Internal(error.into()))?;
    let html = render(&contract).map_err(|error| Problem::Internal(error.into()))?;
    Ok(HttpResponse::Ok()
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(html))
}

fn render(contract: &Value) -> Result<String, std::fmt::Error> {
    let title = text(contract, "/info/title");
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><h1>{title} {}</h1><p>{} \
         <a href=openapi.json>openapi.json</a></p>",
        text(contract, "/info/version"),
        text(contract, "/info/description"),
    );
    for (path, item) in members(contract, "/paths") {
        let operations = item.as_object().into_iter().flatten();
        let server = text(item, "/servers/0/url");
        for (method, operation) in operations.filter(|(_, value)| value.get("responses").is_some()) {
            operation_to(&mut html, contract, (&server, path), method, operation)?;
        }
    }
    html.push_str("<h2>Shapes</h2>");
    for (name, schema) in members(contract, "/components/schemas") {
        write!(html, "<h3 id=\"{0}\">{0}</h3><pre>{1}</pre>", escape(name), escape(&format!("{schema:#}")))?;
    }
    Ok(html)
}

fn operation_to(
    html: &mut String,
    contract: &Value,
    (server, path): (&str, &str),
    method: &str,
    operation: &Value,
) -> std::fmt::Result {
    write!(html, "<h2><span class=method>{}</span> <code>{}</code></h2>", escape(method), escape(path))?;
    write!(html, "<p><code>{server}</code></p>")?;
    write!(html, "<p><b>{}</b> {}</p>", text(operation, "/summary"), text(operation, "/description"))?;
    for (kind, body) in members(operation, "/requestBody/content") {
        let shape = body.get("schema").map(|shape| link(contract, shape)).unwrap_or_default();
        write!(html, "<p>Body: {shape}, as <code>{}</code></p>", escape(kind))?;
    }
    let schemes = operation.pointer("/security").and_then(Value::as_array).into_iter().flatten();
    let schemes: Vec<_> = schemes.filter_map(Value::as_object).flat_map(|scheme| scheme.keys()).collect();
    if !schemes.is_empty() {
        let named: Vec<_> = schemes.iter().map(|scheme| escape(scheme)).collect();
        write!(html, "<p>Takes: {}</p>", named.join(" or "))?;
    }
    html.push_str("<table>");
    for (status, response) in members(operation, "/responses") {
        let shapes = members(response, "/content").filter_map(|(_, content)| content.get("schema"));
        let shapes: String = shapes.map(|shape| link(contract, shape)).collect();
        write!(
            html,
            "<tr><td><code>{}</code><td>{}<td>{shapes}",
            escape(status),
            text(response, "/description")
        )?;
        for (name, header) in members(response, "/headers") {
            write!(html, "<tr><td><td><code>{}</code>: {}<td>", escape(name), text(header, "/description"))?;
        }
    }
    html.push_str("</table>");
    Ok(())
}

/// The name of a shape, as a link to where it is spelled out.
fn link(contract: &Value, shape: &Value) -> String {
    let name = shape.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next());
    match name.filter(|name| contract.pointer(&format!("/components/schemas/{name}")).is_some()) {
        Some(name) => format!("<a href=\"#{0}\">{0}</a>", escape(name)),
        None => escape(&shape.to_string()),
    }
}

fn members<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

fn text(value: &Value, pointer: &str) -> String {
    escape(value.pointer(pointer).and_then(Value::as_str).unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
