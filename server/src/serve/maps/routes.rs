//! URLs below `/maps`.

use super::answers;
use crate::serve::State;
use crate::serve::routes::answered;
use std::sync::Arc;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

/// All of them.
pub fn routes(state: Arc<State>) -> BoxedFilter<(Response,)> {
    let given = warp::any().map(move || state.clone());
    let headers = warp::header::headers_cloned();
    let query = warp::query::<answers::Query>();
    let end = warp::path::end;
    let part = || warp::path::param::<String>();
    let reads = || warp::get().or(warp::head()).unify();
    let maps = warp::path("maps");
    let run = given.clone().and(maps).and(part());
    let layer = run.clone().and(part());

    let document = maps.and(warp::path("openapi.json")).and(end()).and(reads()).and(query).then(answers::openapi);
    let collection = run.and(end()).and(reads()).and(headers).and(query).then(answers::collection);
    let quad = || warp::path("WebMercatorQuad");
    let tile = layer.clone().and(warp::path("tiles")).and(quad()).and(part()).and(part()).and(part()).and(end());
    let tile = tile.and(reads()).and(headers).and(query).then(answers::tile);
    let tilejson = layer.clone().and(warp::path("tilejson.json")).and(end()).and(reads());
    // Newer clients of TiTiler name the set of tiles first.
    let quad_tilejson = layer.clone().and(quad()).and(warp::path("tilejson.json")).and(end()).and(reads());
    let tilejson = tilejson.or(quad_tilejson).unify().and(headers).and(query).then(answers::tilejson);
    let info = layer.clone().and(warp::path("info")).and(end()).and(reads());
    let info = info.and(headers).and(query).then(answers::info);
    let statistics = layer.clone().and(warp::path("statistics")).and(end());
    let posted = statistics.clone().and(warp::post()).and(headers).and(query).and(warp::body::stream());
    let posted = posted.then(answers::posted_statistics);
    let statistics = statistics.and(reads()).and(headers).and(query).then(answers::statistics);
    let point = layer.clone().and(warp::path("point")).and(part()).and(end()).and(reads());
    let point = point.and(headers).and(query).then(answers::point);
    let series = layer.clone().and(warp::path("series")).and(part()).and(end()).and(reads());
    let series = series.and(headers).and(query).then(answers::series);
    let preview = layer.and(part()).and(end()).and(reads()).and(headers).and(query).then(answers::preview);

    let pictures = answered(tile.or(tilejson).unify().or(info).unify().or(statistics).unify().boxed());
    let numbers = answered(posted.or(point).unify().or(series).unify().boxed());
    let others = answered(document.or(collection).unify().or(preview).unify().boxed());
    pictures.or(numbers).unify().or(others).unify().boxed()
}
