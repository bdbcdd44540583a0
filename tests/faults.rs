//! What goes wrong between a runner and a registry, really: in a network of the test's own, under the registry's real name and
//! port. Each fault has its own words, is never a missing image, and is over in time.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/double.rs"]
mod double;
#[path = "support/names.rs"]
mod names;
#[path = "support/namespace.rs"]
mod namespace;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/world.rs"]
mod world;

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use authority::{Authority, Leaf};
use double::{Double, Reply, Seen};
use names::{Entry, Table};
use namespace::{inside, run};
use serde_json::{Value, json};
use world::{ACME, ARM, LOGIN, SECRET, TENANT, healthy};

const APP: &str = r#"{
  "type": "Microsoft.App/containerApps", "name": "api", "location": "westeurope",
  "properties": {
    "configuration": {
      "secrets": [{"name": "pw", "value": "planted-password"}],
      "registries": [{"server": "acme.azurecr.io", "username": "acme", "passwordSecretRef": "pw"}]
    },
    "template": {"containers": [{"name": "api", "image": "acme.azurecr.io/api:v1"}]}
  }
}"#;

const AZURE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
/// Where the registry is, if it is somewhere else than the rest of Azure.
const APART: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
const PUBLIC: &[(&str, Entry)] = &[(LOGIN, Entry::Address(AZURE)), (ARM, Entry::Address(AZURE))];
const OWN: Table = &[(ACME, Entry::Address(AZURE))];
const ELSEWHERE: Table = &[(ACME, Entry::Address(APART))];

const PRIVATE: &str = "acme.privatelink.azurecr.io";
const PUBLIC_END: &str = "westeurope.fe.azcr.io";
const AT: &str = "from here acme.azurecr.io is 127.0.0.9";
const FIREWALL: &str =
    "client with IP '203.0.113.9' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.";

const INSIDE_ONLY: Table = &[(ACME, Entry::Alias(PRIVATE)), (PRIVATE, Entry::Address(Ipv4Addr::new(10, 7, 0, 5)))];

/// How long a run may take beyond its `--timeout`: starting, reading certificates, writing, on a busy machine.
const SLACK: Duration = Duration::from_secs(2);
const TIMEOUT: u64 = 4;

/// What a fault must lead to.
struct Expected<'a> {
    /// Why the image is not verified.
    reason: &'a str,
    /// What else the runner tells of its way.
    told: &'a [&'a str],
}

struct Ran {
    code: i32,
    text: String,
    report: Value,
}

/// Azure at its names, and names from the table.
fn azure(table: Table, respond: fn(&Seen) -> Reply) -> Double {
    names::serve(UdpSocket::bind((AZURE, 53)).unwrap(), vec![table, PUBLIC]);
    Double::at(TcpListener::bind((AZURE, 443)).unwrap(), &Authority::new("Test Authority"), move |seen, _| {
        respond(seen)
    })
}

fn check(double: &Double) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    write("app.json", APP.as_bytes());
    write("ca.pem", &double.ca);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    command.env_clear().current_dir(folder.path()).timeout(Duration::from_secs(60));
    command.envs([("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "a-1"), ("AZURE_CLIENT_SECRET", SECRET)]);
    command.args(["check", "app.json", "--ca-file", "ca.pem", "--report", "json=report.json", "--timeout"]);
    let started = Instant::now();
    let output = command.arg(TIMEOUT.to_string()).output().unwrap();
    let took = started.elapsed();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(took < Duration::from_secs(TIMEOUT) + SLACK, "took {took:?}\n{text}");
    let report = serde_json::from_slice(&std::fs::read(folder.path().join("report.json")).unwrap()).unwrap();
    Ran { code: output.status.code().expect("it is not killed"), report, text }
}

impl Ran {
    fn judgement(&self, code: &str) -> &Value {
        let all = self.report["judgements"].as_array().unwrap();
        all.iter().find(|judgement| judgement["code"] == code).unwrap_or_else(|| panic!("no {code}"))
    }

    /// Nothing fails, the image is not verified, and both the reason and the runner's note say what happened here.
    #[track_caller]
    fn says(&self, expected: &Expected) {
        println!("{}", self.text);
        assert_eq!(self.code, 3, "{}", self.text);
        let errors = self.report["judgements"].as_array().unwrap().iter();
        let errors = errors.filter(|one| one["verdict"] == "fail" && one["severity"] == "error");
        assert_eq!(errors.map(|one| one["code"].clone()).collect::<Vec<_>>(), [Value::Null; 0], "{}", self.text);
        let image = self.judgement("tag-missing");
        assert_eq!(image["verdict"], "unverified", "{}", self.text);
        assert_eq!(image["reason"], expected.reason);
        let runner = self.judgement("runner-path");
        assert_eq!(runner["verdict"], "fail", "{}", self.text);
        assert_eq!(runner["severity"], "note");
        let told: Vec<&str> = runner["detail"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let first = format!("from here: {}", expected.reason);
        assert_eq!(told, [&[first.as_str()], expected.told].concat(), "{}", self.text);
        for way_out in ["that says nothing about the environment", "--allow-unverified=H2", "recorded evidence"] {
            assert!(self.text.split_whitespace().collect::<Vec<_>>().join(" ").contains(way_out), "{}", self.text);
        }
    }
}

/// A fault of names alone.
#[track_caller]
fn named(table: Table, expected: &Expected) {
    check(&azure(table, healthy)).says(expected);
}

/// The registry is apart from the rest of Azure, behind these rules of this machine's firewall.
#[track_caller]
fn filtered(rule: &[&str], expected: &Expected) {
    run("iptables", &[&["-A", "OUTPUT", "-d", "127.0.0.9", "-p", "tcp"], rule].concat());
    check(&azure(ELSEWHERE, healthy)).says(expected);
}

/// The registry is apart, and answers a connection so.
#[track_caller]
fn served(serve: impl Fn(TcpStream) + Send + Copy + 'static, expected: &Expected) {
    let listener = TcpListener::bind((APART, 443)).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    check(&azure(ELSEWHERE, healthy)).says(expected);
}

/// The registry is apart, and shows a certificate of its own.
#[track_caller]
fn shown(certificate: impl FnOnce(&Authority) -> Leaf, expected: &Expected) {
    let authority = Authority::new("Test Authority");
    let config = certificate(&authority).server();
    let listener = TcpListener::bind((APART, 443)).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
            std::thread::spawn(move || connection.complete_io(&mut stream));
        }
    });
    names::serve(UdpSocket::bind((AZURE, 53)).unwrap(), vec![ELSEWHERE, PUBLIC]);
    let azure = TcpListener::bind((AZURE, 443)).unwrap();
    check(&Double::at(azure, &authority, |seen, _| healthy(seen))).says(expected);
}

#[test]
fn without_a_fault_the_image_is_there() {
    inside("without_a_fault_the_image_is_there", || {
        let ran = check(&azure(OWN, healthy));
        assert_eq!(ran.judgement("tag-missing")["verdict"], "pass", "{}", ran.text);
        assert_eq!(ran.judgement("runner-path")["verdict"], "not_applicable", "{}", ran.text);
    });
}

#[test]
fn a_name_that_does_not_exist_is_told_as_that() {
    inside("a_name_that_does_not_exist_is_told_as_that", || {
        let told = "every registry of Azure has a public name: either there is none of this name, or the name servers here leave it out";
        named(&[], &Expected { reason: "the name acme.azurecr.io does not resolve here", told: &[told] });
    });
}

#[test]
fn an_alias_into_a_private_zone_without_the_record_is_a_dangling_link() {
    inside("an_alias_into_a_private_zone_without_the_record_is_a_dangling_link", || {
        let reason =
            "the name acme.azurecr.io does not resolve here (its alias acme.privatelink.azurecr.io has no address)";
        let told = "the registry has a private endpoint, and the private zone that the runner sees holds no record of \
                    acme.privatelink.azurecr.io: from here the private link leads nowhere";
        named(&[(ACME, Entry::Alias(PRIVATE))], &Expected { reason, told: &[told] });
    });
}

#[test]
fn name_servers_that_fail_do_not_make_a_registry_missing() {
    inside("name_servers_that_fail_do_not_make_a_registry_missing", || {
        let reason = "cannot connect to acme.azurecr.io: the name servers of this machine give no answer about its name (failed to \
                      lookup address information: Temporary failure in name resolution)";
        named(&[(ACME, Entry::Failing)], &Expected { reason, told: &[] });
    });
}

#[test]
fn name_servers_that_are_silent_do_not_outlast_the_run() {
    inside("name_servers_that_are_silent_do_not_outlast_the_run", || {
        let reason = "cannot connect to acme.azurecr.io: the name servers of this machine give no answer about its name (the name \
                      servers do not answer)";
        named(&[(ACME, Entry::Silent)], &Expected { reason, told: &[] });
    });
}

#[test]
fn a_private_address_that_cannot_be_reached_is_told() {
    inside("a_private_address_that_cannot_be_reached_is_told", || {
        // Loopback has no such address, and there is no other way out.
        let reason = "cannot connect to acme.azurecr.io: network unreachable";
        let told = "from here acme.azurecr.io is the private address 10.7.0.5: the runner sees the private zone, and has no open way \
                    to the private endpoint";
        named(INSIDE_ONLY, &Expected { reason, told: &[told] });
    });
}

#[test]
fn the_public_side_of_a_private_registry_is_told() {
    inside("the_public_side_of_a_private_registry_is_told", || {
        let closed = |seen: &Seen| match seen.host.as_str() {
            ACME => Reply::json(403, json!({"errors": [{"code": "DENIED", "message": FIREWALL}]})),
            _ => healthy(seen),
        };
        let table =
            &[(ACME, Entry::Alias(PRIVATE)), (PRIVATE, Entry::Alias(PUBLIC_END)), (PUBLIC_END, Entry::Address(AZURE))];
        let reason = format!("acme.azurecr.io does not let this address in: {FIREWALL}");
        let told = [
            "from here acme.azurecr.io leads to the public address 127.0.0.1, although it has a private endpoint: the runner does not \
             see the private zone",
            "from here acme.azurecr.io answers 403 without credentials",
            "the certificate is signed by Test Authority",
        ];
        check(&azure(table, closed)).says(&Expected { reason: &reason, told: &told });
    });
}

#[test]
fn packets_that_are_dropped_end_in_time() {
    inside("packets_that_are_dropped_end_in_time", || {
        filtered(&["-j", "DROP"], &Expected { reason: "acme.azurecr.io did not answer within 4 s", told: &[AT] });
    });
}

#[test]
fn a_closed_port_refuses() {
    inside("a_closed_port_refuses", || {
        let expected = Expected { reason: "cannot connect to acme.azurecr.io: connection refused", told: &[AT] };
        check(&azure(ELSEWHERE, healthy)).says(&expected);
    });
}

#[test]
fn a_rejecting_firewall_is_told_as_it_rejects() {
    inside("a_rejecting_firewall_is_told_as_it_rejects", || {
        let expected = Expected { reason: "cannot connect to acme.azurecr.io: connection refused", told: &[AT] };
        filtered(&["-j", "REJECT", "--reject-with", "tcp-reset"], &expected);
    });
}

#[test]
fn a_prohibiting_firewall_is_told() {
    inside("a_prohibiting_firewall_is_told", || {
        let expected = Expected { reason: "cannot connect to acme.azurecr.io: host unreachable", told: &[AT] };
        filtered(&["-j", "REJECT", "--reject-with", "icmp-admin-prohibited"], &expected);
    });
}

#[test]
fn a_connection_that_is_reset_is_told() {
    inside("a_connection_that_is_reset_is_told", || {
        // Closed with bytes unread: the system resets.
        let reset = |mut stream: TcpStream| drop(stream.read(&mut [0; 1]));
        served(reset, &Expected { reason: "cannot connect to acme.azurecr.io: connection reset", told: &[AT] });
    });
}

#[test]
fn tls_that_never_completes_ends_in_time() {
    inside("tls_that_never_completes_ends_in_time", || {
        let slow = |stream: TcpStream| {
            std::thread::sleep(Duration::from_secs(60));
            drop(stream);
        };
        served(slow, &Expected { reason: "acme.azurecr.io did not answer within 4 s", told: &[AT] });
    });
}

#[test]
fn an_intercepting_proxy_is_named_by_its_certificate() {
    inside("an_intercepting_proxy_is_named_by_its_certificate", || {
        let reason = "no trusted TLS connection to acme.azurecr.io: its certificate is signed by an authority that is not trusted here \
                      (Contoso Web Inspection); an inspecting proxy may stand in between (name its certificate with --ca-file)";
        shown(|_| Authority::new("Contoso Web Inspection").leaf(&[ACME]), &Expected { reason, told: &[AT] });
    });
}

#[test]
fn a_certificate_of_another_name_is_told() {
    inside("a_certificate_of_another_name_is_told", || {
        let reason = "no trusted TLS connection to acme.azurecr.io: its certificate is for another name (portal.contoso.example)";
        shown(|authority| authority.leaf(&["portal.contoso.example"]), &Expected { reason, told: &[AT] });
    });
}
