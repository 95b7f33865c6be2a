//! The answers of HTTP.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::access::{Access, Verdict, parameter};
use super::assets::{self, Packed};
use super::events::{self, Cursor, Form};
use super::feed::feed;
use super::hub::Hub;
use super::lines::{self, LineReader};
use super::metrics;
use crate::chart::{ChartOptions, Kind, Theme};
use crate::row::Bounds;
use crate::time::Millis;

/// Nothing but our own files, no inline code, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
                      worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A picture has its own rules inside.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";
/// JSON objects, one a line.
const LINES: &str = "application/x-ndjson";
/// Seconds after which a refused reader may try again.
const RETRY_AFTER: &str = "10";
/// Pictures that are kept as long as nothing new comes.
const MOST_PICTURES: usize = 16;

/// What all answers are made of.
pub(super) struct Site {
    hub: Arc<Hub>,
    access: Access,
    pictures: Mutex<Pictures>,
}

/// Pictures by what was asked for, each with the newest event that it shows, the oldest first.
type Pictures = VecDeque<(String, u64, Bytes)>;

type Shared = State<Arc<Site>>;

/// All routes.
pub(super) fn router(hub: Arc<Hub>, access: Access) -> Router {
    let site = Arc::new(Site { hub, access, pictures: Mutex::default() });
    let mut router = Router::new()
        .route("/events", get(stream_events))
        .route("/lines", get(stream_lines))
        .route("/snapshot.json", get(snapshot))
        .route("/chart.svg", get(chart))
        .route("/metrics", get(figures))
        .route("/healthz", get(async || "ok\n"));
    for (path, file) in assets::packed() {
        router = router.route(path, get(async move |headers: HeaderMap| fixed(&file, &headers)));
    }
    router.layer(middleware::from_fn_with_state(Arc::clone(&site), guard)).with_state(site)
}

/// Lets requests pass that may, and puts the rules for browsers on every answer.
async fn guard(State(site): Shared, request: Request, next: Next) -> Response {
    let query = request.uri().query();
    let mut response = match site.access.judge(request.headers(), query) {
        // Whoever watches over the process needs no token.
        Verdict::Unknown if request.uri().path() != "/healthz" => (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
            "a token is needed: send it as `Authorization: Bearer TOKEN`, or open /?token=TOKEN once\n",
        )
            .into_response(),
        Verdict::Misled => (
            StatusCode::MISDIRECTED_REQUEST,
            "this name is not known here: use an address, or start stream-serve with --host NAME\n",
        )
            .into_response(),
        Verdict::Introduced if request.uri().path() == "/" => {
            let cookie =
                site.access.token.as_ref().and_then(|token| HeaderValue::from_str(&token.cookie()).ok());
            let mut response = Redirect::to("/").into_response();
            cookie.map(|cookie| response.headers_mut().insert(header::SET_COOKIE, cookie));
            response
        }
        Verdict::Welcome | Verdict::Introduced | Verdict::Unknown => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A file that does not change while this process lives.
fn fixed(file: &Packed, headers: &HeaderMap) -> Response {
    let has = |name, wanted: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value: &str| value.contains(wanted))
    };
    let rules = [
        (header::ETAG, file.tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_TYPE, file.kind),
        (header::VARY, "accept-encoding"),
    ];
    if has(header::IF_NONE_MATCH, &file.tag) {
        (StatusCode::NOT_MODIFIED, rules).into_response()
    } else if has(header::ACCEPT_ENCODING, "gzip") {
        (rules, [(header::CONTENT_ENCODING, "gzip")], file.gzip.clone()).into_response()
    } else {
        (rules, file.text.clone()).into_response()
    }
}

fn no_place() -> Response {
    let words = "all places for readers are taken; try again later\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], words).into_response()
}

fn streamed(kind: &'static str, body: Body) -> Response {
    ([(header::CONTENT_TYPE, kind), (HeaderName::from_static("x-accel-buffering"), "no")], body)
        .into_response()
}

async fn stream_events(State(site): Shared, request: Request) -> Response {
    let Some(seat) = site.hub.seat() else { return no_place() };
    let header = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let last = header.or_else(|| parameter(request.uri().query(), "after"));
    let cursor = Cursor::behind(last.and_then(|id| site.hub.seq_of(&id)));
    let (send, body) = feed(seat);
    let accepts = request.headers().get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok());
    let form = if accepts.is_some_and(|kinds| kinds.contains(LINES)) { Form::Lines } else { Form::Events };
    tokio::spawn(events::serve(Arc::clone(&site.hub), cursor, form, send));
    streamed(if form == Form::Lines { LINES } else { "text/event-stream; charset=utf-8" }, body)
}

async fn stream_lines(State(site): Shared) -> Response {
    let Some(seat) = site.hub.seat() else { return no_place() };
    let (send, body) = feed(seat);
    tokio::spawn(lines::serve(LineReader::join(&site.hub, false), send));
    streamed(LINES, body)
}

async fn snapshot(State(site): Shared) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], events::snapshot(&site.hub)).into_response()
}

async fn figures(State(site): Shared) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::text(&site.hub))
        .into_response()
}

/// A picture of the newest windows: `?kind=line&theme=dark&width=640&size=20s`; of those up to one that ends at a time in
/// milliseconds: `&end=1542049220000`.
async fn chart(State(site): Shared, request: Request) -> Response {
    match site.picture(request.uri().query()) {
        Ok(svg) => {
            let rules =
                [(header::CONTENT_TYPE, "image/svg+xml"), (header::CONTENT_SECURITY_POLICY, PICTURE_POLICY)];
            (rules, svg).into_response()
        }
        Err(words) => (StatusCode::BAD_REQUEST, format!("{words}\n")).into_response(),
    }
}

impl Site {
    fn picture(&self, query: Option<&str>) -> Result<Bytes, String> {
        let of = |name| parameter(query, name);
        let kind = Kind::of_svg(of("kind").as_deref().unwrap_or("barh"))?;
        let theme = of("theme").map_or(Ok(Theme::Auto), |name| name.parse())?;
        let width = match of("width").map(|width| width.parse::<u32>()) {
            None => 800,
            Some(Ok(width @ 320..=4_000)) => width,
            Some(_) => return Err("the width is a number from 320 to 4000".into()),
        };
        let series = of("size");
        let end = match of("end").map(|end| end.parse::<Millis>()) {
            None => None,
            Some(Ok(end)) => Some(end),
            Some(Err(_)) => return Err("the end is a time in milliseconds since 1970".into()),
        };
        let name = format!("{kind} {theme:?} {width} {series:?} {end:?}");
        let (mut windows, newest) = {
            let shared = self.hub.lock();
            (shared.history.of(series.as_deref()), shared.seq)
        };
        let is_later = |bounds: Bounds| end.is_some_and(|end| bounds.end > end);
        windows.retain(|window| !window.first().bounds.is_some_and(is_later));
        let known = self
            .pictures()
            .iter()
            .find(|known| known.0 == name && known.1 == newest)
            .map(|known| known.2.clone());
        if let Some(svg) = known {
            return Ok(svg);
        }
        let options = ChartOptions { theme, width, ..self.hub.options.chart.clone() };
        let mut recent = kind.collect(&options);
        let first = if kind.is_over_time() { 0 } else { windows.len().saturating_sub(1) };
        for window in &windows[first..] {
            for row in &window.rows {
                // Rows of changes alone never come so far.
                recent.push(row.clone()).map_err(|error| error.to_string())?;
            }
            recent.flush_partial();
        }
        let svg = Bytes::from(kind.draw(&recent, &options));
        let mut pictures = self.pictures();
        pictures.retain(|known| known.1 == newest && known.0 != name);
        if pictures.len() >= MOST_PICTURES {
            pictures.pop_front();
        }
        pictures.push_back((name, newest, svg.clone()));
        Ok(svg)
    }

    fn pictures(&self) -> MutexGuard<'_, Pictures> {
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
