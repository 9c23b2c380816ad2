use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::Span;

use super::screen::{Screen, Tab};
use super::{draw, plain};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::overview::{Overview, Usual};
use crate::ops::status;
use crate::pipeline::ProcessStatus;

/// The demo region with a few troubles.
fn overview() -> Overview {
    let (config, faults) = Config::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let config = config.unwrap_or_else(|| panic!("{faults:#?}"));
    let flow = r#"{"last_at":"2026-11-23T00:59:30Z","recent":50,"recent_seconds":300,"today":900}"#;
    let feeds: Vec<_> = config
        .feeds
        .iter()
        .map(|feed| format!(r#"{{"feed":"{}","accepted":7,"flow":{flow}}}"#, feed.settings.name))
        .collect();
    let mut more = [
        r#""parked":3,"parked_patients":2"#.to_owned(),
        r#""away":{"since":"2026-11-23T00:20:00Z","why":"Connection refused"}"#.to_owned(),
    ]
    .into_iter();
    let subscribers: Vec<_> = config
        .subscribers
        .iter()
        .map(|one| {
            let more = more.next().map(|more| format!(",{more}")).unwrap_or_default();
            format!(
                r#"{{"subscriber":"{}","delivered":7,"dead":0,"gone":false,"flow":{flow}{more}}}"#,
                one.name
            )
        })
        .collect();
    let process: ProcessStatus = serde_json::from_str(&format!(
        r#"{{"role":"run","names":[],"pid":7,"host":"hub1","since":"2026-11-22T00:00:00Z",
            "written_at":"2026-11-23T00:59:59Z","configuration":{{"hash":"abc","answers":[]}},
            "broker":{{"kind":"embedded","link":"up","since":"2026-11-22T00:00:00Z"}},"outboxes":[],
            "feeds":[{}],"subscribers":[{}],"queues":[]}}"#,
        feeds.join(","),
        subscribers.join(",")
    ))
    .unwrap();
    let queue = |queue: String, messages| {
        serde_json::from_value(serde_json::json!({ "queue": queue, "messages": messages })).unwrap()
    };
    let queues =
        vec![queue(format!("to.{}", config.subscribers[1].name), 120), queue("invalid".to_owned(), 9)];
    let seen = status::Overview {
        processes: vec![status::Process { state: status::State::Running, status: process }],
        queues: Some(queues),
        attention: Vec::new(),
    };
    let now: Timestamp = "2026-11-23T01:00:00Z".parse().unwrap();
    Overview::of(&config, &seen, &[], &Usual::default(), now)
}

fn screen(lang: Lang, keys: &[KeyCode]) -> Screen {
    let mut screen = Screen::new(lang, "shimane".to_owned(), TimeZone::UTC);
    screen.seen(Ok(overview()));
    for key in keys {
        assert!(screen.press(KeyEvent::new(*key, KeyModifiers::NONE)));
    }
    screen
}

/// What stands on a terminal of that size.
fn drawn(screen: &mut Screen, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw::draw(frame, screen)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in buffer.content().chunks(usize::from(width)) {
        let (mut line, mut columns) = (String::new(), row.iter());
        while let Some(cell) = columns.next() {
            line.push_str(cell.symbol());
            // The second column of a wide character.
            for _ in 1..Span::raw(cell.symbol()).width() {
                columns.next();
            }
        }
        assert!(Span::raw(line.as_str()).width() <= usize::from(width), "{line}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Compares with the file of that name; `BLESS=1` writes it.
fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/top/snapshots").join(name);
    // The clock of the head line is the machine's.
    let text = text.lines().enumerate().map(|(at, line)| match at {
        0 => format!("{}\n", masked(line)),
        _ => format!("{line}\n"),
    });
    let text: String = text.collect();
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default(), "{name}: BLESS=1 writes it");
}

fn masked(line: &str) -> String {
    line.split(' ')
        .map(|word| if word.matches(':').count() == 2 { "00:00:00" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_screen_fits_eighty_by_twenty_four_in_both_languages() {
    for (lang, code) in [(Lang::En, "en"), (Lang::Ja, "ja")] {
        check(&format!("troubles.{code}.txt"), &drawn(&mut screen(lang, &[KeyCode::Enter]), 80, 24));
        let keys = [KeyCode::Char('3'), KeyCode::Down, KeyCode::Enter];
        check(&format!("subscribers.{code}.txt"), &drawn(&mut screen(lang, &keys), 80, 24));
        check(&format!("feeds.{code}.txt"), &drawn(&mut screen(lang, &[KeyCode::Char('2')]), 80, 24));
        check(&format!("processes.{code}.txt"), &drawn(&mut screen(lang, &[KeyCode::Char('4')]), 80, 24));
        check(&format!("plain.{code}.txt"), &plain::text(&overview(), lang));
    }
}

#[test]
fn no_size_is_too_small() {
    for (width, height) in [(1, 1), (10, 3), (40, 5), (80, 8), (300, 100)] {
        drawn(&mut screen(Lang::Ja, &[KeyCode::Enter]), width, height);
    }
    drawn(&mut Screen::new(Lang::En, String::new(), TimeZone::UTC), 80, 24);
}

#[test]
fn keys_choose_sort_filter_and_end() {
    let seen = overview();
    let mut screen = screen(Lang::En, &[KeyCode::Tab, KeyCode::Right]);
    assert_eq!(screen.tab, Tab::Subscribers);
    let first = |screen: &Screen| screen.table().rows[0].cells[1].clone();
    // The worst first; then by name; then by what waits.
    assert_eq!(first(&screen), seen.subscribers[0].subscriber);
    screen.press(KeyEvent::from(KeyCode::Char('s')));
    let mut names: Vec<_> = seen.subscribers.iter().map(|one| one.subscriber.clone()).collect();
    names.sort();
    assert_eq!(first(&screen), names[0]);
    let all = names.len();
    let name = names.pop().unwrap();
    screen.press(KeyEvent::from(KeyCode::Char('/')));
    for letter in name.chars() {
        screen.press(KeyEvent::from(KeyCode::Char(letter)));
    }
    assert_eq!((first(&screen), screen.typing), (name, true));
    // What is typed is no command.
    assert!(screen.press(KeyEvent::from(KeyCode::Char('q'))) && screen.table().rows.is_empty());
    screen.press(KeyEvent::from(KeyCode::Esc));
    assert_eq!(screen.table().rows.len(), all);
    screen.press(KeyEvent::from(KeyCode::End));
    assert_eq!(screen.selected(all), all - 1);
    assert!(!screen.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(!screen.press(KeyEvent::from(KeyCode::Char('q'))));
}
