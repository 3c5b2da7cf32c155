//! Requests over kept-alive connections, each sent when the one before has been answered.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// How fast something went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    pub per_second: f64,
    pub many: usize,
    pub p50: Duration,
    pub p99: Duration,
}

impl Pace {
    /// From how long each took, of as many as went on at once.
    pub fn of(mut each: Vec<Duration>, whole: Duration) -> Self {
        each.sort_unstable();
        let at = |percent: usize| each.get((each.len() * percent / 100).min(each.len().saturating_sub(1))).copied();
        let per_second = each.len() as f64 / whole.as_secs_f64();
        Self { per_second, many: each.len(), p50: at(50).unwrap_or_default(), p99: at(99).unwrap_or_default() }
    }
}

/// A request, ready to be sent.
pub fn request(method: &str, path: &str, token: Option<&str>, key: Option<&str>, body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
    if let Some(token) = token {
        text += &format!("Authorization: Bearer {token}\r\n");
    }
    if let Some(key) = key {
        text += &format!("Idempotency-Key: {key}\r\n");
    }
    if method != "GET" {
        text += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    (text + "\r\n" + body).into_bytes()
}

/// Sends each connection's requests, all connections at once, by turns to these servers.
pub fn send_all(addresses: &[&str], each: &[Vec<Vec<u8>>]) -> Pace {
    run(addresses, each.len(), |connection, send| each[connection].iter().for_each(send))
}

/// Sends these again and again for a while, each connection beginning elsewhere.
pub fn send_for(addresses: &[&str], connections: usize, requests: &[Vec<u8>], time: Duration) -> Pace {
    run(addresses, connections, |connection, send| {
        let began = Instant::now();
        let from = connection * requests.len() / connections;
        for request in requests.iter().cycle().skip(from) {
            if began.elapsed() >= time {
                break;
            }
            send(request);
        }
    })
}

fn run(addresses: &[&str], connections: usize, work: impl Fn(usize, &mut dyn FnMut(&Vec<u8>)) + Sync) -> Pace {
    let ready = Barrier::new(connections + 1);
    let (each, whole) = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|connection| {
                let (ready, work) = (&ready, &work);
                scope.spawn(move || {
                    let mut wire = Wire::open(addresses[connection % addresses.len()]);
                    let mut each = Vec::new();
                    ready.wait();
                    work(connection, &mut |request| {
                        let sent = Instant::now();
                        wire.exchange(request);
                        each.push(sent.elapsed());
                    });
                    each
                })
            })
            .collect();
        ready.wait();
        let began = Instant::now();
        let each: Vec<Duration> = threads.into_iter().flat_map(|thread| thread.join().expect("a connection")).collect();
        (each, began.elapsed())
    });
    Pace::of(each, whole)
}

/// A connection that is kept.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    /// Connects.
    pub fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        Self { stream, buffer: vec![0; 64 * 1024] }
    }

    /// Sends a request and reads the whole answer, which must be a success.
    pub fn exchange(&mut self, request: &[u8]) -> &[u8] {
        let answer = self.answer(request);
        assert!(answer[9] == b'2', "{}", String::from_utf8_lossy(answer));
        answer
    }

    /// Sends a request and reads the whole answer, which must have a length.
    pub fn answer(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).expect("sent");
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).expect("an answer in time");
            assert!(read > 0, "the server closed the connection");
            filled += read;
            if let Some(whole) = length(&self.buffer[..filled]) {
                if filled == whole {
                    return &self.buffer[..whole];
                }
                if self.buffer.len() < whole {
                    self.buffer.resize(whole, 0);
                }
            }
        }
    }
}

/// How long the answer is with its head, once that is there.
fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?.to_ascii_lowercase();
    let length = text.split("\r\n").find_map(|line| line.strip_prefix("content-length:"))?;
    Some(head + length.trim().parse::<usize>().ok()?)
}
