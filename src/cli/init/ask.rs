//! Asks the engineer what a sample does not say.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use super::{Arguments, Role};
use crate::envelope::{NOT_A_FACILITY_CODE, is_facility_code};
use crate::lang::Lang;
use crate::ops::init::{Proposal, is_feed_name};

/// What the engineer says.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) feed: Option<String>,
    pub(super) facility: Option<String>,
    pub(super) title: Option<String>,
    pub(super) roles: Vec<Role>,
}

impl Answers {
    /// What the flags say.
    pub(super) fn of(arguments: &Arguments) -> Self {
        let Arguments { feed, facility, title, role, .. } = arguments;
        let roles = if role.is_empty() { vec![Role::Disclosing] } else { role.clone() };
        Self { feed: feed.clone(), facility: facility.clone(), title: title.clone(), roles }
    }
}

/// Asks for the folder of the sample.
pub(super) fn sample(lang: Lang) -> io::Result<PathBuf> {
    let question =
        lang.pick("Folder with a sample of the hospital's output", "医療機関の出力サンプルがあるフォルダ");
    let mut stdin = io::stdin().lock();
    question_and_answer(question, None, &mut stdin, &mut io::stdout(), |text| {
        if text.is_empty() { Err(String::new()) } else { Ok(PathBuf::from(text)) }
    })
}

/// Asks what no flag says: the feed's name, the facility's code and its name.
pub(super) fn all(
    answers: &mut Answers,
    proposal: &Proposal,
    lang: Lang,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> io::Result<()> {
    if answers.facility.is_none() {
        let question = lang.pick("Code of the facility (10 digits)", "医療機関コード（10桁）");
        let seen = proposal.facility.as_ref().map(|chosen| chosen.code.as_str());
        let code = question_and_answer(question, seen, reader, writer, |text| {
            let fault = || format!("\"{text}\" {NOT_A_FACILITY_CODE}");
            if is_facility_code(text) { Ok(text.to_owned()) } else { Err(fault()) }
        })?;
        answers.facility = Some(code);
    }
    if answers.feed.is_none() {
        let question =
            lang.pick("Name of the feed (its file in feeds/)", "フィード名（feeds/ のファイル名）");
        let name = question_and_answer(question, Some(&proposal.feed), reader, writer, |text| {
            let rule = lang.pick(
                "lower-case letters, digits and hyphens, a letter or digit first",
                "英小文字、数字、ハイフン（先頭は英数字）で指定してください",
            );
            if is_feed_name(text) { Ok(text.to_owned()) } else { Err(rule.to_owned()) }
        })?;
        answers.feed = Some(name);
    }
    if answers.title.is_none() {
        let question = lang.pick("Name of the facility, for people (may stay empty)", "医療機関名（空欄可）");
        let title = question_and_answer(question, Some(""), reader, writer, |text| Ok(text.to_owned()))?;
        answers.title = Some(title).filter(|title| !title.is_empty());
    }
    Ok(())
}

/// Asks until the answer is good; an empty one stands for the default. The end of the input is an error.
fn question_and_answer<T>(
    question: &str,
    default: Option<&str>,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
    check: impl Fn(&str) -> Result<T, String>,
) -> io::Result<T> {
    loop {
        match default.filter(|text| !text.is_empty()) {
            Some(default) => write!(writer, "{question} [{default}]: ")?,
            None => write!(writer, "{question}: ")?,
        }
        writer.flush()?;
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"));
        }
        let text = line.trim();
        match check(if text.is_empty() { default.unwrap_or_default() } else { text }) {
            Ok(answer) => return Ok(answer),
            Err(fault) => writeln!(writer, "  {fault}")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_again_until_the_answer_is_good() {
        let mut said = Vec::new();
        let mut typed = b"abc\n3210100018\n".as_slice();
        let code = question_and_answer("code", None, &mut typed, &mut said, |text| {
            if is_facility_code(text) { Ok(text.to_owned()) } else { Err("no code".to_owned()) }
        });
        assert_eq!(code.unwrap(), "3210100018");
        assert_eq!(String::from_utf8(said).unwrap(), "code:   no code\ncode: ");
    }

    #[test]
    fn an_empty_line_takes_the_default_and_the_end_is_an_error() {
        let mut said = Vec::new();
        let plain = |text: &str| Ok::<_, String>(text.to_owned());
        let answer = question_and_answer("name", Some("izumo"), &mut b"\n".as_slice(), &mut said, plain);
        assert_eq!(answer.unwrap(), "izumo");
        assert!(question_and_answer("name", Some("izumo"), &mut b"".as_slice(), &mut said, plain).is_err());
    }
}
