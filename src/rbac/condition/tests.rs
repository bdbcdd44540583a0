use super::*;

const CONTENT: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";
const NAME: &str = "Microsoft.ContainerRegistry/registries/repositories:name";

fn repository(name: &str) -> Attributes {
    Attributes::request(NAME, name)
        .with("Resource", "colours", &["red", "blue"])
        .with("Resource", "numbers", &["10", "20"])
        .with("Resource", "name1", &["abcd"])
        .with("Resource", "star", &["a*c"])
        .with("Resource", "none", &[])
        .with("Resource", "secret", &["true"])
}

fn judged(condition: &str, name: &str) -> Truth {
    let condition = condition.replace("NAME", &format!("@Request[{NAME}]"));
    judge(&condition, &Operation::data_action(CONTENT), &repository(name))
}

#[track_caller]
fn yes(condition: &str) {
    assert_eq!(judged(condition, "backend/nginx"), Truth::True);
}

#[track_caller]
fn no(condition: &str) {
    assert_eq!(judged(condition, "backend/nginx"), Truth::False);
}

#[track_caller]
fn unknown(condition: &str, why: &str) {
    let Truth::Unknown(reasons) = judged(condition, "backend/nginx") else {
        panic!("`{condition}` is decided");
    };
    assert!(reasons.iter().any(|reason| reason.contains(why)), "{reasons:?}");
}

#[test]
fn a_condition_of_the_documentation_decides_by_repository() {
    let condition = "
( ( !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})
    AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'}) )
  OR
  ( NAME StringStartsWithIgnoreCase 'backend/' ) )";
    assert_eq!(judged(condition, "backend/nginx"), Truth::True);
    assert_eq!(judged(condition, "backend"), Truth::False);
    assert_eq!(judged(condition, "backend-infra/x"), Truth::False);
    assert_eq!(judged(condition, "frontend"), Truth::False);
}

#[test]
fn an_operation_that_is_not_aimed_at_is_let_through() {
    yes(
        "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'}) OR NAME StringEquals 'x'",
    );
    yes("!ActionMatches{'Microsoft.Authorization/*'}");
    no("!(ActionMatches{'Microsoft.ContainerRegistry/*'})");
    no("!(ActionMatches{'*/content/read'}) OR NAME StringEquals 'x'");
    yes("ActionMatches{'x', '*/CONTENT/read'}");
}

#[test]
fn operators_on_texts() {
    yes("NAME StringEquals 'backend/nginx'");
    no("NAME StringEquals 'Backend/nginx'");
    yes("NAME StringEqualsIgnoreCase 'Backend/nginx'");
    yes("NAME StringNotEquals 'Backend/nginx'");
    no("NAME StringNotEqualsIgnoreCase 'Backend/nginx'");
    yes("NAME StringStartsWith 'backend'");
    no("NAME StringStartsWith 'BACKEND'");
    yes("NAME StringStartsWithIgnoreCase 'BACKEND'");
    no("NAME StringNotStartsWith 'backend'");
    yes("NAME StringLike 'backend/*'");
    yes("NAME StringLike '*/ngin?'");
    no("NAME StringLike 'Backend/*'");
    yes("NAME StringLikeIgnoreCase 'Backend/*'");
    no("NAME StringNotLike 'backend/*'");
    yes("NAME StringNotLikeIgnoreCase 'frontend/*'");
    yes("name stringequals 'backend/nginx'".replace("name", "NAME").as_str());
}

#[test]
fn wildcards_as_the_documentation_has_them() {
    yes("@Resource[name1] StringLike 'a*c?'");
    no("@Resource[name1] StringLike 'A*C?'");
    no("@Resource[name1] StringLike 'a*c'");
    yes(r"@Resource[star] StringLike 'a\*c'");
    no(r"@Resource[name1] StringLike 'a\*c?'");
}

#[test]
fn cross_products_as_the_documentation_has_them() {
    yes("@Resource[colours] ForAnyOfAnyValues:StringEquals {'blue', 'green'}");
    no("@Resource[colours] ForAnyOfAnyValues:StringEquals {'orange', 'green'}");
    yes("@Resource[colours] ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}");
    no("@Resource[colours] ForAllOfAnyValues:StringEquals {'red', 'green'}");
    yes("{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}");
    no("{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}");
    yes("{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}");
    no("@Resource[numbers] ForAllOfAllValues:NumericLessThan {15, 25, 30}");
    yes("NAME ForAnyOfAnyValues:StringLikeIgnoreCase {'frontend/*', 'BACKEND/*'}");
    yes("{1, 2} ForAnyOfAnyValues:NumericGreaterThanEquals {-2}");
}

#[test]
fn guids_and_booleans_compare_by_meaning() {
    yes("7F951DDA-4ed3-4680-a7ca-43fe172d538d GuidEquals '7f951dda4ed34680a7ca43fe172d538d'");
    no("{7f951dda-4ed3-4680-a7ca-43fe172d538d} ForAnyOfAllValues:GuidNotEquals {7f951dda-4ed3-4680-a7ca-43fe172d538d}");
    yes("@Resource[secret] boolequals true");
    no("@Resource[secret] BoolNotEquals TRUE");
    unknown("@Resource[name1] BoolEquals true", "cannot compare `abcd`");
    unknown("NAME GuidEquals 'x'", "cannot compare");
    unknown("NAME NumericEquals 1", "cannot compare");
}

#[test]
fn every_spelling_of_not_and_or() {
    yes("NOT NAME StringEquals 'x' AND not (NAME StringEquals 'y')");
    yes("!(NAME StringEquals 'x') && !(NAME StringEquals 'y')");
    yes("NAME StringEquals 'x' || NAME StringEquals 'backend/nginx'");
    yes("NAME StringEquals 'x' or NAME StringEquals 'y' OR NAME StringStartsWith 'b'");
    yes("!!(!(NAME StringEquals 'x'))");
    yes("Exists NAME");
    no("NOT Exists NAME");
    no("Exists @Resource[none]");
}

#[test]
fn what_is_not_known_only_matters_where_it_decides() {
    unknown("@Environment[UtcNow] DateTimeGreaterThan '2026-01-01T00:00:00.0Z'", "UtcNow");
    unknown("NAME DateTimeEquals '2026-01-01T00:00:00.0Z'", "`DateTimeEquals`");
    unknown("Exists @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:x]", "@Principal");
    unknown("SubOperationMatches{'Blob.List'}", "Blob.List");
    unknown("NAME ForAnyOfAnyValues:Frobnicate {'x'}", "Frobnicate");
    unknown("NAME ForSomeValues:StringEquals {'x'}", "ForSomeValues");
    unknown("NAME StringEquals {'a', 'b'}", "one value");
    no("NAME StringEquals 'x' AND SubOperationMatches{'y'}");
    yes("NAME StringStartsWith 'b' OR @Principal[x] StringEquals 'y'");
    yes("!(ActionMatches{'other'}) OR @Principal[x] StringEquals 'y'");
}

#[test]
fn and_and_or_without_parentheses_are_decided_only_if_every_reading_agrees() {
    let (t, f) = ("Exists NAME", "NOT Exists NAME");
    yes(&format!("{t} AND {t} OR {f}"));
    yes(&format!("{f} AND {f} OR {t}"));
    unknown(&format!("{t} OR {t} AND {f}"), "parentheses");
    yes(&format!("{t} OR ({t} AND {f})"));
    no(&format!("({t} OR {t}) AND {f}"));
}

#[test]
fn what_is_not_a_condition_is_unknown_and_never_panics() {
    unknown("", "ends too early");
    unknown("(", "ends too early");
    unknown("NAME StringEquals", "ends too early");
    unknown("NAME StringEquals 'x", "does not end");
    unknown("(NAME StringEquals 'x'))", "`)`");
    unknown("ActionMatches{}", "`}`");
    unknown("ActionMatches 'x'", "`x`");
    unknown("@Subject.Application == 'x'", "@Source[name]");
    unknown("@[x] StringEquals 'x'", "@Source[name]");
    unknown("NAME == 'x'", "`=`");
    unknown("NAME StringEquals \"x\"", "not understood");
    unknown(&"(".repeat(60_000), "nested deeper");
    unknown(&"!".repeat(60_000), "nested deeper");
    unknown(&"x".repeat(70_000), "longer than");
    unknown("é", "not understood");
}

#[test]
fn comparisons_are_listed_for_a_person() {
    let condition = format!(
        "!(ActionMatches{{'x'}}) OR (@Request[{NAME}] StringLike 'a/*' OR @Request[{NAME}] ForAnyOfAnyValues:StringEquals {{'b', 'c'}} OR @Resource[other] StringEquals 'd')"
    );
    assert_eq!(comparisons(&condition, NAME), ["StringLike 'a/*'", "ForAnyOfAnyValues:StringEquals {'b', 'c'}"]);
    assert!(comparisons("(", NAME).is_empty());
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_text_has_an_answer(text in ".{0,200}") {
            let _ = judged(&text, "x");
        }

        #[test]
        fn any_words_have_an_answer(words in proptest::collection::vec(
            proptest::sample::select(vec![
                "(", ")", "{", "}", ",", "!", "NOT", "AND", "OR", "&&", "'a'", "b", "7", "NAME",
                "ActionMatches", "Exists", "StringEquals", "ForAnyOfAnyValues:StringLike",
                "SubOperationMatches", "@Resource[x]", "true",
            ]), 0..40)
        ) {
            let _ = judged(&words.join(" "), "x");
        }
    }
}
