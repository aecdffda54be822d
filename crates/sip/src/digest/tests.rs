//! The RFC's own sums, and what a gate lets through.

use super::*;

/// RFC 7616 §3.9.1.
#[test]
fn the_sums_are_those_of_the_rfc() {
    let uri = "/dir/index.html";
    let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    let counted = Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"));
    for (algorithm, sum) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let secret = Secret::new(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(secret.answer(&Method::Other("GET".into()), uri, nonce, counted), sum);
    }
}

struct Door {
    gate: Gate,
    user: Credentials,
}

impl Door {
    fn new() -> Self {
        Self {
            gate: Gate::new("demo", &Mint::new([1; 32])),
            user: Credentials::new("1001", "sip-1001"),
        }
    }

    fn credentials(&mut self, now: u64, algorithm: Algorithm) -> Auth {
        let challenges = self.gate.challenges(Millis(now), &[algorithm], false);
        let read: Vec<Auth> =
            challenges.iter().map(|c| Auth::parse(&c.to_string()).unwrap()).collect();
        assert_eq!(read, challenges);
        let auth = self.user.answer(&read, &Method::Register, "sip:demo", "abc").unwrap();
        Auth::parse(&auth.to_string()).unwrap()
    }

    fn judge(&mut self, now: u64, auth: &Auth, algorithm: Algorithm) -> Verdict {
        let secret = Secret::new(algorithm, "1001", "demo", "sip-1001");
        self.gate.judge(Millis(now), auth, &Method::Register, &secret)
    }
}

#[test]
fn the_right_password_opens_once_per_count() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut door = Door::new();
        let auth = door.credentials(1_000, algorithm);
        assert_eq!(door.judge(2_000, &auth, algorithm), Verdict::Right);
        assert_eq!(door.judge(2_000, &auth, algorithm), Verdict::Replayed);
    }
}

#[test]
fn whatever_is_changed_closes() {
    let mut door = Door::new();
    let auth = door.credentials(0, Algorithm::Md5);
    let text = auth.to_string();
    for (from, to) in [
        ("realm=\"demo\"", "realm=\"other\""),
        ("nonce=\"0000", "nonce=\"0001"),
        ("uri=\"sip:demo\"", "uri=\"sip:else\""),
        ("nc=00000001", "nc=00000002"),
        ("qop=auth", "qop=auth-int"),
        ("algorithm=MD5", "algorithm=SHA-256"),
        ("Digest", "Basic"),
    ] {
        assert!(text.contains(from), "{text}");
        let changed = Auth::parse(&text.replace(from, to)).unwrap();
        assert_eq!(door.judge(0, &changed, Algorithm::Md5), Verdict::Wrong, "{to}");
    }
    let secret = Secret::new(Algorithm::Md5, "1001", "demo", "wrong");
    assert_eq!(door.gate.judge(Millis(0), &auth, &Method::Register, &secret), Verdict::Wrong);
    assert_eq!(door.judge(0, &auth, Algorithm::Md5), Verdict::Right, "none of them used it up");
}

#[test]
fn an_old_nonce_is_stale_and_only_with_the_right_password() {
    let mut door = Door::new();
    let auth = door.credentials(0, Algorithm::Md5);
    assert_eq!(door.judge(NONCE_LIFE.0 + 1, &auth, Algorithm::Md5), Verdict::Stale);
    let secret = Secret::new(Algorithm::Md5, "1001", "demo", "wrong");
    assert_eq!(
        door.gate.judge(Millis(NONCE_LIFE.0 + 1), &auth, &Method::Register, &secret),
        Verdict::Wrong
    );
}

#[test]
fn counts_may_overtake_each_other_but_not_repeat() {
    let mut counts = Counts::default();
    for (nc, fresh) in [
        (1, true),
        (3, true),
        (2, true),
        (3, false),
        (2, false),
        (100, true),
        (36, false),
        (37, true),
        (0, false),
    ] {
        assert_eq!(counts.take(nc), fresh, "{nc}");
    }
}

#[test]
fn a_scheme_nobody_knows_is_read_and_not_answered() {
    let auth = Auth::parse("NoOneKnowsThisScheme opaque-data=here").unwrap();
    assert_eq!(auth.get("opaque-data"), Some("here"));
    let user = Credentials::new("a", "b");
    assert!(user.answer(&[auth], &Method::Register, "sip:x", "c").is_none());
}
