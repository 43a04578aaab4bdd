//! The OpenAPI document of `/maps`, whose names follow TiTiler and not the Dutch API Design Rules.

use hanze_engine::view::COLORMAPS;
use serde_json::{Value, json};

/// The document.
pub fn openapi() -> Value {
    let path = |name: &str, words: &str| json!({ "name": name, "in": "path", "required": true, "description": words, "schema": { "type": "string" } });
    let whole = |name: &str, words: &str, most: u32| json!({ "name": name, "in": "path", "required": true, "description": words, "schema": { "type": "integer", "minimum": 0, "maximum": most } });
    let query = |name: &str, words: &str, schema: Value| json!({ "name": name, "in": "query", "required": false, "description": words, "schema": schema });
    let number = json!({ "type": "number" });
    let text = json!({ "type": "string" });
    let (run, layer) =
        (path("run", "A job"), path("layer", "A layer of it, such as max_depth, or a quantity in time, such as depth"));
    let time =
        query("time", "Seconds from the start: the last frame at or before; the newest, if left out", number.clone());
    let maps: Vec<String> = COLORMAPS.iter().flat_map(|name| [(*name).to_string(), format!("{name}_r")]).collect();
    let rescale = query("rescale", "Values of the first and last colour, low,high", text.clone());
    let colours = query("colormap_name", "Colours from low to high", json!({ "type": "string", "enum": maps }));
    let crs = query("coord_crs", "What coordinates are in: EPSG:4326, EPSG:3857, or own for the layer's plane", text);
    let format = query(
        "tile_format",
        "Format of the tiles",
        json!({ "type": "string", "enum": ["png", "webp"], "default": "png" }),
    );
    let scale =
        query("tile_scale", "2 for tiles of 512 pixels", json!({ "type": "integer", "enum": [1, 2], "default": 1 }));
    let pixels =
        |name: &str, words: &str| query(name, words, json!({ "type": "integer", "minimum": 1, "maximum": 4096 }));
    let problem = |words: &str| json!({ "description": words, "content": { "application/problem+json": { "schema": { "type": "object" } } } });
    let json_of = |words: &str, kind: &str| json!({ "description": words, "content": { kind: { "schema": { "type": "object" } } } });
    let picture = json!({ "description": "A picture, see-through where there is nothing to show", "content": {
        "image/png": { "schema": { "type": "string", "format": "binary" } },
        "image/webp": { "schema": { "type": "string", "format": "binary" } } } });
    let operation = |id: &str, summary: &str, parameters: Value, good: Value| {
        json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": {
            "200": good, "304": { "description": "Not changed" }, "400": problem("The request is wrong"),
            "401": problem("A key is needed, or is not known"), "403": problem("The key may not do that"),
            "404": problem("There is no such job, layer, tile or point"), "408": problem("The body took too long"),
            "410": problem("The job was dismissed"), "413": problem("The body is too large"),
            "415": problem("The body is not JSON, or is compressed"),
            "429": problem("Too many requests"), "500": problem("The layer cannot be read"),
            "503": problem("The server cannot answer now") } })
    };
    let get = |id: &str, summary: &str, parameters: Value, good: Value| json!({ "get": operation(id, summary, parameters, good) });
    let json_good = |words: &str| json_of(words, "application/json");
    let outlines = json!({ "required": true, "content": { "application/geo+json": { "schema": { "type": "object" } },
        "application/json": { "schema": { "type": "object" } } } });
    let mut statistics =
        get("statistics", "Statistics of a layer", json!([run, layer, time]), json_good("Statistics by band"));
    let mut posted = operation(
        "postedStatistics",
        "Statistics within each polygon of a Feature or FeatureCollection; a cell counts where its centre lies within",
        json!([run, layer, time, crs]),
        json_of("The same features with properties.statistics", "application/geo+json"),
    );
    posted["requestBody"] = outlines;
    statistics["post"] = posted;
    let tile = |id: &str, ending: &str| {
        let y = path("y", "Row from the north");
        let y = if ending.is_empty() { y } else { whole("y", "Row from the north", u32::MAX) };
        let column = whole("x", "Column from the west", u32::MAX);
        let parameters = json!([run, layer, whole("z", "Zoom level", 24), column, y, time, rescale, colours]);
        get(id, "A tile of the web's map (256 pixels a side; 512 with @2x behind y)", parameters, picture.clone())
    };
    let preview = |id: &str| {
        let parameters = json!([
            run,
            layer,
            time,
            rescale,
            colours,
            pixels("max_size", "Longest side, pixels"),
            pixels("width", "Width, pixels"),
            pixels("height", "Height, pixels")
        ]);
        get(id, "All of a layer in its own plane", parameters, picture.clone())
    };
    let place = path("lonlat", "Longitude and latitude with a comma between them");
    let tiles = "/maps/{run}/{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}";
    let mut paths = json!({
        "/maps/{run}": get("layers", "The layers of a job", json!([run]), json!({ "description": "Layers with links", "content": {
            "application/json": { "schema": { "type": "object" } }, "text/html": { "schema": { "type": "string" } } } })),
        "/maps/{run}/{layer}/tilejson.json": get("tileJson", "TileJSON 3.0", json!([run, layer, time, rescale, colours, format, scale]), json_good("Where the tiles are")),
        "/maps/{run}/{layer}/info": get("info", "Where a layer lies, and its legend", json!([run, layer, time]), json_good("Place, unit and legend")),
        "/maps/{run}/{layer}/statistics": statistics,
        "/maps/{run}/{layer}/point/{lonlat}": get("point", "The value at a point", json!([run, layer, place, time, crs]), json_good("The value; null where there is none")),
        "/maps/{run}/{layer}/series/{lonlat}": get("series", "A quantity at a point in time", json!([run, layer, place, crs]), json_good("Seconds and values")),
        "/maps/{run}/{layer}/preview.png": preview("previewPng"),
        "/maps/{run}/{layer}/preview.webp": preview("previewWebp"),
    });
    for (id, ending) in [("tilePng", ".png"), ("tileWebp", ".webp")] {
        paths[format!("{tiles}{ending}")] = tile(id, ending);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Hanze maps", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "EUPL-1.2" },
            "description": "Tiles, pictures, values and statistics of the layers of a job, with the names that TiTiler gives.",
        },
        "servers": [{ "url": "/" }],
        "security": [{}, { "bearer": [] }],
        "paths": paths,
        "components": { "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } } },
    })
}
