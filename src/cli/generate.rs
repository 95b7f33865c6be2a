//! `--generate`: the man page and the shell completions, made from the arguments themselves.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Command, ValueEnum};
use clap_complete::Shell;

use super::Status;
use crate::jsonl::open_stdout;

/// What can be generated.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Generate {
    /// A man page in roff
    Man,
    /// Completion for bash
    CompletionBash,
    /// Completion for zsh
    CompletionZsh,
    /// Completion for fish
    CompletionFish,
}

/// The word after `--generate`. Looked for before the arguments are parsed, because those that a tool demands are
/// missing here.
pub(super) fn wanted(arguments: &[OsString]) -> Option<String> {
    let mut words =
        arguments.iter().skip(1).take_while(|word| *word != "--").map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        if word == "--generate" {
            return Some(words.next().unwrap_or_default().into_owned());
        }
        if let Some(value) = word.strip_prefix("--generate=") {
            return Some(value.to_owned());
        }
    }
    None
}

/// The command of a tool that the arguments name, with the names that a page of its own has; else the tool.
pub(super) fn named(mut tool: Command, arguments: &[OsString]) -> Command {
    tool.build();
    let found = arguments.iter().skip(1).find_map(|word| tool.find_subcommand(word)).cloned();
    found.unwrap_or(tool)
}

pub(super) fn generate(mut command: Command, arguments: &[OsString], wanted: &str) -> ExitCode {
    let name = command.get_name().to_owned();
    let mut page = Vec::new();
    let made = match Generate::from_str(wanted, false) {
        Ok(Generate::Man) => clap_mangen::Man::new(named(command, arguments)).render(&mut page),
        Ok(Generate::CompletionBash) => complete(Shell::Bash, &mut command, &mut page),
        Ok(Generate::CompletionZsh) => complete(Shell::Zsh, &mut command, &mut page),
        Ok(Generate::CompletionFish) => complete(Shell::Fish, &mut command, &mut page),
        Err(_) => {
            let known: Vec<&str> = ["man", "completion-bash", "completion-zsh", "completion-fish"].into();
            Err(io::Error::other(format!("--generate takes one of {}, not {wanted:?}", known.join(", "))))
        }
    };
    let status = match made.and_then(|()| open_stdout()).and_then(|()| io::stdout().write_all(&page)) {
        Ok(()) => Status::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
        Err(error) => {
            // Without stderr there is nobody to tell.
            let _ = writeln!(io::stderr(), "{name}: {error}");
            if error.kind() == io::ErrorKind::Other { Status::Usage } else { Status::Io }
        }
    };
    status.into()
}

fn complete(shell: Shell, command: &mut Command, page: &mut Vec<u8>) -> io::Result<()> {
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, command, name, page);
    Ok(())
}
