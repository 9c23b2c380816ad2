//! Every command that the documents show is run, in a copy of the demo region.
//!
//! In a block ```` ```console ```` the lines that begin with `$ ` are commands for bash. A page has a folder of its own,
//! in which its commands run one after the other; what the page shows below a command is not compared. `# exit 65`
//! behind a command is the exit code that it is to have. What can't run there (it needs a server, a second terminal,
//! RabbitMQ) stands in a block ```` ```text ````.

use std::path::Path;
use std::process::{Command, Output};

use super::pages::{self, Block, Page};
use crate::support::process::ToItsEnd;
use crate::support::{HubFolder, copy_tree, repository};

/// How long a command may take; a machine that does other things too needs more than a person would wait.
const SECONDS: &str = "180";
/// What `timeout` ends with where it had to end something.
const TIMED_OUT: i32 = 124;
/// Lines of the output that are told where a command came out wrong.
const SHOWN: usize = 40;

/// Parts of the documents, by how their names begin. Each has a test, so that they run at the same time.
const PARTS: [&str; 5] = ["README", "docs/integrate/", "docs/operate/", "docs/services/", "docs/subscribe/"];

#[test]
fn every_command_of_the_readme_runs() {
    run_all(PARTS[0]);
}

#[test]
fn every_command_for_integrators_runs() {
    run_all(PARTS[1]);
}

#[test]
fn every_command_for_operators_runs() {
    run_all(PARTS[2]);
}

#[test]
fn every_command_of_the_services_runs() {
    run_all(PARTS[3]);
}

#[test]
fn every_command_for_subscribers_runs() {
    run_all(PARTS[4]);
}

#[test]
fn no_command_is_left_out() {
    let mut faults = Vec::new();
    for page in pages::all() {
        let is_run = PARTS.iter().any(|part| page.name.starts_with(part));
        for block in page.blocks() {
            let is_console = block.language == "console";
            let mut commands = block.lines.iter().filter(|(_, line)| line.starts_with("$ "));
            let bare = |line: &str| line.starts_with("$ ") || line.starts_with("musubi ");
            if let Some((line, _)) = commands.next().filter(|_| is_console && !is_run) {
                faults.push(format!("{}:{line}: no test runs the commands of this page", page.name));
            }
            let unclear = block.lines.iter().find(|(_, line)| block.language.is_empty() && bare(line));
            if let Some((line, text)) = unclear {
                faults.push(format!(
                    "{}:{line}: say ```console (it is run) or ```text (it can't be): {text}",
                    page.name
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// One command of a page.
#[derive(Debug, PartialEq)]
struct Shown {
    line: usize,
    text: String,
    /// The exit code that it is to have.
    exit: i32,
}

/// Runs the commands of all pages of a part.
fn run_all(part: &str) {
    let pages = pages::all().into_iter().filter(|page| page.name.starts_with(part));
    let faults: Vec<_> = pages.filter_map(|page| run(&page).err()).collect();
    assert!(
        faults.is_empty(),
        "{} pages show commands that came out wrong.\n\n{}\nWhat can't run in a copy of the demo region stands in a block \
         ```text; an exit code other than 0 is told by `# exit N` behind the command.",
        faults.len(),
        faults.join("\n")
    );
}

/// Runs the commands of a page up to the first that comes out wrong.
fn run(page: &Page) -> Result<(), String> {
    let blocks = page.blocks();
    let shown: Vec<_> =
        blocks.iter().filter(|block| block.language == "console").flat_map(commands).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let region = HubFolder::network();
    for folder in ["samples", "schemas", "scripts"] {
        copy_tree(&repository().join(folder), &region.path(folder));
    }
    for (index, command) in shown.iter().enumerate() {
        let output = command.run(&region.path(""));
        let code = output.status.code();
        if code != Some(command.exit) {
            let left = shown.len() - index - 1;
            return Err(format!("{}:{}: {}", page.name, command.line, told(command, &output, left)));
        }
    }
    Ok(())
}

/// The commands of a block. One that ends with a backslash goes on in the next line.
fn commands(block: &Block<'_>) -> Vec<Shown> {
    let mut lines = block.lines.iter();
    let mut commands = Vec::new();
    while let Some((line, text)) = lines.next() {
        let Some(text) = text.strip_prefix("$ ") else { continue };
        let mut text = text.replace("cargo run --release -- ", "musubi ");
        while text.ends_with('\\')
            && let Some((_, more)) = lines.next()
        {
            text = format!("{text}\n{more}");
        }
        let exit = text.rsplit_once("# exit ").and_then(|(_, code)| code.trim().parse().ok());
        commands.push(Shown { line: *line, text, exit: exit.unwrap_or(0) });
    }
    commands
}

impl Shown {
    fn run(&self, folder: &Path) -> Output {
        let binaries = Path::new(env!("CARGO_BIN_EXE_musubi")).parent().unwrap();
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", SECONDS, "bash", "-c", &self.text]).current_dir(folder);
        command.env("PATH", path).env("LANG", "C.UTF-8").env_remove("RUST_LOG");
        command.env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command.to_its_end()
    }
}

fn told(command: &Shown, output: &Output, left: usize) -> String {
    let came_out = match output.status.code() {
        Some(TIMED_OUT) => format!("it did not end within {SECONDS} s"),
        Some(code) => format!("it ended with {code}, expected was {}", command.exit),
        None => format!("{}", output.status),
    };
    let printed = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let printed: Vec<_> = printed.iter().flat_map(|text| text.lines()).collect();
    let last = printed.get(printed.len().saturating_sub(SHOWN)..).unwrap_or_default();
    let last: String = last.iter().map(|line| format!("    {line}\n")).collect();
    let text = &command.text;
    format!("{came_out}\n  $ {text}\n  it printed:\n{last}  {left} later commands of the page were not run\n")
}
