//! A network of a test's own: the test runs again inside a network namespace, where it decides names, addresses and what is
//! dropped, under the real names and ports.

use std::path::Path;
use std::process::{Command, Output};

/// Set for the test that runs inside.
const INSIDE: &str = "PULLGATE_TEST_NAMESPACE";
/// Set by who knows that this machine allows no namespaces, and wants the other tests.
const WITHOUT: &str = "PULLGATE_TEST_WITHOUT_NAMESPACES";

/// What is mounted over the system's own before the test starts.
const FILES: &[(&str, &str)] = &[
    ("/etc/resolv.conf", "nameserver 127.0.0.1\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n"),
    ("/etc/nsswitch.conf", "hosts: files dns\n"),
];

/// Runs `body` as root of a network with nothing but loopback, whose name server is at 127.0.0.1:53.
///
/// `name` is the test's own: it is how the test is found again inside. Where no namespace can be made the test fails and says
/// what is missing.
pub fn inside(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    if std::env::var_os(WITHOUT).is_some() {
        return eprintln!("LEFT OUT: {name}, because {WITHOUT} is set");
    }
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let test = [program.to_str().unwrap(), name, "--exact", "--nocapture", "--include-ignored"];
    let output = entered(folder.path(), &test).output().expect("`unshare` of util-linux is installed");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("running 1 test"),
        "no network namespace could be made: this needs root or unprivileged user namespaces, and the programs unshare, mount \
         and ip. Set {WITHOUT}=1 to leave these tests out.\n{said}"
    );
    assert!(output.status.success(), "{said}");
    println!("{said}");
}

/// The command inside a new namespace.
fn entered(folder: &Path, command: &[&str]) -> Command {
    let mut script = String::from("set -e\n");
    for (index, (place, text)) in FILES.iter().enumerate() {
        let file = folder.join(index.to_string());
        std::fs::write(&file, text).unwrap();
        script += &format!("if [ -e {place} ]; then mount --bind '{}' {place}; fi\n", file.display());
    }
    script += "ip link set lo up\nexec \"$@\"\n";
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "--mount"]);
    if !is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["sh", "-c", &script, "sh"]).args(command).env(INSIDE, "1");
    unshare
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Runs a program inside; it must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output: Output = Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!("{program} is needed to make this fault and cannot be run ({error}): scripts/test installs it")
    });
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
