//! A real OpenID provider for the tests, and a browser that visits it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    time::Duration,
};

use reqwest::{Url, blocking::Client, redirect::Policy};

use super::tools::{root, tool};

pub const CLIENT_ID: &str = "azukari";
pub const CLIENT_SECRET: &str = "the secret of this client";
pub const BACK: &str = "https://app.example/back";

/// A provider of its own, which ends with this value.
pub struct Provider {
    pub issuer: String,
    process: Child,
}

impl Provider {
    pub fn start() -> Self {
        Self::with(false)
    }

    /// One that tells addresses only when it is asked for them by themselves.
    pub fn discreet() -> Self {
        Self::with(true)
    }

    fn with(discreet: bool) -> Self {
        let mut command = tool("node");
        command.arg(root().join("tools/openid-provider.mjs")).args([CLIENT_ID, CLIENT_SECRET, BACK]);
        command.env("CONFORM", if discreet { "1" } else { "0" }).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the provider of the tests is installed by `make tools`");
        let mut issuer = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut issuer).unwrap();
        Self { issuer: issuer.trim_end().to_owned(), process }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// The settings that name an issuer.
pub fn settings(issuer: &str) -> [(&str, &str); 5] {
    [
        ("AZUKARI_SOCIAL__IDP__NAME", "The provider"),
        ("AZUKARI_SOCIAL__IDP__ISSUER", issuer),
        ("AZUKARI_SOCIAL__IDP__CLIENT_ID", CLIENT_ID),
        ("AZUKARI_SOCIAL__IDP__CLIENT_SECRET", CLIENT_SECRET),
        ("AZUKARI_SOCIAL__IDP__REDIRECT_URIS", BACK),
    ]
}

/// Visits an address as a person of this name, logs in and agrees; what comes back to the app, by name.
pub fn visit(address: &str, name: &str) -> BTreeMap<String, String> {
    let builder = Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_secs(30));
    let browser = builder.pool_max_idle_per_host(0).build().unwrap();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut at: Url = address.parse().unwrap();
    let mut form = None;
    for _ in 0..12 {
        if at.as_str().starts_with(BACK) {
            return at.query_pairs().into_owned().collect();
        }
        let jar = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = match form.take() {
            None => browser.get(at.clone()),
            Some(body) => browser
                .post(at.clone())
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body::<String>(body),
        };
        let answer = request.header("Cookie", jar).send().unwrap();
        for line in answer.headers().get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let next = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        match next {
            Some(place) => at = at.join(&place).unwrap(),
            None => {
                let page = answer.text().unwrap();
                let login = page.contains("value=\"login\"");
                assert!(login || page.contains("value=\"consent\""), "{page}");
                let told =
                    if login { format!("prompt=login&login={name}&password=x") } else { "prompt=consent".to_owned() };
                form = Some(told);
            }
        }
    }
    panic!("the provider sends people round in circles, last to {at}");
}
