//! Pieces of pages: one file each, without script and without anything to load.

/// A page around its body. `style` may add to the one that all pages share.
pub(super) fn page(lang: &str, title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n",
        include_str!("desk.css"),
    )
}

/// A table; the cells are HTML already. Each row has a class of its own, or none.
pub(super) fn table(titles: &[&str], rows: impl IntoIterator<Item = (&'static str, Vec<String>)>) -> String {
    let head: String = titles.iter().map(|title| format!("<th>{title}</th>")).collect();
    let mut html = format!("<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n");
    for (class, cells) in rows {
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        html.push_str(&format!("<tr{class}>{cells}</tr>\n"));
    }
    html.push_str("</tbody>\n</table>\n");
    html
}

/// Numbers with what they count.
pub(super) fn numbers<'n>(numbers: impl IntoIterator<Item = (&'n str, usize, bool)>) -> String {
    let one = |(word, number, warns): (&str, usize, bool)| {
        let class = if warns && number > 0 { " class=\"warns\"" } else { "" };
        format!("<li{class}><strong>{number}</strong> {word}</li>")
    };
    let all: String = numbers.into_iter().map(one).collect();
    format!("<ul class=\"numbers\">{all}</ul>\n")
}

/// Text with the characters that mean something in HTML written as references.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
