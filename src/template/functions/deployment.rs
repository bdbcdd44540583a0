//! Functions of the deployment: what the template declares, where it goes, and in which cloud.

use crate::value::{Data, Member, Unknown, Value};

use super::{Args, Builtin, Error, Kind, Lazy, Outcome, known, lazy, text};
use crate::template::context::Level;

pub const FUNCTIONS: &[Builtin] = &[
    known("parameters", 1, 1, |args| passed(args, args.env.scope.parameter(args.text(0)?, args.at))),
    known("variables", 1, 1, |args| passed(args, args.env.scope.variable(args.text(0)?, args.at))),
    known("externalInputs", 1, 1, |args| passed(args, args.env.scope.external_input(args.text(0)?, args.at))),
    known("deployment", 0, 0, |args| args.env.scope.deployment(args.at)),
    known("environment", 0, 0, |args| Ok(args.env.scope.context().cloud.environment(args.at))),
    known("deployer", 0, 0, deployer),
    lazy("fail", 1, 1, fail),
    known("resourceGroup", 0, 0, resource_group),
    known("subscription", 0, 0, subscription),
    known("managementGroup", 0, 0, management_group),
    known("tenant", 0, 0, |args| Ok(args.env.scope.target().tenant(args.at))),
];

fn passed(args: &Args, outcome: Outcome) -> Outcome {
    outcome.map(|value| text::passed(value, args.at))
}

fn deployer(args: &Args) -> Outcome {
    let stated = args.env.scope.context().deployer.clone().unwrap_or_default();
    let member = |name: &'static str, value: Option<String>| {
        let value = match value {
            Some(text) => Value::string(text, args.at),
            None => {
                let why = "who deploys was not stated";
                Value::unknown(Unknown::new(format!("deployer().{name}"), why), args.at)
            }
        };
        Member::new(name, args.at, value)
    };
    let members = vec![
        member("objectId", stated.object_id),
        member("tenantId", stated.tenant_id),
        member("userPrincipalName", stated.user_principal_name),
    ];
    Ok(Value::object(members, args.at))
}

fn fail(call: &Lazy) -> Outcome {
    let message = call.eval(0)?;
    let text = match &message.data {
        Data::Secure(_) => "the message is secret".to_owned(),
        _ => message.partial().unwrap_or_else(|| super::compact(&message, '"')),
    };
    Err(Error::new(Kind::UserFail, text, call.at).of("fail"))
}

fn resource_group(args: &Args) -> Outcome {
    let target = args.env.scope.target();
    match target.level {
        Level::ResourceGroup => Ok(target.resource_group(args.at)),
        level => Err(wrong_level(args, level, "only deployments to a resource group have one")),
    }
}

fn subscription(args: &Args) -> Outcome {
    let target = args.env.scope.target();
    match target.level {
        Level::ResourceGroup | Level::Subscription => Ok(target.subscription(args.at)),
        level => Err(wrong_level(args, level, "only deployments to a resource group or a subscription have one")),
    }
}

fn management_group(args: &Args) -> Outcome {
    let target = args.env.scope.target();
    match target.level {
        Level::ManagementGroup => Ok(target.management_group(args.at)),
        level => Err(wrong_level(args, level, "only deployments to a management group have one")),
    }
}

fn wrong_level(args: &Args, level: Level, expected: &str) -> Error {
    let to = match level {
        Level::ResourceGroup => "a resource group",
        Level::Subscription => "a subscription",
        Level::ManagementGroup => "a management group",
        Level::Tenant => "a tenant",
    };
    args.error(Kind::Scope, format!("the template is deployed to {to}")).expected(expected)
}
