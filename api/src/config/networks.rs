//! Lists of networks and origins, with spaces between them.

use std::net::IpAddr;

use actix_web::http::Uri;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};

/// Reads networks, as in `10.0.0.0/8 192.0.2.1`. The whole address space is none: who trusts everybody knows nobody.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let network = |word: &str| {
        let alone = || word.parse::<IpAddr>().map(IpNet::from).ok();
        let network: Option<IpNet> = word.parse().ok().or_else(alone);
        let network = network.filter(|network| network.prefix_len() > 0);
        network.ok_or_else(|| D::Error::custom(format!("trusted_proxies: {word:?} must be a network as in 10.0.0.0/8")))
    };
    text.split_whitespace().map(network).collect()
}

/// Reads origins, as in `https://app.example http://localhost:3000`, spelled as browsers spell them.
pub(super) fn read_origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let origin = |word: &str| {
        let wrong = || D::Error::custom(format!("cors_origins: {word:?} must be an origin as in https://app.example"));
        let uri: Uri = word.parse().map_err(|_| wrong())?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(wrong)?;
        let spelled = format!("{scheme}://{authority}").to_ascii_lowercase();
        let known = ["http", "https"].contains(&scheme);
        if known && spelled == word && !word.contains(['@', '*']) { Ok(spelled) } else { Err(wrong()) }
    };
    text.split_whitespace().map(origin).collect()
}
