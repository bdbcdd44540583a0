//! `az` and `azd`, run so that they end with us and within their time.

use std::ffi::OsStr;
use std::process::{Output, Stdio};
use std::time::Duration;

use azure_identity::Executor;
use tokio::process::Command;

/// How long a login program may take to give a token: a cold `az` on a busy runner needs several seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a command with the `PATH` that the environment has.
#[derive(Debug)]
pub struct Programs {
    pub path: String,
}

#[async_trait::async_trait]
impl Executor for Programs {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> std::io::Result<Output> {
        let mut command = Command::new(program);
        command.args(args).env("PATH", &self.path).stdin(Stdio::null()).kill_on_drop(true);
        // A process started for a token must not ask a person anything.
        command.env("AZURE_CORE_NO_COLOR", "true").env("AZURE_CORE_COLLECT_TELEMETRY", "no");
        match tokio::time::timeout(PATIENCE, command.output()).await {
            Ok(output) => output,
            Err(_) => Err(std::io::Error::other(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }
}
