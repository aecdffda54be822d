//! What a configuration may and may not say.

use super::*;

fn check(text: &str, expected: &[&str]) {
    let faults =
        Config::parse("f.toml", text).map_or_else(|faults| faults.to_string(), |_| String::new());
    assert_eq!(faults.lines().collect::<Vec<_>>(), expected, "{text}");
}

#[test]
fn the_example_is_the_default() {
    assert_eq!(Config::parse("example", &Config::example()), Ok(Config::default()));
    assert_eq!(Config::parse("nothing", ""), Ok(Config::default()));
}

#[test]
fn the_committed_example_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config.example.toml");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, Config::example()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == Config::example(),
        "config.example.toml is stale: `cargo run -- config-example > config.example.toml`"
    );
}

#[test]
fn every_fault_is_told_with_its_line_and_key() {
    check(
        "[server]\ndata = 7\nspeed = \"high\"\n\n[listen]\nhttp = \"8080\"\n\n[colour]\nred = 1\n",
        &[
            "f.toml:2: server.data: a text in quotes was expected",
            "f.toml:3: server.speed: there is no such key",
            "f.toml:6: listen.http: address and port such as \"0.0.0.0:8080\" were expected",
            "f.toml:8: colour: there is no such section",
        ],
    );
    check(
        "[limits]\nrates = \"some\"",
        &["f.toml:2: limits.rates: one of \"generous\", \"aws\" was expected"],
    );
    check("server = 1", &["f.toml:1: server: a section, [server], was expected"]);
}

#[test]
fn values_that_do_not_go_together_are_told() {
    check(
        "[tls]\ncertificate = \"a.pem\"",
        &[
            "f.toml: tls.key: a certificate and its key are given together",
            "f.toml:2: tls.certificate: a certificate and its key are given together",
        ],
    );
    check(
        "[server]\n\npublic_url = \"chat.example.com\"",
        &["f.toml:3: server.public_url: begins with https:// or http://, and does not end with /"],
    );
    check(
        "[server]\nbase_path = \"aws/\"",
        &["f.toml:2: server.base_path: begins with / and does not end with /"],
    );
}

#[test]
fn what_telephones_cannot_live_with_is_told() {
    check(
        "[sip]\naddress = \"0.0.0.0\"\nidle_seconds = 5\nauthorities = \"none.pem\"\n[media]\nfirst_port = 16385\nlast_port = 70000",
        &[
            "f.toml:2: sip.address: an address that can be reached, not \"any\"",
            "f.toml:3: sip.idle_seconds: 60 to 86400",
            "f.toml:4: sip.authorities: there is no file none.pem",
            "f.toml:6: media.first_port: even, and at least 1024",
            "f.toml:7: media.last_port: at most 65535",
        ],
    );
    check(
        "[media]\nlast_port = 16386\n[sip]\naddress = \"pbx.example.com\"",
        &[
            "f.toml:2: media.last_port: at least 3 more than media.first_port",
            "f.toml:4: sip.address: an IP address such as \"10.0.0.1\" was expected",
        ],
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let faults = Config::parse("f.toml", "[server]\ndata = \n").unwrap_err();
    assert_eq!(faults.iter().next().map(|fault| fault.line), Some(2), "{faults}");
}

#[test]
fn a_port_can_be_closed() {
    assert_eq!(Config::parse("f", "[listen]\nhttps = \"\"").unwrap().listen.https, None);
}

#[test]
fn the_real_services_rates_can_be_had() {
    assert!(Config::default().rates().is_empty());
    let rates = Config::parse("f", "[limits]\nrates = \"aws\"").unwrap().rates();
    assert_eq!(rates.get("participant.SendMessage"), Some(&Rate { per_second: 10.0, burst: 15.0 }));
}
