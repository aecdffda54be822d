//! Commands that are no servers.

use super::running::{Folder, Server, sangdam};

fn run(args: &[&str]) -> (bool, String) {
    let output = sangdam(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn check_names_file_line_and_key_of_every_fault() {
    let folder = Folder::new();
    let path = folder.path().join("bad.toml");
    std::fs::write(&path, "[listen]\nhttp = \"here\"\nhtpps = \"0.0.0.0:8443\"\n").unwrap();
    let path = path.to_str().unwrap();
    let (fine, text) = run(&["check", "--config", path]);
    assert!(!fine);
    assert!(text.contains(&format!("{path}:2: listen.http: ")), "{text}");
    assert!(text.contains(&format!("{path}:3: listen.htpps: there is no such key")), "{text}");
    std::fs::write(path, run(&["config-example"]).1).unwrap();
    assert_eq!(run(&["check", "--config", path]), (true, "nothing is wrong with it\n".to_owned()));
}

#[test]
fn the_set_up_is_changed_from_the_command_line() {
    let folder = Folder::new();
    let _server = Server::demo(&folder);
    let data = folder.path().to_str().unwrap();
    let ok = |args: &[&str]| {
        let (fine, text) = run(&[args, &["--data", data]].concat());
        assert!(fine, "{args:?}: {text}");
        text
    };
    assert!(ok(&["user", "list"]).contains("김서연"));
    ok(&["user", "add", "2001", "name=새 상담사", "role=agent"]);
    assert!(ok(&["user", "change", "2001", "name=다른 이름"]).contains("다른 이름"));
    assert!(ok(&["user", "show", "2001"]).contains("다른 이름"));
    ok(&["user", "remove", "2001"]);
    let (fine, text) = run(&["user", "show", "2001", "--data", data]);
    assert!(!fine && text.contains("directory.none"), "{text}");
    let listed: serde_json::Value =
        serde_json::from_str(&ok(&["queue", "list", "--json"])).unwrap();
    assert_eq!(listed["queues"].as_array().map(Vec::len), Some(2));
    assert!(ok(&["realm", "show"]).contains("demo.sangdam.test"));

    let written = folder.path().join("realm.json");
    let written = written.to_str().unwrap();
    ok(&["export", written]);
    ok(&["import", written]);
}

#[test]
fn a_realm_moves_to_another_server_with_its_instance_id_and_the_key_of_its_secrets() {
    let old = Folder::new();
    let exported_to = old.path().join("realm.json");
    let exported_to = exported_to.to_str().unwrap();
    let exported = {
        let _server = Server::demo(&old);
        let (fine, text) = run(&["export", exported_to, "--data", old.path().to_str().unwrap()]);
        assert!(fine, "{text}");
        std::fs::read_to_string(exported_to).unwrap()
    };
    let set_up: serde_json::Value = serde_json::from_str(&exported).unwrap();
    let instance = set_up["realm"]["instance"].as_str().unwrap();

    let new = Folder::new();
    let data = new.path().to_str().unwrap();
    std::fs::copy(old.path().join("seal.key"), new.path().join("seal.key")).unwrap();
    let realm = ["--realm", "demo.sangdam.test", "--instance", instance];
    let (fine, text) = run(&[&["setup", "--data", data], &realm[..]].concat());
    assert!(fine, "{text}");
    let config = new.path().join("sangdam.toml");
    let text =
        format!("[server]\ndata = {data:?}\n[listen]\nhttp = \"127.0.0.1:0\"\nmetrics = \"\"\n");
    std::fs::write(&config, text).unwrap();
    let _server = Server::start(&new, &["serve", "--config", config.to_str().unwrap()]);
    let (fine, text) = run(&["import", exported_to, "--data", data]);
    assert!(fine, "{text}");
    let again = new.path().join("again.json");
    let (fine, text) = run(&["export", again.to_str().unwrap(), "--data", data]);
    assert!(fine, "{text}");
    let moved: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(again).unwrap()).unwrap();
    assert_eq!(moved["realm"]["instance"], set_up["realm"]["instance"]);
    for kind in ["users", "queues", "keys", "cti_users", "devices"] {
        assert_eq!(moved[kind], set_up[kind], "{kind}");
    }
}
