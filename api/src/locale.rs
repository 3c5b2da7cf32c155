//! The two languages of everything a person may read.

use actix_web::http::header::HeaderMap;

/// A language we answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// English, unless another is asked for.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Locale {
    /// The language that `Accept-Language` prefers (RFC 9110 section 12.5.4), of the two there are.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = headers.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let best = header
            .split(',')
            .filter_map(|entry| {
                let mut parts = entry.split(';');
                let locale = Self::of_tag(parts.next()?.trim())?;
                let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1000), permille)?;
                (weight > 0).then_some((weight, locale))
            })
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map_or_else(Self::default, |(_, locale)| locale)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "ja" => Some(Self::Ja),
            "en" | "*" => Some(Self::En),
            _ => None,
        }
    }

    /// The first that we speak of a list of preferences, as in `ui_locales` (OpenID Connect Core, section 3.1.2.1).
    pub fn wished(tags: &str) -> Option<Self> {
        tags.split(' ').find_map(Self::of_tag)
    }

    /// The language of a stored name.
    pub fn stored(name: &str) -> Self {
        Self::of_tag(name).unwrap_or_default()
    }

    /// The name, as stored with a member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

/// `0.8` as 800, without floating point; a weight is at most 1.
fn permille(weight: &str) -> Option<u32> {
    let (whole, part) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let digits = format!("{part:0<3}");
    let whole = whole.parse::<u32>().ok().filter(|whole| *whole <= 1)?;
    Some(whole * 1000 + digits.get(..3)?.parse::<u32>().ok()?)
}

/// The same sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

impl Text {
    /// The sentence in one language.
    pub fn in_locale(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Ja => &self.ja,
        }
    }
}
