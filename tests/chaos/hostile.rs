//! Clients who are slow, who hang up, and who send what nobody expects. On SQLite alone: what they meet stands before any
//! database.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use reqwest::blocking::Client;
use serde_json::{Map, Value};

use super::{members::Market, patience::LONG, replica::Replica, stage::sized, table::Row};
use crate::harness::{Database, Engine};

/// How long a client may be slow before it is let go: the waits for a head and a body, and some more.
const LET_GO: Duration = Duration::from_secs(25);

/// How many bytes a body may have.
const MOST: usize = 256 << 10;

/// What slow clients have sent when they fall silent.
const HALVES: [&str; 7] = [
    "",
    "POST /v1/acc",
    "POST /v1/accounts HTTP/1.1\r\nHost: a\r\nContent-Ty",
    "POST /v1/accounts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"email\"",
    "POST /v1/accounts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"em",
    // Answered at once, without anybody ever reading the body.
    "GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"em",
    "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"em",
];

/// Waits for the other side to hang up; answers how long that took.
fn silence(address: &str, half: &str) -> Duration {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(half.as_bytes()).unwrap();
    stream.set_read_timeout(Some(LET_GO)).unwrap();
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(1..) => {}
            Ok(0) => return begun.elapsed(),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return begun.elapsed(),
            Err(error) => panic!("{half:?} is still waited for after {:?}: {error}", begun.elapsed()),
        }
    }
}

#[test]
fn slow_clients_are_let_go_and_keep_nobody_waiting() {
    let of_each = sized(8, 100);
    let row = Row::of("slow and half-open clients, Sqlite");
    let database = Database::create(Engine::Sqlite);
    let mut replica = Replica::new(&database.url).with("AZUKARI_BODY_WAIT", "PT3S");
    replica.restart();
    let (address, market) = (replica.address(), Market::of(vec![replica.url()]));
    let http = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(LONG).build().unwrap();
    let (longest, slowest) = thread::scope(|scope| {
        let address = &address;
        let silent: Vec<_> =
            (0..of_each).flat_map(|_| HALVES).map(|half| scope.spawn(move || silence(address, half))).collect();
        // Whoever is not slow is served meanwhile.
        let mut slowest = Duration::ZERO;
        for number in 0..10 {
            let begun = Instant::now();
            assert_eq!(http.get(format!("http://{address}/readyz")).send().unwrap().status().as_u16(), 200);
            slowest = slowest.max(begun.elapsed());
            market.join(&format!("member-{number}"));
        }
        (silent.into_iter().map(|silent| silent.join().unwrap()).max().unwrap(), slowest)
    });
    assert!(slowest < Duration::from_secs(2), "others waited {slowest:?}");
    replica.signal_stop();
    assert!(replica.ended().success());
    let faults =
        format!("{} clients, let go after {longest:.0?} at most; others waited {slowest:.1?}", of_each * HALVES.len());
    row.pass(&faults, 10);
}

/// The same numbers in every run, so that whatever is found can be found again (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.roll(most)).map(|_| u8::try_from(self.roll(256)).unwrap()).collect()
    }
}

/// Values that take the place of good ones.
const ODD: [&str; 22] = [
    "null",
    "true",
    "[]",
    "{}",
    "-1",
    "0",
    "1e400",
    "-0.0",
    "9007199254740993",
    "99999999999999999999999999",
    "0.1",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\u{202e}\u{0301}\u{feff}\"",
    "\"9999-99-99\"",
    "\"0000-00-00T00:00:00Z\"",
    "[[[[[[]]]]]]",
    "\"'; DROP TABLE members; --\"",
    "\"../../etc/passwd\"",
    "{\"$ne\": 1}",
    "\"JPY\"",
];

/// A body that nobody expects, made of a good one if there is one.
fn hostile(dice: &mut Dice, good: Option<&Value>) -> Vec<u8> {
    let good = good.map(Value::to_string).unwrap_or_default();
    match dice.roll(9) {
        0 => dice.bytes(2_000),
        1 => "[".repeat(dice.roll(100_000)).into_bytes(),
        2 => "{\"a\":".repeat(dice.roll(50_000)).into_bytes(),
        3 => good.as_bytes()[..dice.roll(good.len().max(1))].to_vec(),
        4 => format!("{{\"message\": \"{}\"}}", "あ".repeat(dice.roll(400_000))).into_bytes(),
        5 => {
            let mut bytes = good.into_bytes();
            for _ in 0..3 {
                let place = dice.roll(bytes.len().max(1));
                bytes.splice(place..place, dice.bytes(4));
            }
            bytes
        }
        6 => good.replacen('{', &format!("{{\"{}\": 1, ", "x".repeat(dice.roll(100))), 1).into_bytes(),
        _ => mutated(dice, &good),
    }
}

/// The good body with one of its values replaced.
fn mutated(dice: &mut Dice, good: &str) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_str::<Value>(good) else { return dice.bytes(50) };
    let marker = "the odd one";
    let mut pointer = String::new();
    while let Some(Value::Object(members)) =
        value.pointer(&pointer).filter(|value| *value != &Value::Object(Map::new()))
    {
        let chosen = members.keys().nth(dice.roll(members.len())).unwrap();
        pointer = format!("{pointer}/{chosen}");
    }
    *value.pointer_mut(&pointer).unwrap() = marker.into();
    value.to_string().replace(&format!("\"{marker}\""), ODD[dice.roll(ODD.len())]).into_bytes()
}

/// Every operation that takes a body: method, path, and its example if it has one.
fn targets() -> Vec<(String, String, Option<Value>)> {
    let document = api::openapi::document().unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |of| (path, of)));
    let taking = operations.filter(|(_, (method, _))| ["post", "put", "patch"].contains(&method.as_str()));
    let target = |(path, (method, operation)): (&String, (&String, &Value))| {
        let parameters = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path");
        let path = parameters.fold(path.clone(), |path, one| {
            path.replace(&format!("{{{}}}", one["name"].as_str().unwrap()), one["example"].as_str().unwrap())
        });
        let example = operation.pointer("/requestBody/content/application~1json/example").cloned();
        (method.to_uppercase(), path, example)
    };
    taking.map(target).collect()
}

#[test]
fn no_body_whatever_it_holds_makes_the_program_fail() {
    let times = sized(500, 1_000);
    let row = Row::of("hostile bodies, Sqlite");
    let database = Database::create(Engine::Sqlite);
    let mut replica = Replica::start(&database.url);
    let market = Market::of(vec![replica.url()]);
    let token = market.join("mallory").token.into_inner().unwrap();
    let http = Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let (targets, mut dice, mut slowest, mut unheard) = (targets(), Dice(20_260_401), Duration::ZERO, 0);
    for number in 0..times {
        let (method, path, good) = &targets[number % targets.len()];
        let body = hostile(&mut dice, good.as_ref());
        let kind = ["application/json", "application/json; charset=utf-16", "text/plain", ""]
            [[0, 0, 0, 0, 0, 1, 2, 3][dice.roll(8)]];
        let request = http.request(method.parse().unwrap(), format!("{}{path}", replica.url())).bearer_auth(&token);
        let request = request.header("Idempotency-Key", format!("hostile-{number}")).header("Content-Type", kind);
        let begun = Instant::now();
        let (shown, length) = (String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned(), body.len());
        match request.body(body).send() {
            Ok(answer) => assert!(answer.status().as_u16() < 500, "{method} {path} {shown:?}: {}", answer.status()),
            // Refused before all of it was sent; the connection is then closed.
            Err(_) if length > MOST => unheard += 1,
            Err(error) => panic!("{method} {path} {shown:?} of {length} bytes was not answered: {error}"),
        }
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "an answer took {slowest:?}");
    market.join("hanako");
    replica.signal_stop();
    assert!(replica.ended().success());
    row.pass(&format!("{times} bodies, {unheard} cut off as too long, slowest answer {slowest:.1?}"), 0);
}
