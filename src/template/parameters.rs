//! Binding parameters: what is given, else the default value, else null; then its type, and whether it is secret.
//!
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/parameters

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Unknown, Value};

use super::error::{Error, Kind, Outcome};
use super::expansion::Missing;
use super::frame::{Frame, Parameter};
use super::functions;
use super::given::{Later, Supplied};
use super::scope::Place;
use super::session::Session;
use super::types::Types;
use super::view::View;

impl Frame {
    /// The value of a parameter. It is still where it was written, and passes through the parameter's declaration.
    ///
    /// # Errors
    /// Of kind `Cycle` when its default value depends on itself.
    pub fn parameter(self: &Rc<Frame>, session: &Session, parameter: &Parameter, at: Span) -> Outcome {
        let _descent = session.descend(at)?;
        let bound = parameter.slot.get(|| self.bind(session, parameter));
        bound.map_err(|_| Error::new(Kind::Cycle, format!("the parameter `{}` depends on itself", parameter.name), at))
    }

    fn bind(self: &Rc<Frame>, session: &Session, parameter: &Parameter) -> Value {
        let types = Types::new(session, self);
        let given = parameter.given.as_ref().map(|given| self.supplied(session, parameter, given, &types));
        let value = match given {
            Some(value) if !value.is_null() => value.through(parameter.at),
            absent => self.absent(session, parameter, absent, &types),
        };
        let value = session.bounded(value, &format!("the parameter `{}`", parameter.name), parameter.at);
        types.check(&parameter.declared, &value, &format!("the parameter `{}`", parameter.name), parameter.at);
        match types.is_secure(&parameter.declared) && !value.is_secure() && !value.is_null() {
            true => functions::secure(value, parameter.at),
            false => value,
        }
    }

    fn supplied(self: &Rc<Frame>, session: &Session, parameter: &Parameter, given: &Supplied, types: &Types) -> Value {
        match given {
            Supplied::Value(value) => types.token(&parameter.declared, value),
            Supplied::Expression(value) => View::new(session, self, Place::ParametersFile).evaluate(value),
            Supplied::Vault(entry) => vault(parameter, entry),
            Supplied::Argument { text, json } => types.argument(&parameter.declared, text, json.as_ref()),
            Supplied::Passed(later) => later.evaluate(session),
            Supplied::Entry(later) => unwrapped(session, parameter, &later.evaluate(session)),
            Supplied::Computed(entry) => unwrapped(session, parameter, entry),
            Supplied::Unknown(value) => value.clone(),
        }
    }

    /// The value when none is given, or null.
    fn absent(
        self: &Rc<Frame>,
        session: &Session,
        parameter: &Parameter,
        given: Option<Value>,
        types: &Types,
    ) -> Value {
        if let Some(default) = parameter.declared.as_object().and_then(|declared| declared.get("defaultValue")) {
            return View::new(session, self, Place::ParameterDefault).evaluate(&default.value);
        }
        let name = &parameter.name;
        if types.is_nullable(&parameter.declared) {
            return given.unwrap_or_else(|| Value::null(parameter.at));
        }
        let why = match &given {
            Some(_) => format!("the parameter `{name}` is given null"),
            None => format!("the parameter `{name}` is required and was not given"),
        };
        let unknown = Value::unknown(Unknown::new(format!("parameters('{name}')"), why.as_str()), parameter.at);
        match given {
            None if self.path.is_empty() => {
                let missing = Missing { name: name.to_string(), at: parameter.at };
                session.missing.borrow_mut().push(missing);
            }
            Some(null) => session.report(Error::new(Kind::Parameter, why, null.at)),
            None => session.report(Error::new(Kind::Parameter, why, parameter.at)),
        }
        unknown
    }
}

impl Later {
    /// The value, in the words of the template that it is written in.
    pub fn evaluate(&self, session: &Session) -> Value {
        let home = session.frame(self.home);
        let view = View::new(session, &home, Place::Properties).with_loops(self.loops.clone()).of_user(&self.user);
        view.evaluate(&self.value)
    }
}

/// What an entry that is computed holds: the value of `value`, or a secret.
fn unwrapped(session: &Session, parameter: &Parameter, entry: &Value) -> Value {
    if let Some(unknown) = entry.as_unknown() {
        let part = |value: &Value| unwrapped(session, parameter, value);
        let made = Unknown {
            expression: format!("{}.value", unknown.expression),
            why: unknown.why.clone(),
            alternatives: unknown.alternatives.iter().map(part).collect(),
            ..Unknown::default()
        };
        return Value { data: Data::Unknown(Rc::new(made)), ..entry.clone() };
    }
    if entry.get("reference").is_some() {
        return vault(parameter, entry);
    }
    match entry.as_object().map(|object| object.get("value")) {
        Some(Some(member)) => member.value.clone(),
        Some(None) => Value::null(entry.at),
        None if entry.is_null() => Value::null(entry.at),
        None => {
            let message =
                format!("the parameter `{}` is given as an object with `value` or `reference`", parameter.name);
            session.report(Error::new(Kind::Parameter, message, entry.at));
            Value::null(entry.at)
        }
    }
}

/// A secret of a key vault, which only Resource Manager reads.
fn vault(parameter: &Parameter, entry: &Value) -> Value {
    let vault = entry.path(&["reference", "keyVault", "id"]).and_then(Value::partial);
    let name = vault.as_deref().and_then(|id| id.rsplit('/').next()).unwrap_or("…");
    let secret = entry.path(&["reference", "secretName"]).and_then(Value::partial).unwrap_or_else(|| "…".to_owned());
    let why = format!("the secret `{secret}` is read from the key vault `{name}` when it is deployed");
    let unknown = Unknown::new(format!("parameters('{}')", parameter.name), why);
    functions::secure(Value::unknown(unknown, entry.at), entry.at)
}

#[cfg(test)]
mod tests {
    use super::super::trial::{gives, outputs, refuses, run, run_arguments, shown};
    use super::*;

    /// A template with one parameter `p`, given back.
    fn declared(declaration: &str) -> String {
        format!(
            r#"{{"parameters": {{"p": {declaration}}},
                "outputs": {{"p": {{"value": "[parameters('p')]"}}}}, "resources": []}}"#
        )
    }

    #[track_caller]
    fn binds(declaration: &str, given: &str, expected: &str) {
        let expansion = run(&declared(declaration), &format!(r#"{{"parameters": {{"p": {given}}}}}"#));
        assert_eq!(outputs(&expansion), format!("p={expected}"));
    }

    #[track_caller]
    fn rejects(declaration: &str, given: &str, message: &str) {
        let expansion = run(&declared(declaration), &format!(r#"{{"parameters": {{"p": {given}}}}}"#));
        let found = expansion.problems.iter().any(|problem| problem.message.contains(message));
        assert!(found, "{:?}", expansion.problems);
    }

    #[test]
    fn a_given_value_is_literal() {
        binds(r#"{"type": "string"}"#, r#"{"value": "[resourceGroup().name]"}"#, "[resourceGroup().name]");
        binds(r#"{"type": "string"}"#, r#"{"value": "[[x]"}"#, "[[x]");
        binds(r#"{"type": "String"}"#, r#"{"value": "x", "reference": null}"#, "x");
        binds(r#"{"type": "int"}"#, r#"{"value": 3}"#, "3");
    }

    #[test]
    fn a_default_value_is_an_expression_and_may_use_other_parameters() {
        gives(
            r#"{"parameters": {"a": {"type": "string", "defaultValue": "[toLower(parameters('b'))]"},
                               "b": {"type": "string", "defaultValue": "B"}},
                "outputs": {"a": {"type": "string", "value": "[parameters('A')]"}}}"#,
            "a=b",
        );
        refuses(
            r#"{"parameters": {"a": {"type": "string", "defaultValue": "[parameters('b')]"},
                               "b": {"type": "string", "defaultValue": "[parameters('a')]"}}}"#,
            Kind::Cycle,
            "depends on itself",
        );
        refuses(&declared(r#"{"type": "string", "defaultValue": "[variables('v')]"}"#), Kind::Placement, "variables");
    }

    #[test]
    fn null_means_the_default_value_or_null_where_that_is_allowed() {
        binds(r#"{"type": "string", "defaultValue": "d"}"#, r#"{"value": null}"#, "d");
        binds(r#"{"type": "string", "nullable": true}"#, r#"{"value": null}"#, "null");
        rejects(r#"{"type": "string"}"#, r#"{"value": null}"#, "is given null");
    }

    #[test]
    fn a_required_parameter_that_is_not_given_is_unknown() {
        let expansion = run(&declared(r#"{"type": "string"}"#), "{}");
        assert_eq!(outputs(&expansion), "p=?parameters('p')");
        assert_eq!(expansion.missing[0].name, "p");
    }

    #[test]
    fn types_and_bounds() {
        rejects(r#"{"type": "int"}"#, r#"{"value": "6"}"#, "is a string, not an int");
        rejects(r#"{"type": "bool"}"#, r#"{"value": 1}"#, "not a bool");
        rejects(r#"{"type": "string", "minLength": 3}"#, r#"{"value": "ab"}"#, "at least 3");
        rejects(r#"{"type": "array", "maxLength": 1}"#, r#"{"value": [1, 2]}"#, "at most 1");
        rejects(r#"{"type": "int", "maxValue": 1}"#, r#"{"value": 2}"#, "at most 1");
        rejects(r#"{"type": "string", "allowedValues": ["a", "b"]}"#, r#"{"value": "c"}"#, "allowed values 'a', 'b'");
        binds(r#"{"type": "array", "allowedValues": ["a", "b"]}"#, r#"{"value": ["b"]}"#, "[b]");
    }

    #[test]
    fn types_of_language_version_2() {
        let pair =
            r#"{"type": "object", "properties": {"a": {"type": "int"}, "b": {"type": "string", "nullable": true}}}"#;
        binds(pair, r#"{"value": {"a": 1}}"#, "{a:1}");
        rejects(pair, r#"{"value": {"b": "x"}}"#, "lacks `a`");
        rejects(pair, r#"{"value": {"a": "x"}}"#, "`a` of the parameter `p` is a string");
        let sealed = r#"{"type": "object", "properties": {"a": {"type": "int"}}, "additionalProperties": false}"#;
        rejects(sealed, r#"{"value": {"a": 1, "c": 2}}"#, "no property `c`");
        let items = r#"{"type": "array", "items": {"type": "int"}}"#;
        rejects(items, r#"{"value": [1, "x"]}"#, "element 1");
        let tuple = r#"{"type": "array", "prefixItems": [{"type": "int"}], "items": false}"#;
        rejects(tuple, r#"{"value": [1, 2]}"#, "at most 1");
        let tagged = r#"{"type": "object", "discriminator": {"propertyName": "k", "mapping": {
            "x": {"type": "object", "properties": {"v": {"type": "int"}}}}}}"#;
        binds(tagged, r#"{"value": {"k": "x", "v": 1}}"#, "{k:x,v:1}");
        rejects(tagged, r#"{"value": {"k": "x"}}"#, "lacks `v`");
        rejects(tagged, r#"{"value": {"k": "y"}}"#, "`y`, not one of x");
    }

    #[test]
    fn a_definition_that_refers_to_itself_ends() {
        let template = r##"{"definitions": {"a": {"$ref": "#/definitions/a"}}, "parameters": {"p": {"$ref": "#/definitions/a"}},
            "outputs": {"p": {"value": "[parameters('p')]"}}}"##;
        assert_eq!(outputs(&run(template, r#"{"p": {"value": 1}}"#)), "p=1");
    }

    #[test]
    fn an_undeclared_parameter_is_a_mistake() {
        let expansion = run(&declared(r#"{"type": "string"}"#), r#"{"p": {"value": "x"}, "q": {"value": 1}}"#);
        assert!(expansion.problems[0].message.contains("declares no parameter `q`"));
    }

    #[test]
    fn arguments_are_read_by_the_declared_type() {
        let argument = |kind: &str, text: &str| {
            outputs(&run_arguments(&declared(&format!(r#"{{"type": "{kind}"}}"#)), &[("P", text)]))
        };
        assert_eq!(argument("string", "1"), "p=1");
        assert_eq!(argument("string", "[1]"), "p=[1]");
        assert_eq!(argument("int", "1"), "p=1");
        assert_eq!(argument("bool", "True"), "p=true");
        assert_eq!(argument("array", r#"["a"]"#), "p=[a]");
        assert!(argument("int", "x").starts_with("parameter: "));
    }

    #[test]
    fn later_sources_win() {
        let file = value_of(r#"{"parameters": {"p": {"value": "file"}}}"#);
        let again = value_of(r#"{"P": {"value": "again"}}"#);
        let given = super::super::given::Given {
            sources: vec![super::super::given::Source::File(file), super::super::given::Source::File(again)],
            external_inputs: Vec::new(),
        };
        let template = super::super::trial::value(&declared(r#"{"type": "string"}"#));
        let expansion = super::super::expand(&template, &given, &super::super::trial::stated());
        assert_eq!(outputs(&expansion), "p=again");
    }

    fn value_of(json: &str) -> Value {
        super::super::trial::value(json)
    }

    #[test]
    fn secrets_stay_secret() {
        let secure = r#"{"type": "secureString"}"#;
        binds(secure, r#"{"value": "x"}"#, "#x");
        binds(secure, r#"{"reference": {"keyVault": {"id": "/a/vaults/v"}, "secretName": "s"}}"#, "#?parameters('p')");
    }

    #[test]
    fn a_token_stands_for_what_the_type_asks_for() {
        binds(r#"{"type": "bool"}"#, r#"{"value": "${EXISTS=false}"}"#, "?${EXISTS=false}");
        binds(r#"{"type": "string"}"#, r#"{"value": "${IMAGE}"}"#, "${IMAGE}");
    }

    #[test]
    fn a_value_stays_where_it_was_written() {
        let template = declared(r#"{"type": "string"}"#);
        let file = r#"{"p": {"value": "here"}}"#;
        let expansion = run(&template, file);
        let (_, output) = &expansion.outputs[0];
        assert_eq!(&file[output.at.start as usize..output.at.end as usize], "here");
        let passed: Vec<&str> =
            output.via.spans().iter().map(|at| &template[at.start as usize..at.end as usize]).collect();
        assert_eq!(passed, ["parameters('p')", "p"]);
        assert_eq!(shown(output), "here");
    }
}
