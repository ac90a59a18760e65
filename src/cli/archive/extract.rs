//! `scrub archive extract`: the filter without rules over a member of a set that has been checked. So what
//! is cut short ends with something that no client loads, as the filter's own output does.

use super::{given, input, running};
use crate::cli::args::{Extract, Resources, Saying, SetRules};
use crate::cli::job::{self, Given, To};
use crate::error::{Error, Result};
use crate::functions::Key;
use crate::plan::Choice;
use crate::sink;
use crate::testbed::Set;
use std::sync::Arc;

/// Hands out a dump or a settings file.
pub(super) fn run(args: Extract) -> Result<()> {
    let to = To {
        output: args.output.clone(),
        compress: args.compress,
        ..To::default()
    };
    let piped = to.is_piped();
    let ran = extract(args, to);
    let nothing_written = match &ran {
        Ok((begun, result)) => result.is_err() && !begun,
        Err(_) => true,
    };
    if nothing_written && piped {
        sink::spoil_pipe();
    }
    ran?.1
}

/// Did any byte leave, and how did it end?
fn extract(args: Extract, to: To) -> Result<(bool, Result<()>)> {
    let set = Set::find(&args.path)?;
    let component = set.component(&args.component)?;
    let member = match &args.member {
        None => &component.dump,
        Some(name) => {
            let mut settings = component.settings.iter();
            settings
                .find(|member| member.name == *name)
                .ok_or_else(|| {
                    let names: Vec<_> =
                        component.settings.iter().map(|m| m.name.as_str()).collect();
                    let error =
                        Error::usage(format!("component {} has no file {name}", component.name));
                    match names.is_empty() {
                        true => error.remedy("it has its dump only"),
                        false => {
                            error.remedy(format!("beside its dump it has {}", names.join(", ")))
                        }
                    }
                })?
        }
    };
    let source = set.check()?.open(component, member)?;
    let rules = SetRules::default();
    let input = input(&rules, &[], Some(member.dialect.clone()));
    let saying = Saying {
        quiet: true,
        verbose: false,
    };
    let to = To {
        output: to.output,
        compress: to.compress,
        ..given(Given {
            source: Some(source),
            choice: Some(Choice::Named(Vec::new())),
            key: Some(Arc::new(Key::random())),
            sink: None,
        })
    };
    let (report, result) = job::run(input, running(&saying, &Resources::default()), to)?;
    Ok((report.bytes_out > 0, result))
}
