//! A mail as it goes out: the same words as plain text and as HTML (RFC 2046 section 5.1.4).

use lettre::{
    Message,
    message::{Mailbox, MultiPart, header},
};
use persistence::mail::Mail;

use crate::{html::escaped, locale::Locale};

/// Says that no person wrote this, so that nobody's holiday notice answers (RFC 3834).
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message. Its id and date are those of the row in the outbox, so that one that is sent twice is seen as one.
pub(super) fn message(from: &Mailbox, mail: &Mail) -> Result<Message, String> {
    let to: Mailbox = mail.recipient.parse().map_err(|error| format!("recipient: {error}"))?;
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&mail.subject)
        .date(mail.created_at.into())
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(mail.body.clone(), html(mail)))
        .map_err(|error| error.to_string())
}

/// The words of a mail as a page: a paragraph for each, and what is to be copied in a line of its own.
pub fn html(mail: &Mail) -> String {
    let paragraphs = mail.body.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    let body: String = paragraphs.map(paragraph).collect();
    let language = Locale::stored(&mail.locale).as_str();
    let title = escaped(&mail.subject);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"font-family: sans-serif; line-height: 1.6; max-width: 36em; margin: 2em auto\">\n\
         <h1 style=\"font-size: 1.2em\">{title}</h1>\n{body}</body>\n</html>\n"
    )
}

/// What others wrote, such as the title of a job, is no markup. Tokens are a word with an underscore behind their prefix, alone in their paragraph.
pub fn paragraph(text: &str) -> String {
    let is_token = text.starts_with("az") && text.contains('_') && !text.contains(char::is_whitespace);
    let text = escaped(text).replace('\n', "<br>\n");
    if is_token {
        format!("<p><code style=\"font-size: 1.1em; overflow-wrap: anywhere\">{text}</code></p>\n")
    } else {
        format!("<p>{text}</p>\n")
    }
}
