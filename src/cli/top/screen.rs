//! What is shown, and what keys make of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::rows::{self, Sort, Table};
use crate::lang::Lang;
use crate::ops::overview::Overview;
use crate::ops::status::StatusError;
use crate::telemetry::causes;

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Troubles,
    Feeds,
    Subscribers,
    Processes,
}

impl Tab {
    pub(super) const ALL: [Self; 4] = [Self::Troubles, Self::Feeds, Self::Subscribers, Self::Processes];

    pub(super) const fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Troubles => lang.pick("troubles", "異常"),
            Self::Feeds => lang.pick("feeds", "フィード"),
            Self::Subscribers => lang.pick("subscribers", "配信先"),
            Self::Processes => lang.pick("processes", "プロセス"),
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Troubles => 0,
            Self::Feeds => 1,
            Self::Subscribers => 2,
            Self::Processes => 3,
        }
    }
}

/// All of it.
pub(super) struct Screen {
    pub(super) lang: Lang,
    pub(super) network: String,
    /// The network's, of all times that are shown.
    pub(super) zone: TimeZone,
    pub(super) tab: Tab,
    pub(super) sort: Sort,
    /// What names must contain.
    pub(super) filter: String,
    /// The filter is being typed.
    pub(super) typing: bool,
    /// The selected row is shown with all that is known of it.
    pub(super) details: bool,
    /// Of each tab.
    selected: [usize; 4],
    pub(super) overview: Option<Overview>,
    /// Why nothing new can be seen.
    pub(super) error: Option<String>,
}

impl Screen {
    pub(super) fn new(lang: Lang, network: String, zone: TimeZone) -> Self {
        Self {
            lang,
            network,
            zone,
            tab: Tab::Troubles,
            sort: Sort::Trouble,
            filter: String::new(),
            typing: false,
            details: false,
            selected: [0; 4],
            overview: None,
            error: None,
        }
    }

    /// Takes a new look, or why there is none.
    pub(super) fn seen(&mut self, looked: Result<Overview, StatusError>) {
        match looked {
            Ok(overview) => (self.overview, self.error) = (Some(overview), None),
            Err(error) => self.error = Some(causes(&error)),
        }
    }

    /// When it was looked last.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.overview.as_ref().map(|overview| overview.at)
    }

    /// The rows of the tab.
    pub(super) fn table(&self) -> Table {
        let Some(overview) = &self.overview else { return Table::default() };
        let mut table = rows::table(overview, self.tab, self.sort, self.lang);
        let wanted = self.filter.to_lowercase();
        table.rows.retain(|row| row.cells.iter().any(|cell| cell.to_lowercase().contains(&wanted)));
        table
    }

    /// The selected row of so many.
    pub(super) fn selected(&self, rows: usize) -> usize {
        let at = self.selected.get(self.tab.place()).copied().unwrap_or(0);
        at.min(rows.saturating_sub(1))
    }

    /// What a key does. False: it ends the program.
    pub(super) fn press(&mut self, key: KeyEvent) -> bool {
        if key.kind == KeyEventKind::Release {
            return true;
        }
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return false;
        }
        if self.typing {
            self.type_filter(key.code);
            return true;
        }
        match key.code {
            KeyCode::Char('q') => return false,
            KeyCode::Esc if self.details => self.details = false,
            KeyCode::Esc if !self.filter.is_empty() => self.filter.clear(),
            KeyCode::Enter => self.details = !self.details,
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Char(digit @ '1'..='4') => {
                let place = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(1);
                self.tab = Tab::ALL.get(place - 1).copied().unwrap_or(self.tab);
            }
            KeyCode::Tab | KeyCode::Right => self.turn(1),
            KeyCode::BackTab | KeyCode::Left => self.turn(Tab::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.select(|at| at + 1),
            KeyCode::Up | KeyCode::Char('k') => self.select(|at| at.saturating_sub(1)),
            KeyCode::PageDown => self.select(|at| at + 10),
            KeyCode::PageUp => self.select(|at| at.saturating_sub(10)),
            KeyCode::Home => self.select(|_| 0),
            KeyCode::End => self.select(|_| usize::MAX),
            _ => {}
        }
        true
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.typing = false;
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(character) => self.filter.push(character),
            _ => {}
        }
    }

    fn turn(&mut self, by: usize) {
        let place = (self.tab.place() + by) % Tab::ALL.len();
        self.tab = Tab::ALL.get(place).copied().unwrap_or(Tab::Troubles);
    }

    fn select(&mut self, to: impl Fn(usize) -> usize) {
        let rows = self.table().rows.len();
        let at = to(self.selected(rows)).min(rows.saturating_sub(1));
        if let Some(selected) = self.selected.get_mut(self.tab.place()) {
            *selected = at;
        }
    }
}
