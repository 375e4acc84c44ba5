use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::database::{Database, schema};
use super::log::error;
use super::migrations::head;
use super::report::{Figures, Report};

/// What every request of an instance sees.
pub(crate) struct Shared {
    pub(crate) version: u32,
    pub(crate) database: Database,
    pub(crate) report: Report,
}

type App = State<Arc<Shared>>;

/// A request that failed inside; it is logged where it is made into an answer.
struct Failure(&'static str, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        error(&format_args!("{}: {}", self.0, self.1));
        (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": self.1 }))).into_response()
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/version", get(version))
        .route("/orders", post(order))
        .route("/orders/count", get(count))
        .route("/orders/ids", get(ids))
        .route("/report", get(report))
        .route("/slow", get(slow))
        .with_state(shared)
}

/// Healthy on every schema that is at least the one this version was made for.
async fn health(State(app): App) -> Result<Response, Failure> {
    let there = app.database.read(schema).await.map_err(|e| Failure("health", e))?;
    let needed = head(app.version);
    if there < needed {
        let status = format!("schema {there:04}, needs {needed:04}");
        return Ok((StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": status, "version": app.version })))
            .into_response());
    }
    Ok(Json(json!({ "status": "ok", "version": app.version })).into_response())
}

async fn version(State(app): App) -> Json<Value> {
    Json(json!({ "version": app.version }))
}

#[derive(Deserialize)]
struct Order {
    id: String,
    note: Option<String>,
}

async fn order(State(app): App, Json(order): Json<Order>) -> Result<Response, Failure> {
    let id = order.id.clone();
    let notes = app.version > 1;
    app.database
        .write(move |c| match notes {
            true => c.prepare_cached("INSERT INTO orders (id, note) VALUES (?1, ?2)")?.execute((order.id, order.note)),
            false => c.prepare_cached("INSERT INTO orders (id) VALUES (?1)")?.execute((order.id,)),
        })
        .await
        .map_err(|e| Failure("order", e))?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))).into_response())
}

async fn count(State(app): App) -> Result<Json<Value>, Failure> {
    let count: u64 = app
        .database
        .read(|c| c.query_row("SELECT count(*) FROM orders", [], |row| row.get(0)))
        .await
        .map_err(|e| Failure("count", e))?;
    Ok(Json(json!({ "count": count })))
}

async fn ids(State(app): App) -> Result<Json<Vec<String>>, Failure> {
    app.database
        .read(|c| c.prepare_cached("SELECT id FROM orders ORDER BY n")?.query_map([], |row| row.get(0))?.collect())
        .await
        .map(Json)
        .map_err(|e| Failure("ids", e))
}

async fn report(State(app): App) -> Result<Json<Figures>, Failure> {
    app.report.figures(&app.database).await.map(Json).map_err(|e| Failure("report", e))
}

#[derive(Deserialize)]
struct Slow {
    ms: u64,
}

/// Answers after `ms` milliseconds: a request that is open for as long as one wants.
async fn slow(Query(Slow { ms }): Query<Slow>) -> Json<Value> {
    let _ = tokio::time::timeout(Duration::from_millis(ms), std::future::pending::<()>()).await;
    Json(json!({ "ms": ms }))
}
