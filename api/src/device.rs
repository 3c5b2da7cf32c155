//! What a client says it is: a label by which people tell their devices apart. It proves nothing.

use actix_web::http::header::HeaderMap;

/// The longest label, in characters.
const MOST: usize = 60;

/// Products by what their `User-Agent` contains; the first that fits, since most claim to be others as well.
const PRODUCTS: [(&str, &str); 7] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems likewise.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// The label of a request: `Firefox on Windows`, or the first product that its `User-Agent` names.
pub fn label(headers: &HeaderMap) -> String {
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let find = |names: &[(&'static str, &'static str)]| {
        names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name)
    };
    let label = match (find(&PRODUCTS), find(&SYSTEMS)) {
        (Some(product), Some(system)) => format!("{product} on {system}"),
        (Some(product), None) => product.to_owned(),
        (None, _) => agent.split(' ').next().unwrap_or_default().to_owned(),
    };
    let label: String = label.chars().filter(|c| !c.is_control()).take(MOST).collect();
    if label.is_empty() { "unknown".to_owned() } else { label }
}
