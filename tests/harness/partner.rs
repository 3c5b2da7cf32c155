//! Partner apps, and a member's browser that walks through the page on which they decide.

use serde_json::{Value, json};

use super::{Person, Request, Response, TestApp, people::PASSWORD};

/// A verifier and its challenge (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where the apps of the tests live.
pub const REDIRECT: &str = "https://calendar.example/callback";

/// A registered app.
#[derive(Debug, Clone)]
pub struct Partner {
    pub id: String,
    pub secret: Option<String>,
}

/// What came back to the app.
pub fn answer(response: &Response) -> Vec<(String, String)> {
    let location = response.header("location");
    let query = location.split_once('?').map(|(_, query)| query).unwrap_or_default();
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.to_owned(), decoded(b))).collect()
}

/// One of the parameters that came back.
pub fn told(response: &Response, name: &str) -> String {
    answer(response).into_iter().find(|(known, _)| known == name).map(|(_, value)| value).unwrap_or_default()
}

pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// Pairs as a form or a query.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

impl Partner {
    /// A request to decide; `changes` replace its parameters, or leave one out where they are empty.
    pub fn query(&self, scope: &str, changes: &[(&str, &str)]) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "a state & more"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let changed = |name: &str| changes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let mut pairs: Vec<(&str, &str)> =
            usual.iter().map(|(name, value)| (*name, changed(name).unwrap_or(value))).collect();
        pairs.extend(changes.iter().filter(|(name, _)| !usual.iter().any(|(known, _)| known == name)));
        pairs.retain(|(_, value)| !value.is_empty());
        form(&pairs)
    }
}

/// A browser with the cookies of the page: one for what is done now, and one by which it is known again.
pub struct Browser<'a> {
    app: &'a TestApp,
    pub cookie: String,
    pub device: String,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookie: String::new(), device: String::new() }
    }

    fn keep(&mut self, response: Response) -> Response {
        for cookie in response.cookies() {
            let place = if cookie.starts_with("azukari_device=") { &mut self.device } else { &mut self.cookie };
            *place = cookie;
        }
        response
    }

    fn cookies(&self) -> String {
        let all = [self.cookie.as_str(), self.device.as_str()];
        all.into_iter().filter(|cookie| !cookie.is_empty()).collect::<Vec<_>>().join("; ")
    }

    pub fn open(&mut self, query: &str) -> Response {
        let request = self.app.get(&format!("/oauth/authorize?{query}"));
        let cookies = self.cookies();
        let request = if cookies.is_empty() { request } else { request.header("Cookie", &cookies) };
        let response = request.send();
        self.keep(response)
    }

    pub fn post(&mut self, query: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.app.post(&format!("/oauth/authorize?{query}")).header("Cookie", &self.cookies());
        let response = request.form(fields);
        self.keep(response)
    }

    /// Answers the form of a page.
    pub fn answer(&mut self, query: &str, page: &Response, fields: &[(&str, &str)]) -> Response {
        let token = hidden(page, "csrf_token");
        self.post(query, &[&[("csrf_token", token.as_str())], fields].concat())
    }

    /// Opens the page, logs in, and arrives at the question.
    pub fn log_in(&mut self, query: &str, person: &Person) -> Response {
        let page = self.open(query);
        assert_eq!(page.status, 200, "{}", page.text);
        let on = self.answer(query, &page, &[("email", &person.email), ("password", PASSWORD)]);
        assert_eq!(on.status, 303, "{}", on.text);
        self.open(query)
    }
}

/// The value of a hidden field.
pub fn hidden(page: &Response, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {}", page.text)).1;
    rest.split('"').next().unwrap().to_owned()
}

impl TestApp {
    /// Registers an app.
    pub fn partner(&self, owner: &Person, name: &str, confidential: bool) -> Partner {
        let wish = json!({"name": name, "redirect_uris": [REDIRECT], "confidential": confidential});
        let made = self.act(owner, "/v1/apps", &wish).expect(201);
        let secret = made["client_secret"].as_str().map(str::to_owned);
        Partner { id: made["id"].as_str().unwrap().to_owned(), secret }
    }

    /// A code by which a member allows an app this.
    pub fn allow(&self, partner: &Partner, person: &Person, scope: &str) -> String {
        let (mut browser, query) = (Browser::new(self), partner.query(scope, &[]));
        let page = browser.log_in(&query, person);
        let back = browser.answer(&query, &page, &[("decision", "allow")]);
        assert_eq!(back.status, 303, "{}", back.text);
        told(&back, "code")
    }

    /// Posts a form as an app, with its secret in the form if it has one.
    pub fn as_partner(&self, partner: &Partner, path: &str, fields: &[(&str, &str)]) -> Response {
        let mut all = vec![("client_id", partner.id.as_str())];
        all.extend(partner.secret.as_deref().map(|secret| ("client_secret", secret)));
        all.extend(fields);
        self.post(path).form(&all)
    }

    /// Trades a code.
    pub fn trade(&self, partner: &Partner, code: &str, verifier: &str) -> Response {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
        ];
        self.as_partner(partner, "/oauth/token", &fields)
    }

    /// Connects an app, and answers with its tokens.
    pub fn connect(&self, partner: &Partner, person: &Person, scope: &str) -> Value {
        self.trade(partner, &self.allow(partner, person, scope), VERIFIER).expect(200)
    }

    /// Trades a refresh token.
    pub fn renew(&self, partner: &Partner, token: &Value, more: &[(&str, &str)]) -> Response {
        let own = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
        self.as_partner(partner, "/oauth/token", &[&own, more].concat())
    }

    /// Makes an API key.
    pub fn api_key(&self, person: &Person, scopes: &[&str]) -> Value {
        self.act(person, "/v1/api-keys", &json!({"name": "Bookkeeping", "scopes": scopes})).expect(201)
    }
}

impl Request {
    /// Sends a form.
    pub fn form(self, fields: &[(&str, &str)]) -> Response {
        self.header("Content-Type", "application/x-www-form-urlencoded").bytes(form(fields))
    }
}

impl Response {
    /// A refusal in the words of RFC 6749.
    #[track_caller]
    pub fn oauth(&self, status: u16, error: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["error"], error, "{body}");
        assert!(body["error_description"].is_string(), "{body}");
        assert_eq!(self.header("cache-control"), "no-store");
        body
    }
}
