//! Pieces of the program that need neither a server nor a database. They are not beside the code, because its crates would
//! then be built twice.

mod duration {
    use api::config::duration::{parse, write};
    use chrono::TimeDelta;

    #[test]
    fn a_duration_is_read_as_it_is_written() {
        for (text, seconds) in
            [("P7D", 604_800), ("PT10M", 600), ("P1DT12H", 129_600), ("PT1S", 1), ("P3DT4H5M6S", 273_906)]
        {
            assert_eq!(parse(text), Some(TimeDelta::seconds(seconds)), "{text}");
            assert_eq!(write(TimeDelta::seconds(seconds)), text);
        }
        assert_eq!(parse("PT72H"), parse("P3D"));
        assert_eq!(parse("P2W"), parse("P14D"));
        assert_eq!(parse("P0D"), Some(TimeDelta::zero()));
    }

    #[test]
    fn what_has_no_length_of_its_own_is_no_duration() {
        for text in ["", "P", "PT", "P7", "7D", "P1M", "P1Y", "P7DT", "P-7D", "P+7D", "PD", "P1D1W", "PT1S1H", "P7d"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("P99999999999999999999D"), None);
    }
}

mod worker {
    use std::{
        sync::mpsc::{Sender, channel},
        time::Duration,
    };

    use api::{
        problem::{Code, Problem},
        worker::{Job, Worker},
    };

    #[test]
    fn what_panics_or_fails_keeps_a_worker_from_nothing_else() {
        let (told, heard) = channel();
        let jobs: Vec<Job<Sender<()>>> = vec![
            ("panicking", |_| panic!("a mistake of ours")),
            ("failing", |_| Err(Problem::new(Code::Internal))),
            ("telling", |told| {
                told.send(()).unwrap();
                Ok(())
            }),
        ];
        let worker = Worker::start("test", told, jobs).unwrap();
        for _ in 0..2 {
            heard.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        worker.stop();
    }
}

mod objects {
    use api::body::objects::Objects;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Price {
        amount: i64,
        note: Option<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Offer {
        prices: Vec<Price>,
    }

    #[test]
    fn a_structure_is_read_from_an_object_and_never_from_an_array() {
        let read = |value| Offer::deserialize(Objects(value));
        let prices = vec![Price { amount: 1, note: None }];
        assert_eq!(read(json!({"prices": [{"amount": 1}]})).unwrap(), Offer { prices });
        assert!(read(json!({"prices": [[1, null]]})).is_err());
        assert!(read(json!([[{"amount": 1}]])).is_err());
    }
}

mod openapi {
    use api::openapi::complete::complete;
    use serde_json::json;

    #[test]
    fn an_operation_cannot_declare_what_there_is_not() {
        let complete = |extension: &str, value| complete(&mut json!({"paths": {"/x": {"post": {extension: value}}}}));
        for (extension, known, unknown) in
            [("x-errors", json!(["not_found"]), json!(["not_fuond"])), ("x-key", json!("required"), json!("requierd"))]
        {
            complete(extension, known).unwrap();
            let error = complete(extension, unknown.clone()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("post /x has {} in {extension}", unknown.pointer("/0").unwrap_or(&unknown))
            );
        }
    }
}

mod strict {
    use api::{body::strict::parse, problem::Code};
    use serde_json::json;

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        let value = parse(br#"{"a": 3334.0, "b": 1e2, "c": -5.0, "d": 1.5}"#).unwrap();
        assert_eq!(value, json!({"a": 3334, "b": 100, "c": -5, "d": 1.5}));
    }

    #[test]
    fn loopholes_are_closed() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        for (body, code) in [
            (br#"{"a": 1, "a": 2}"#.as_slice(), Code::MalformedJson),
            (br#"{"a": "\u0000"}"#.as_slice(), Code::InvalidBody),
            (br#"{"a\u0000": 1}"#.as_slice(), Code::InvalidBody),
            (br#"{"a": " \u200b "}"#.as_slice(), Code::InvalidBody),
            (br#"{"a": "x\u001b[31m"}"#.as_slice(), Code::InvalidBody),
            (br#"{"a": "\u202etxt"}"#.as_slice(), Code::InvalidBody),
            (b"{\"a\": \"\0\"}".as_slice(), Code::MalformedJson),
            (b"{\"a\": \"\xff\"}".as_slice(), Code::MalformedJson),
            (br#"{"a": "\ud800"}"#.as_slice(), Code::MalformedJson),
            (b"{} {}".as_slice(), Code::MalformedJson),
            (b"".as_slice(), Code::MalformedJson),
            (deep.as_bytes(), Code::MalformedJson),
        ] {
            assert_eq!(parse(body).unwrap_err().code(), code, "{}", String::from_utf8_lossy(body));
        }
    }
}

mod origin {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use api::origin::{ForwardedHeader, Proxies};

    fn caller(header: ForwardedHeader, peer: &str, lines: &[(&str, &str)]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Proxies { trusted: &trusted, header }.behind(peer.parse().unwrap(), &headers).to_string()
    }

    fn by_list(peer: &str, list: &str) -> String {
        caller(ForwardedHeader::XForwardedFor, peer, &[("x-forwarded-for", list)])
    }

    #[test]
    fn who_is_not_our_proxy_is_believed_nothing() {
        assert_eq!(by_list("192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(caller(ForwardedHeader::Forwarded, "192.0.2.1", &[("forwarded", "for=198.51.100.7")]), "192.0.2.1");
    }

    #[test]
    fn behind_our_proxies_the_last_address_that_is_none_of_theirs_is_the_caller() {
        for (list, expected) in [
            ("198.51.100.7", "198.51.100.7"),
            ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
            ("10.9.9.9", "10.9.9.9"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("[2001:db8::1]:4711", "2001:db8::/64"),
            ("2001:db8::1,2001:db8:ffff::5", "2001:db8::/64"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("198.51.100.7, unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(by_list("10.0.0.1", list), expected, "{list}");
        }
        let twice = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(caller(ForwardedHeader::XForwardedFor, "::ffff:10.0.0.1", &twice), "198.51.100.7");
    }

    #[test]
    fn the_header_that_our_proxy_does_not_write_is_not_read() {
        let lines = [("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(caller(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "198.51.100.7");
        assert_eq!(caller(ForwardedHeader::Forwarded, "10.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (line, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("proto=http;For=\"198.51.100.7:4711\";by=10.0.0.1", "198.51.100.7"),
            ("for=\"[2001:db8:1:2:3:4:5:6]:4711\"", "2001:db8:1:2::/64"),
            ("for=203.0.113.9, for=198.51.100.7", "198.51.100.7"),
            ("for=\"a quote that does not end, for=198.51.100.7", "198.51.100.7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(caller(ForwardedHeader::Forwarded, "10.0.0.1", &[("forwarded", line)]), expected, "{line}");
        }
    }
}

mod locale {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use api::locale::Locale;

    #[test]
    fn the_preferred_of_the_two_languages_is_chosen() {
        for (header, expected) in [
            ("", Locale::En),
            ("ja", Locale::Ja),
            ("ja-JP,en;q=0.5", Locale::Ja),
            ("en;q=0.5, ja;q=0.8", Locale::Ja),
            ("fr, ja;q=0", Locale::En),
            ("fr;q=1, ja;q=0.1", Locale::Ja),
            ("ja;q=x", Locale::En),
            // A weight is at most 1, and what is more must not overflow.
            ("ja;q=4294968", Locale::En),
            ("ja;q=99999999999999999999", Locale::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static("accept-language"), HeaderValue::from_static(header));
            assert_eq!(Locale::of(&headers), expected, "{header}");
        }
    }
}

mod letter {
    use api::mailer::letter::paragraph;
    #[test]
    fn what_others_wrote_never_becomes_markup() {
        assert_eq!(
            paragraph("\"<img src=x onerror=alert(1)>\" & more"),
            "<p>&quot;&lt;img src=x onerror=alert(1)&gt;&quot; &amp; more</p>\n"
        );
    }

    #[test]
    fn a_token_alone_is_set_apart() {
        assert!(paragraph("azc_3q2-7w").contains("<code"));
        assert!(!paragraph("azc_3q2-7w is the token").contains("<code"));
    }
}

mod code {
    use api::problem::Code;
    #[test]
    fn no_two_errors_share_a_code() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
    }
}

mod device {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use api::device::label;

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

mod signed {
    use api::{auth::Tokens, secrets::Secrets};

    #[test]
    fn what_is_signed_is_for_one_issuer_and_one_mode() {
        let at = |issuer, mode| {
            let secrets = Secrets::derive(b"a secret of the tests that is long enough").unwrap();
            Tokens::new(secrets, issuer, mode).unwrap()
        };
        let tag = at("https://azukari.example", "sandbox").sign("a text");
        for (issuer, mode, good) in [
            ("https://azukari.example", "sandbox", true),
            ("https://azukari.example", "production", false),
            ("https://another.example", "sandbox", false),
        ] {
            assert_eq!(at(issuer, mode).signed("a text", &tag), good, "{issuer} {mode}");
        }
        assert!(!at("https://azukari.example", "sandbox").signed("another text", &tag));
    }
}

mod provider {
    use api::social::unencrypted;
    use openidconnect::core::CoreProviderMetadata;
    use serde_json::json;

    #[test]
    fn one_address_without_https_in_the_documents_of_a_provider_is_found() {
        let good = json!({
            "issuer": "https://idp.example",
            "authorization_endpoint": "https://idp.example/authorize",
            "token_endpoint": "https://idp.example/token",
            "userinfo_endpoint": "https://idp.example/me",
            "jwks_uri": "https://idp.example/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        });
        let found = |documents| {
            let metadata: CoreProviderMetadata = serde_json::from_value(documents).unwrap();
            unencrypted(&metadata).map(ToString::to_string)
        };
        assert_eq!(found(good.clone()), None);
        for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
            let mut documents = good.clone();
            documents[name] = json!("http://idp.example/x");
            assert_eq!(found(documents).as_deref(), Some("http://idp.example/x"), "{name}");
        }
    }
}

mod patience {
    use persistence::store::impatient;

    #[test]
    fn a_url_says_itself_how_patient_it_is_or_is_told() {
        let rest = "keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=10000";
        assert_eq!(impatient("postgres://db/azukari"), format!("postgres://db/azukari?connect_timeout=5&{rest}"));
        let own = "postgres://db/azukari?sslmode=require&connect_timeout=30";
        assert_eq!(impatient(own), format!("{own}&{rest}"));
    }
}

mod terms {
    use domain::{
        money::{Currency, Money},
        terms::{FundedAhead, MilestoneTerms, Terms},
    };
    use persistence::{
        terms::{read, write},
        types::Document,
    };
    use serde_json::json;

    fn terms() -> Terms {
        let yen = |amount| Money::new(amount, Currency::Jpy).unwrap();
        let milestone =
            MilestoneTerms { title: "Draft".into(), amount: yen(55_000), due_on: "2026-05-01".parse().unwrap() };
        Terms {
            milestones: vec![milestone],
            acceptance_days: 7,
            revision_limit: 3,
            funded_ahead: FundedAhead::Next,
            termination_fee: Some(yen(5_000)),
        }
    }

    #[test]
    fn terms_come_back_as_they_were_written() {
        assert_eq!(read(write(&terms()).unwrap()), Ok(terms()));
    }

    #[test]
    fn a_document_that_makes_no_sense_is_refused() {
        let good = write(&terms()).unwrap().0;
        let spoiled = [
            ("/funded_ahead", json!("never")),
            ("/milestones/0/due_on", json!("2026-02-30")),
            ("/milestones/0/amount/currency", json!("EUR")),
            ("/milestones/0/amount/amount", json!(1_u64 << 53)),
            ("/acceptance_days", json!(-1)),
            ("/milestones/0", json!({"title": "Draft"})),
        ];
        for (place, nonsense) in spoiled {
            let mut document = good.clone();
            *document.pointer_mut(place).unwrap() = nonsense;
            assert!(read(Document(document)).is_err(), "{place}");
        }
        let mut unknown = good;
        unknown["bonus"] = json!(1);
        assert!(read(Document(unknown)).is_err());
    }
}
