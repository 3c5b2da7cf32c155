//! Requests that two readers would end at different places (RFC 9112 section 11.2). What hides in one is never carried out.
//! On SQLite alone: the bytes are read before any database is asked.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use super::{books::Books, members::Market, replica::Replica, table::Row};
use crate::harness::{Database, Engine, people::registration};

/// Lines of a head that say how long the body is, in ways that must not be believed. `{length}` is that of all that
/// follows.
const LENGTHS: [&str; 34] = [
    "Content-Length: {length}\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: {length}",
    "Content-Length: 5\r\nContent-Length: {length}",
    "Content-Length: {length}\r\nContent-Length: 5",
    "Content-Length: 5, {length}",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 0x5",
    "Content-Length: 5 {length}",
    "Content-Length: 5;",
    "Content-Length: 5e0",
    "Content-Length: 99999999999999999999999999",
    "Content-Length:\u{b}5",
    "Content-Length : 5\r\nContent-Length: {length}",
    "Content-Length: {length}\r\nTransfer-Encoding: xchunked",
    "Content-Length: {length}\r\nTransfer-Encoding: chunked, identity",
    "Content-Length: {length}\r\nTransfer-Encoding: identity, chunked",
    "Content-Length: {length}\r\nTransfer-Encoding: gzip, chunked",
    "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Content-Length: {length}\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Content-Length: {length}\r\nTransfer-Encoding:\r\n chunked",
    "Content-Length: {length}\r\nTransfer-Encoding:\u{b}chunked",
    "Content-Length: {length}\r\nTransfer-Encoding : chunked",
    "Content-Length: {length}\r\n Transfer-Encoding: chunked",
    "Content-Length: {length}\r\nX: y\r\n Transfer-Encoding: chunked",
    "Content-Length: {length}\r\nX: y\rTransfer-Encoding: chunked",
    "Content-Length: {length}\r\nX: y\nTransfer-Encoding: chunked",
    "Content-Length: {length}\r\nTransfer-Encoding: \"chunked\"",
    "Content-Length: {length}\r\nTransfer_Encoding: chunked",
    "Content-Length: {length}\r\nTransfer-Encoding: chunked\u{0}",
    "Content-Length: {length}\r\nTransfer-Encoding: Chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: cow",
];

/// Chunked bodies whose chunks are not what they say; the hidden request follows.
const CHUNKS: [&str; 9] = [
    "+0\r\n\r\n",
    "0x0\r\n\r\n",
    "-1\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\n\r\n",
    "0 0\r\n\r\n",
    "\r\n\r\n",
    "3\r\nabcdef\r\n0\r\n\r\n",
    "0\n\n",
    "0\r\rX",
];

/// Request lines and heads that are none.
const HEADS: [&str; 10] = [
    "POST /v1/accounts\r\n\r\n",
    "POST  /v1/accounts HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /v1/accounts HTTP/9.9\r\nHost: a\r\n\r\n",
    "POST /v1/acc ounts HTTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "POST /v1/accounts HTTP/1.1\r\nHo\u{0}st: a\r\n\r\n",
    "POST /v1/accounts HTTP/1.1\r\n: a\r\n\r\n",
    "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n",
    "GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\r\n\n\r\n\r\r\r\r",
];

/// A whole request that would make a member, if anybody took it for one.
fn hidden(number: usize) -> String {
    let body = registration(&format!("smuggled-{number}@example.com")).to_string();
    format!(
        "POST /v1/accounts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn forms() -> Vec<String> {
    let head = |lengths: &str| {
        format!("POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{lengths}\r\n\r\n")
    };
    let lengths = LENGTHS.iter().enumerate().map(|(number, lengths)| {
        let body = format!("0\r\n\r\n{}", hidden(number));
        head(&lengths.replace("{length}", &body.len().to_string())) + &body
    });
    let chunks = CHUNKS
        .iter()
        .enumerate()
        .map(|(number, chunks)| head("Transfer-Encoding: chunked") + chunks + &hidden(1000 + number));
    let heads = HEADS.iter().map(|head| (*head).to_owned());
    lengths.chain(chunks).chain(heads).collect()
}

/// Sends all of it, says that there is no more, and reads whatever comes. It must come to an end by itself.
fn send(address: &str, form: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    // Whoever has heard enough may hang up before the end.
    drop(stream.write_all(form.as_bytes()).and_then(|()| stream.shutdown(Shutdown::Write)));
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return answer,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) => {
                assert!(error.kind() == std::io::ErrorKind::ConnectionReset, "{form:?} hangs: {error}");
                return answer;
            }
        }
    }
}

#[test]
fn what_hides_in_a_request_is_never_carried_out() {
    let row = Row::of("request smuggling, Sqlite");
    let database = Database::create(Engine::Sqlite);
    let mut replica = Replica::start(&database.url);
    let market = Market::of(vec![replica.url()]);
    market.join("hanako");
    let books = Books { engine: Engine::Sqlite, url: database.url.clone() };
    // A request that hides nothing is carried out, so the hidden one is a good one.
    assert!(String::from_utf8_lossy(&send(&replica.address(), &hidden(9999))).starts_with("HTTP/1.1 202"));
    let forms = forms();
    for form in &forms {
        let answer = String::from_utf8_lossy(&send(&replica.address(), form)).into_owned();
        assert!(!answer.contains("HTTP/1.1 5") && !answer.contains("HTTP/1.1 2"), "{form:?} was answered {answer}");
        let smuggled = books.texts("SELECT email AS text FROM members WHERE email LIKE 'smuggled%'");
        assert_eq!(smuggled, ["smuggled-9999@example.com"], "{form:?} was answered {answer}");
    }
    market.join("taro");
    replica.signal_stop();
    assert!(replica.ended().success());
    row.pass(&format!("{} forms", forms.len()), 0);
}
