//! How expanding a large template compares with merely parsing its bytes as JSON, in time and in memory.
//!
//! ```sh
//! cargo bench --bench expand
//! ```
//!
//! Prints a table for 1×, 2×, 4× and 8× the resources: the time of `serde_json::from_slice`, of reading with places and expanding,
//! their ratio, and the peak memory of a process that only reads and expands, as a multiple of the file.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use pullgate::document::parse_json;
use pullgate::source::Sources;
use pullgate::template::{Context, Given, expand};
use serde_json::json;

const RESOURCES: usize = 68;
const ROUNDS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == "--peak") {
        return peak(arguments[position + 1].parse().expect("a number of resources"));
    }
    println!("resources     MB   serde_json   pullgate   ratio   memory");
    for factor in [1, 2, 4, 8] {
        let text = template(RESOURCES * factor);
        let (serde, own) = (
            best(|| parse(&text)),
            best(|| {
                black_box(expanded(text.clone()));
            }),
        );
        let ratio = own.as_secs_f64() / serde.as_secs_f64();
        let size = text.len() as f64 / 1e6;
        let (serde, own) = (millis(serde), millis(own));
        println!(
            "{:9} {size:6.2} {serde:9.1} ms {own:7.1} ms {ratio:7.2} {:>8}",
            RESOURCES * factor,
            memory(RESOURCES * factor)
        );
    }
}

fn best(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    (0..ROUNDS).map(|_| ()).map(time).min().expect("there are rounds")
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn parse(text: &str) {
    black_box(serde_json::from_slice::<serde_json::Value>(text.as_bytes()).expect("the template is JSON"));
}

fn expanded(text: String) -> usize {
    let mut sources = Sources::default();
    let file = sources.add("main.json", text);
    let template = parse_json(sources.text(file), file).expect("the template is JSON");
    let context = Context { deployment_name: Some("main".to_owned()), ..Context::default() };
    let expansion = expand(&template, &Given::default(), &context);
    assert!(expansion.problems.is_empty(), "{:?}", expansion.problems.first());
    expansion.resources.len()
}

/// Reads the file that the parent wrote and expands it, so that nothing else counts as memory.
fn peak(resources: usize) {
    let path = file_of(resources);
    let text = std::fs::read_to_string(path).expect("the parent wrote it");
    black_box(expanded(text));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{}", line.split_whitespace().nth(1).unwrap_or("0"));
}

fn memory(resources: usize) -> String {
    let text = template(resources);
    std::fs::write(file_of(resources), &text).expect("the temporary folder can be written");
    let run = |count: &str| -> Option<f64> {
        let child = Command::new(std::env::current_exe().ok()?).args(["--peak", count]).output().ok()?;
        String::from_utf8(child.stdout).ok()?.trim().parse().ok()
    };
    // What a process takes that expands nearly nothing is not the template's.
    std::fs::write(file_of(1), template(1)).expect("the temporary folder can be written");
    match (run(&resources.to_string()), run("1")) {
        (Some(all), Some(base)) if all > 0.0 => format!("{:.1}x", (all - base) * 1024.0 / text.len() as f64),
        _ => "unknown".to_owned(),
    }
}

fn file_of(resources: usize) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("pullgate-bench-{resources}.json"))
}

/// A template as Bicep compiles it: a module for every eight resources, loops, parameters handed down, registries by reference.
fn template(resources: usize) -> String {
    let modules: Vec<serde_json::Value> =
        (0..resources.div_ceil(8)).map(|index| module(index, resources.min(8))).collect();
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {"_generator": {"name": "bicep", "version": "0.38.5.1644", "templateHash": "1234567890"}},
        "parameters": {
            "tag": {"type": "string", "defaultValue": "v1"},
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            "registryName": {"type": "string", "defaultValue": "acmeprod"},
        },
        "variables": {"registry": "[format('{0}.azurecr.io', toLower(parameters('registryName')))]"},
        "resources": modules,
    });
    serde_json::to_string_pretty(&template).expect("JSON")
}

fn module(index: usize, apps: usize) -> serde_json::Value {
    let environment: Vec<serde_json::Value> = (0..20)
        .map(|n| json!({"name": format!("SETTING_{n}"), "value": format!("[format('{{0}}-{n}', parameters('settings')[{n}])]")}))
        .collect();
    let probes: Vec<serde_json::Value> = (0..6)
        .map(|n| json!({"type": "Liveness", "httpGet": {"path": format!("/health/{n}"), "port": 8080}, "periodSeconds": 10 + n}))
        .collect();
    let settings: Vec<String> =
        (0..20).map(|n| format!("a value that is as long as values of settings often are, number {n}")).collect();
    let app = |n: usize| {
        json!({
            "type": "Microsoft.App/containerApps",
            "apiVersion": "2025-01-01",
            "name": format!("[format('{{0}}-{n}', parameters('name'))]"),
            "location": "[parameters('location')]",
            "identity": {
                "type": "UserAssigned",
                "userAssignedIdentities": {"[format('{0}', resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('name')))]": {}},
            },
            "properties": {
                "environmentId": "[resourceId('Microsoft.App/managedEnvironments', parameters('name'))]",
                "configuration": {
                    "registries": [{"server": "[parameters('registry')]", "identity": "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('name'))]"}],
                },
                "template": {
                    "containers": [{
                        "name": "api",
                        "image": format!("[format('{{0}}/team/service-{n}:{{1}}', parameters('registry'), parameters('tag'))]"),
                        "env": environment,
                        "probes": probes,
                    }],
                },
            },
        })
    };
    json!({
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2025-04-01",
        "name": format!("apps-{index}"),
        "properties": {
            "expressionEvaluationOptions": {"scope": "inner"},
            "mode": "Incremental",
            "parameters": {
                "name": {"value": format!("app-{index}")},
                "location": {"value": "[parameters('location')]"},
                "registry": {"value": "[variables('registry')]"},
                "tag": {"value": "[parameters('tag')]"},
            },
            "template": {
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "parameters": {
                    "name": {"type": "string"},
                    "location": {"type": "string"},
                    "registry": {"type": "string"},
                    "tag": {"type": "string"},
                    "settings": {"type": "array", "defaultValue": settings},
                },
                "resources": (0..apps).map(app).collect::<Vec<_>>(),
                "outputs": {"names": {"type": "array", "copy": {"count": apps, "input": "[format('{0}-{1}', parameters('name'), copyIndex())]"}}},
            },
        },
    })
}
