//! The documents' pages, and the code in them.

use std::fs;

use crate::support::{files_below, repository};

/// A Markdown file of the repository.
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) name: String,
    text: String,
}

/// What stands between two fences.
pub(crate) struct Block<'p> {
    /// What stands behind the opening fence: `console`, `toml fragment`, or nothing.
    pub(crate) language: &'p str,
    /// The number of the line of the opening fence.
    line: usize,
    /// Each line with its number in the page.
    pub(crate) lines: Vec<(usize, &'p str)>,
}

impl Block<'_> {
    /// All of it.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|(_, line)| format!("{line}\n")).collect()
    }
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        let text = fs::read_to_string(repository().join(name)).unwrap();
        Self { name: name.to_owned(), text }
    }

    /// The blocks of code, in their order.
    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let (mut blocks, mut open) = (Vec::new(), None::<Block<'_>>);
        for (number, line) in self.numbered() {
            match (line.trim_start().strip_prefix("```"), open.take()) {
                (Some(_), Some(block)) => blocks.push(block),
                (Some(language), None) => {
                    open = Some(Block { language: language.trim(), line: number, lines: Vec::new() })
                }
                (None, Some(mut block)) => {
                    block.lines.push((number, line));
                    open = Some(block);
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block of code has no end", self.name);
        blocks
    }

    /// What stands between two backticks on a line outside of the blocks, with the line's number.
    pub(crate) fn spans(&self) -> Vec<(usize, &str)> {
        self.outside()
            .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |span| (number, span)))
            .collect()
    }

    /// The headings of a level (`### `), each with the blocks up to the next one.
    pub(crate) fn sections(&self, level: &str) -> Vec<(&str, Vec<Block<'_>>)> {
        let mut sections: Vec<_> = self
            .outside()
            .filter_map(|(number, line)| Some((number, line.strip_prefix(level)?, Vec::new())))
            .collect();
        for block in self.blocks() {
            if let Some((.., blocks)) = sections.iter_mut().rfind(|(number, ..)| *number < block.line) {
                blocks.push(block);
            }
        }
        sections.into_iter().map(|(_, heading, blocks)| (heading, blocks)).collect()
    }

    /// The lines outside of the blocks.
    fn outside(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut is_inside = false;
        self.numbered().filter(move |(_, line)| {
            let is_fence = line.trim_start().starts_with("```");
            is_inside ^= is_fence;
            !is_inside && !is_fence
        })
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// All pages that people read.
pub(crate) fn all() -> Vec<Page> {
    let below = ["docs", "fixtures"].map(|folder| files_below(&repository().join(folder)));
    let below = below.iter().flatten().map(|path| path.strip_prefix(repository()).unwrap().to_str().unwrap());
    let top = ["README.md", "README.ja.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
    let pages =
        top.into_iter().chain(below.filter(|name| name.ends_with(".md") && !name.ends_with("/about.md")));
    pages.map(Page::read).collect()
}
