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

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::label;

    #[test]
    fn a_device_is_called_by_product_and_system_or_by_what_it_calls_itself() {
        for (agent, expected) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Windows"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
                "Edge on Linux",
            ),
            ("curl/8.5.0", "curl/8.5.0"),
            ("TeaShop/2.1 (Android 14)", "TeaShop/2.1"),
            ("", "unknown"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static("user-agent"), HeaderValue::from_static(agent));
            assert_eq!(label(&headers), expected);
        }
    }
}
