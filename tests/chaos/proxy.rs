//! A way to the program on which connections break: before the request is all there, and after it was answered.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Passes connections on, and cuts some of them.
pub struct CuttingProxy {
    pub address: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    answers: AtomicUsize,
    cut_requests: AtomicUsize,
    cut_answers: AtomicUsize,
}

/// Every so many answers, one is lost on its way; every so many requests, one is only half sent.
const ANSWERS: usize = 5;
const REQUESTS: usize = 23;

impl CuttingProxy {
    /// In front of an address.
    pub fn before(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let counts = Arc::new(Counts::default());
        let shared = counts.clone();
        // Ends with the process; it only waits for somebody to connect.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if let Ok(server) = TcpStream::connect(&upstream) {
                    join(client, server, &shared);
                }
            }
        });
        Self { address, counts }
    }

    /// How many answers and requests were cut.
    pub fn cuts(&self) -> (usize, usize) {
        (self.counts.cut_answers.load(Ordering::Relaxed), self.counts.cut_requests.load(Ordering::Relaxed))
    }
}

fn join(client: TcpStream, server: TcpStream, counts: &Arc<Counts>) {
    let (from, to, shared) = (client.try_clone().unwrap(), server.try_clone().unwrap(), counts.clone());
    thread::spawn(move || {
        pass(from, to, |length| {
            let cut = shared.requests.fetch_add(1, Ordering::Relaxed) % REQUESTS == REQUESTS - 1;
            shared.cut_requests.fetch_add(usize::from(cut), Ordering::Relaxed);
            cut.then_some(length / 2)
        });
    });
    let shared = counts.clone();
    thread::spawn(move || {
        pass(server, client, |length| {
            let number = shared.answers.fetch_add(1, Ordering::Relaxed);
            let cut = number % ANSWERS == ANSWERS - 1;
            shared.cut_answers.fetch_add(usize::from(cut), Ordering::Relaxed);
            // All of it is lost, or its end.
            cut.then_some(if number.is_multiple_of(2) { 0 } else { length - 1 })
        });
    });
}

/// Passes on what comes, until it ends or is cut after so many bytes.
fn pass(mut from: TcpStream, mut to: TcpStream, cut: impl Fn(usize) -> Option<usize>) {
    from.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let kept = cut(length);
        if to.write_all(&buffer[..kept.unwrap_or(length)]).is_err() || kept.is_some() {
            break;
        }
    }
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}
