//! What a handler takes from a request's body, within its bounds of size and time.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::BytesMut,
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use url::form_urlencoded;

use super::{fault::Fault, problem::Problem, strict_json};

/// No body is longer.
const LONGEST: usize = 16 * 1024;

/// No body takes longer to arrive; what it takes is lost to the rest of the request.
const DEADLINE: Duration = Duration::from_secs(2);

/// A JSON object of this type. Whether its members are any good is for its own rules to say.
pub struct Json<T>(pub T);

/// The same, or nothing at all.
pub struct JsonIfAny<T>(pub T);

/// The same where it can be read, and nothing where it cannot: nobody is kept from leaving by what they say.
pub struct JsonIfReadable<T>(pub T);

/// The fields of a form.
pub struct Form(Vec<(String, String)>);

/// A body that is read, because it was sent, and means nothing.
pub struct Ignored;

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            expect(request.headers(), "application/json")?;
            parse(&read(&request, payload).await?).map(Self)
        })
    }
}

impl<T: DeserializeOwned + Default + 'static> FromRequest for JsonIfAny<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, payload).await?;
            if body.is_empty() {
                return Ok(Self(T::default()));
            }
            expect(request.headers(), "application/json")?;
            parse(&body).map(Self)
        })
    }
}

impl<T: DeserializeOwned + Default + 'static> FromRequest for JsonIfReadable<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Self(parse(&read(&request, payload).await?).unwrap_or_default())) })
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    strict_json::check(body).map_err(Problem::Malformed)?;
    serde_json::from_slice(body).map_err(|_| Problem::Malformed("The body is not what is asked for here"))
}

impl Form {
    /// A field that has to be there, and once.
    pub fn only(&self, name: &'static str) -> Result<&str, Problem> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        match (values.next().filter(|value| !value.is_empty()), values.next()) {
            (Some(value), None) => Ok(value),
            (_, Some(_)) => Err(Problem::Malformed("A field is given twice")),
            (None, None) => {
                let missing = Fault::new(format!("{name}_required"), "This field must be given");
                Err(Problem::Invalid(vec![missing.at(name)]))
            }
        }
    }
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            expect(request.headers(), "application/x-www-form-urlencoded")?;
            let body = read(&request, payload).await?;
            Ok(Self(form_urlencoded::parse(&body).into_owned().collect()))
        })
    }
}

impl FromRequest for Ignored {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { read(&request, payload).await.map(|_| Self) })
    }
}

/// To other sites' forms and plain text, which come without being asked, a call that takes JSON is closed.
fn expect(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let text =
        |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let (essence, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
    let utf_8 = matches!(parameters.replace(['"', ' '], "").as_str(), "" | "charset=utf-8");
    let plain = matches!(text(header::CONTENT_ENCODING).as_deref(), None | Some("identity"));
    let single = headers.get_all(header::CONTENT_TYPE).count() == 1;
    if essence.trim() == wanted && utf_8 && plain && single {
        Ok(())
    } else {
        Err(Problem::UnsupportedMediaType)
    }
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<BytesMut, Problem> {
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > LONGEST as u64) {
        return Err(Problem::BodyTooLarge);
    }
    timeout(DEADLINE, gather(payload)).await.map_err(|_| Problem::TooSlow)?
}

async fn gather(mut payload: Payload) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::Malformed("The body broke off"))?;
        if body.len() + chunk.len() > LONGEST {
            return Err(Problem::BodyTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
