//! What an expression can see: the seam between the language and the template that it is written in.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Unknown, Value};

use super::ast::Expr;
use super::context::{Context, Level};
use super::error::{Error, Kind, Outcome};

/// What an expression can see. Methods take `&self`: who implements them remembers what was computed behind a cell.
///
/// Values are given with the place where they were written; the evaluator adds the place of the call to their trail.
pub trait Scope {
    /// What the user stated.
    fn context(&self) -> &Context;

    /// What this template is deployed to: of a nested deployment, its own; in outer scope, its parent's.
    fn target(&self) -> &Target;

    /// Where in the template the expression stands, which decides what it may call.
    fn place(&self) -> Place;

    /// The limits and the parsed expressions, shared by all scopes of one expansion.
    fn engine(&self) -> &Engine;

    /// Whether the same expressions will be evaluated again here, in a loop: only then it pays to keep them parsed.
    fn repeats(&self) -> bool {
        true
    }

    /// `parameters(name)`; an error of kind `NotFound` when there is none ([`Error::not_found`]).
    fn parameter(&self, name: &str, at: Span) -> Outcome;

    /// `variables(name)`, as [`Scope::parameter`].
    fn variable(&self, name: &str, at: Span) -> Outcome;

    /// The index of the loop `name`, of the innermost resource loop without a name; without the offset.
    /// An error of kind `Placement` outside of any loop, `NotFound` when no loop is called so.
    fn copy_index(&self, name: Option<&str>, at: Span) -> Outcome;

    /// The user-defined function `namespace.name`, without regard to case.
    fn function(&self, namespace: &str, name: &str) -> Option<Rc<Function>>;

    /// Every user-defined function as `namespace.name`, to propose one.
    fn function_names(&self) -> Vec<String>;

    /// What `deployment()` gives; [`Target::deployment`] helps to make it.
    fn deployment(&self, at: Span) -> Outcome;

    /// `externalInputs(key)`; an error of kind `Placement` outside of a parameters file.
    fn external_input(&self, key: &str, at: Span) -> Outcome;

    /// `reference`, `references`, `resourceInfo`, every `list…`, `providers`, `pickZones`, the zone functions.
    /// Called only where [`Place::allows_runtime`], except `resourceInfo`. [`Call::unknown`] is the answer when
    /// nothing is known of it.
    fn runtime(&self, call: &Call) -> Outcome;

    /// What is known of the member `name` of a value that [`Scope::runtime`] gave as unknown with a symbol:
    /// the login server of a registry, a property that the template itself sets. `None` when nothing is.
    fn member(&self, of: &Unknown, name: &str, at: Span) -> Option<Value>;
}

/// Where in a template an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    ParameterDefault,
    Variable,
    /// The output of a user-defined function.
    Function,
    /// A member of a resource other than `properties`; a loop's count; a condition.
    Resource,
    /// In the `properties` of a resource, and whatever else is evaluated when it is about to be deployed.
    Properties,
    Output,
    ParametersFile,
}

/// What a template is deployed to. A part that the user did not state, or that an expression with unknown parts
/// gives, is an unknown value.
#[derive(Clone, Debug)]
pub struct Target {
    pub level: Level,
    pub tenant: Value,
    pub subscription: Value,
    pub subscription_name: Value,
    pub group: Value,
    pub group_tags: Value,
    /// Of the resource group; at the other levels, of the deployment.
    pub location: Value,
    pub management_group: Value,
}

/// A user-defined function.
#[derive(Clone, Debug)]
pub struct Function {
    /// `namespace.name` as it is declared.
    pub name: String,
    pub parameters: Vec<FunctionParameter>,
    /// The value of its `output`, not evaluated.
    pub output: Value,
}

/// A parameter of a user-defined function.
#[derive(Clone, Debug)]
pub struct FunctionParameter {
    pub name: String,
    /// The word of its `type` as written (`string`, `int`, `array`, `secureString` …), empty for a `$ref`.
    pub kind: String,
    pub nullable: bool,
}

/// A call of a function that only Azure can answer.
#[derive(Debug)]
pub struct Call<'a> {
    /// As it is spelled in the documentation; for `list…` as it is written.
    pub name: &'a str,
    /// Evaluated; each can be unknown.
    pub args: &'a [Value],
    /// The whole call.
    pub at: Span,
    /// The call, its arguments reduced as far as they can be: `reference('/subscriptions/…', '2023-07-01')`.
    pub expression: String,
}

/// What all scopes of one expansion share: the limits, and the expressions that are parsed already.
#[derive(Debug, Default)]
pub struct Engine {
    depth: Cell<u32>,
    /// Work done since the outermost expression began, and altogether.
    spent: Cell<u64>,
    total: Cell<u64>,
    parsed: RefCell<Vec<Option<Kept>>>,
}

/// A parsed expression, and the text at a place that it was parsed of.
type Kept = (Span, Text, Rc<Expr>);

/// A step into an expression; leaving it is dropping this.
pub struct Step<'e>(&'e Engine);

/// Calls inside calls, through variables, parameters and user functions: deeper templates do not exist, and the
/// stack is bounded.
const MAX_DEPTH: u32 = 200;
/// What one expression may cost, in calls, elements and stretches of 32 bytes.
const MAX_SPENT: u64 = 1_000_000;
/// What a whole expansion may cost.
const MAX_TOTAL: u64 = 10_000_000;
/// So many parsed expressions are kept: more than the body of a loop has, fewer than a file.
const KEPT: usize = 1024;

impl Place {
    pub fn allows_runtime(self) -> bool {
        matches!(self, Place::Properties | Place::Output)
    }

    /// `utcNow` and `newGuid` are for default values only
    /// (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#newguid).
    pub fn allows_moment(self) -> bool {
        self == Place::ParameterDefault
    }

    /// For people: where the expression stands.
    pub fn phrase(self) -> &'static str {
        match self {
            Place::ParameterDefault => "the default value of a parameter",
            Place::Variable => "a variable",
            Place::Function => "a user-defined function",
            Place::Resource => "a resource's name, condition, loop or other top-level member",
            Place::Properties => "the properties of a resource",
            Place::Output => "an output",
            Place::ParametersFile => "a parameters file",
        }
    }
}

impl Target {
    /// What the user stated, for a template of this level.
    pub fn of(context: &Context, level: Level) -> Target {
        let known = |value: &Option<String>, expression: &str, why: &str| match value {
            Some(text) => Value::string(text.as_str(), Span::NONE),
            None => Value::unknown(Unknown::new(expression, why), Span::NONE),
        };
        let location = match level {
            Level::ResourceGroup => "resourceGroup().location",
            _ => "deployment().location",
        };
        let no_tags = || Unknown::new("resourceGroup().tags", "the tags of the resource group were not stated");
        Target {
            level,
            tenant: known(&context.tenant_id, "tenant().tenantId", "the tenant was not stated (--tenant)"),
            subscription: known(
                &context.subscription_id,
                "subscription().subscriptionId",
                "the subscription was not stated (--subscription)",
            ),
            subscription_name: known(
                &context.subscription_name,
                "subscription().displayName",
                "the name of the subscription was not stated",
            ),
            group: known(
                &context.resource_group,
                "resourceGroup().name",
                "the resource group was not stated (--resource-group)",
            ),
            group_tags: match &context.resource_group_tags {
                Some(tags) => super::context::strings(tags, Span::NONE),
                None => Value::unknown(no_tags(), Span::NONE),
            },
            location: known(&context.location, location, "the location was not stated (--location)"),
            management_group: known(
                &context.management_group,
                "managementGroup().name",
                "the management group was not stated",
            ),
        }
    }
}

impl Engine {
    /// Goes one call deeper.
    ///
    /// # Errors
    /// Of kind `Limit` when expressions, variables and functions are nested too deep, or have cost too much.
    pub fn enter(&self, at: Span) -> Result<Step<'_>, Error> {
        if self.depth.get() >= MAX_DEPTH {
            let message = format!("expressions are nested more than {MAX_DEPTH} deep, through variables and functions");
            return Err(Error::new(Kind::Limit, message, at));
        }
        if self.depth.get() == 0 {
            self.spent.set(0);
        }
        self.spend(1, at)?;
        self.depth.set(self.depth.get() + 1);
        Ok(Step(self))
    }

    /// Takes the cost of work from what is left: a call, an element, 32 bytes of text cost one.
    ///
    /// # Errors
    /// Of kind `Limit` when the expression, or the expansion as a whole, has cost too much.
    pub fn spend(&self, cost: usize, at: Span) -> Result<(), Error> {
        let spent = self.spent.get().saturating_add(cost as u64);
        let total = self.total.get().saturating_add(cost as u64);
        if spent > MAX_SPENT {
            return Err(Error::new(Kind::Limit, "evaluating this expression takes more work than pullgate allows", at));
        }
        if total > MAX_TOTAL {
            return Err(Error::new(Kind::Limit, "evaluating this template takes more work than pullgate allows", at));
        }
        self.spent.set(spent);
        self.total.set(total);
        Ok(())
    }

    /// The expression that this text at this place was parsed to before, if it is still kept.
    pub(super) fn parsed(&self, text: &Text, at: Span) -> Option<Rc<Expr>> {
        let kept = self.parsed.borrow();
        let (kept_at, kept_text, expr) = kept.get(slot(at))?.as_ref()?;
        (*kept_at == at && at.is_written() && kept_text == text).then(|| Rc::clone(expr))
    }

    /// Keeps a parsed expression for the next element of its loop.
    pub(super) fn keep(&self, text: &Text, at: Span, expr: Expr) -> Rc<Expr> {
        let expr = Rc::new(expr);
        let mut kept = self.parsed.borrow_mut();
        if kept.is_empty() {
            kept.resize_with(KEPT, || None);
        }
        kept[slot(at)] = Some((at, text.clone(), Rc::clone(&expr)));
        expr
    }
}

/// Where the expression at `at` is kept. Neighbours in a file, as a loop's body is, fall into different places.
fn slot(at: Span) -> usize {
    (at.start / 4) as usize % KEPT
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() - 1);
    }
}

impl Call<'_> {
    /// The answer when nothing is known.
    pub fn unknown(&self, why: impl Into<String>) -> Value {
        Value::unknown(Unknown::new(self.expression.as_str(), why), self.at)
    }
}
