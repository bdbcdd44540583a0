//! Conditions of role assignments.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pullgate::rbac::{Attributes, Operation, condition};

fuzz_target!(|text: &str| {
    const NAME: &str = "Microsoft.ContainerRegistry/registries/repositories:name";
    let operation = Operation::data_action("Microsoft.ContainerRegistry/registries/repositories/content/read");
    let _ = condition::judge(text, &operation, &Attributes::default());
    let _ = condition::judge(text, &operation, &Attributes::request(NAME, "team/api"));
    let _ = condition::comparisons(text, NAME);
});
