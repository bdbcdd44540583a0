//! `pullgate triage --check`: the gate for the images that a text names.

use clap::Parser;

use super::{context, gate, run};
use crate::cli::{self, Cli, Command, Output};
use crate::document::bytes::Encoding;
use crate::load;
use crate::manifest;
use crate::report::Format;
use crate::run::RunError;
use crate::triage::Triage;

/// How many images are judged; a log has few causes and may have many images.
const MOST: usize = 8;
/// What stands where a report names a file.
const LABEL: &str = "<triage>";

/// Judges the images that were found, or the manifest that the options name; the number is the exit code.
///
/// # Errors
/// Options that `check` does not have, a text that names no image, or what [`gate`] gives.
pub fn triaged(options: &cli::Triage, triage: &Triage) -> Result<u8, RunError> {
    let check = parsed(options)?;
    if !check.input.manifests.is_empty() || check.app.is_some() || check.job.is_some() {
        return gate(&check);
    }
    let images = triage.images();
    if images.is_empty() {
        let help = "no line names an image that could be judged; name it: `pullgate check app.yaml --image REF`";
        return Err(RunError::Usage(help.to_owned()));
    }
    let text = manifest_of(&images[..images.len().min(MOST)]);
    run(&check, |_, config, sources| {
        let file = sources.add(LABEL, text);
        let mut documents = vec![load::document(LABEL.to_owned(), file, Encoding::Utf8, sources)?];
        let cloud = check.input.context.cloud.or(config.cloud).unwrap_or_default();
        let context = context(&check.input.context, cloud);
        let manifest = manifest::read(&mut documents, &manifest::Options { context, ..manifest::Options::default() });
        Ok((manifest, documents))
    })
}

fn parsed(options: &cli::Triage) -> Result<Box<cli::Check>, RunError> {
    let words = ["pullgate", "check"].into_iter().chain(options.options.iter().map(String::as_str));
    let mut check = match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(Command::Check(check)) => check,
        Ok(_) => unreachable!("the second word is `check`"),
        Err(error) => return Err(RunError::Usage(error.to_string().trim_start_matches("error: ").to_owned())),
    };
    // Who reads JSON gets nothing else on the console.
    if options.format == Output::Json && check.report.iter().all(|(_, path)| path.is_some()) {
        check.report.push((Format::Json, None));
    }
    Ok(check)
}

/// A Container Apps file with these images. It leaves the registries out, as a file for an update does: how the app logs in
/// is not in the text, so what depends on it stays unverified and is not called missing.
fn manifest_of(images: &[&str]) -> String {
    let mut text = "# the images that the text names\nname: triage\ntemplate:\n  containers:\n".to_owned();
    for (at, image) in images.iter().enumerate() {
        let image = serde_json::Value::from(*image);
        text += &format!("  - name: image-{}\n    image: {image}\n", at + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_one_text_whatever_it_holds() {
        let text = manifest_of(&["acme.azurecr.io/api:v1", "x: y # \"z\"\n- a"]);
        assert!(text.ends_with(
            "  - name: image-1\n    image: \"acme.azurecr.io/api:v1\"\n  - name: image-2\n    image: \"x: y # \\\"z\\\"\\n- a\"\n"
        ));
    }
}
