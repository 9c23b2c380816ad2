//! Pages as text. Whatever comes from elsewhere goes through [`escape`].

use axum::http::header;
use axum::response::{Html, IntoResponse};

use super::words::Words;

/// Text that stands in an element or between double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole page.
pub(super) fn page(words: &Words, title: &str, body: &str) -> Html<String> {
    let (lang, title) = (words.lang, escape(title));
    Html(format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} - musubi</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"></head><body>{body}</body></html>"
    ))
}

/// A table.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |name: &str, cells: &[String]| -> String {
        cells.iter().map(|cell| format!("<{name}>{}</{name}>", escape(cell))).collect()
    };
    let head: Vec<_> = head.iter().map(|&cell| cell.to_owned()).collect();
    let rows: String = rows.iter().map(|row| format!("<tr>{}</tr>", cells("td", row))).collect();
    format!(
        "<div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table></div>",
        cells("th", &head)
    )
}

/// How pages look.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_comes_from_elsewhere_becomes_markup() {
        let table = table(&["a"], &[vec!["<script>\"'&".to_owned()]]);
        assert!(table.contains("&lt;script&gt;&quot;&#39;&amp;") && !table.contains("<script"), "{table}");
    }
}
