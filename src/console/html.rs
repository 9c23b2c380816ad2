//! Pieces of pages.

use maud::{Markup, html};

/// A table of texts.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> Markup {
    html! {
        div.wide {
            table {
                thead { tr { @for cell in head { th { (cell) } } } }
                tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_comes_from_elsewhere_becomes_markup() {
        let table = table(&["a"], &[vec!["<script>\"&".to_owned()]]).into_string();
        assert!(table.contains("&lt;script&gt;&quot;&amp;") && !table.contains("<script"), "{table}");
    }
}
