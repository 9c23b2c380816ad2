//! The screen, drawn. Eighty columns and twenty-four lines are enough.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Paragraph, Row, Table, TableState, Wrap};

use super::rows;
use super::screen::{Screen, Tab};
use crate::ops::overview::{Overview, Severity};

/// Lines of the details.
const DETAILS: u16 = 10;

pub(super) fn draw(frame: &mut Frame, screen: &mut Screen) {
    let table = screen.table();
    let details = if screen.details { DETAILS } else { 0 };
    let [head, tabs, body, more, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(details),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title(screen), head);
    frame.render_widget(self::tabs(screen), tabs);
    let selected = screen.selected(table.rows.len());
    if let Some(row) = table.rows.get(selected).filter(|_| screen.details) {
        frame.render_widget(self::details(row), more);
    }
    if table.rows.is_empty() {
        frame.render_widget(empty(screen), body);
    } else {
        rows(frame, &table, selected, body);
    }
    frame.render_widget(keys(screen), foot);
}

fn title(screen: &Screen) -> Line<'_> {
    let lang = screen.lang;
    let time = screen.at().map(|at| at.to_zoned(screen.zone.clone()).strftime("%H:%M:%S").to_string());
    let mut spans = vec![
        Span::styled("musubi top", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!("  {}  {}", screen.network, time.unwrap_or_default())),
    ];
    if let Some(overview) = &screen.overview {
        for severity in [Severity::Alarm, Severity::Warning] {
            let count = overview.troubles.iter().filter(|trouble| trouble.severity == severity).count();
            let style = if count > 0 { style(Some(severity)) } else { Style::new() };
            spans.push(Span::styled(format!("  {} {count}", severity.word(lang)), style));
        }
        spans.push(Span::raw(format!(
            "  {} {}  {} {}",
            lang.pick("to route", "振分待ち"),
            number(overview.ingest.messages),
            lang.pick("invalid", "不正"),
            number(overview.invalid.messages)
        )));
    }
    Line::from(spans)
}

fn number(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

fn tabs(screen: &Screen) -> Line<'_> {
    let count = |tab, overview: &Overview| match tab {
        Tab::Troubles => overview.troubles.len(),
        Tab::Feeds => overview.feeds.len(),
        Tab::Subscribers => overview.subscribers.len(),
        Tab::Processes => overview.processes.len(),
    };
    let spans = (1..).zip(Tab::ALL).flat_map(|(digit, tab)| {
        let count = screen.overview.as_ref().map_or(0, |overview| count(tab, overview));
        let style = match tab == screen.tab {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        [Span::styled(format!(" {digit} {} {count} ", tab.title(screen.lang)), style), Span::raw(" ")]
    });
    Line::from(spans.collect::<Vec<_>>())
}

fn rows(frame: &mut Frame, table: &rows::Table, selected: usize, area: Rect) {
    let widths = table.head.iter().map(|(_, width)| match width {
        0 => Constraint::Min(12),
        width => Constraint::Length(*width),
    });
    let head = table.head.iter().map(|(name, _)| Cell::from(*name));
    let head = Row::new(head).style(Style::new().add_modifier(Modifier::UNDERLINED));
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| Cell::from(cell.as_str()));
        Row::new(cells).style(style(row.severity))
    });
    let widget = Table::new(rows, widths).header(head).column_spacing(1);
    let widget = widget.row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    frame.render_stateful_widget(widget, area, &mut TableState::new().with_selected(selected));
}

fn details(row: &rows::Row) -> Paragraph<'_> {
    let line = |(word, text): &(&'static str, String)| {
        Line::from(vec![
            Span::styled(format!("{word}: "), Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(text.clone()),
        ])
    };
    let lines = row.details.iter().map(line).collect::<Vec<_>>();
    Paragraph::new(Text::from(lines)).wrap(Wrap { trim: false })
}

fn empty(screen: &Screen) -> Paragraph<'_> {
    let text = match &screen.overview {
        None => screen.lang.pick("looking …", "確認中…"),
        Some(_) if !screen.filter.is_empty() => screen.lang.pick("nothing fits the filter", "該当なし"),
        Some(_) if screen.tab == Tab::Troubles => screen.lang.pick("all is well", "異常はありません"),
        Some(_) => screen.lang.pick("nothing", "なし"),
    };
    Paragraph::new(text)
}

fn keys(screen: &Screen) -> Line<'_> {
    let lang = screen.lang;
    if let Some(error) = &screen.error {
        return Line::styled(error.as_str(), style(Some(Severity::Alarm)));
    }
    if screen.typing || !screen.filter.is_empty() {
        let cursor = if screen.typing { "_" } else { "" };
        let hint = lang.pick("Esc: all", "Esc: 全件");
        return Line::raw(format!("{}: {}{cursor}   {hint}", lang.pick("filter", "絞込み"), screen.filter));
    }
    let sort = screen.sort.word(lang);
    Line::raw(match lang {
        crate::lang::Lang::En => {
            format!("1-4 tabs  ↑↓ select  Enter details  s sort: {sort}  / filter  q quit")
        }
        crate::lang::Lang::Ja => {
            format!("1-4 切替  ↑↓ 選択  Enter 詳細  s 並べ替え: {sort}  / 絞込み  q 終了")
        }
    })
}

fn style(severity: Option<Severity>) -> Style {
    match severity {
        Some(Severity::Alarm) => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Some(Severity::Warning) => Style::new().fg(Color::Yellow),
        Some(Severity::Notice) | None => Style::new(),
    }
}
