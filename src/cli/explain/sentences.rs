//! The argument in sentences.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::inspect::{is_of_kind, line, listed};
use super::super::paint::{Paint, visible};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::denied;
use crate::ops::explain::{Difference, Explained, Needed, Now, Past, Record, Search};
use crate::ops::inspect::{ClauseSeen, RecipientDecision, hint};

/// Clauses of one route that are told before the last.
const CLAUSES_MAX: usize = 12;

/// The answer, then what it rests on.
pub(super) fn text(explained: &Explained, config: &Config, lang: Lang, paint: Paint) -> String {
    let mut argument = Argument { out: String::new(), lang, paint, zone: config.hub.timezone.clone() };
    argument.answer(explained);
    if let Some(past) = &explained.then {
        argument.past(past);
    }
    match (&explained.now, &explained.search) {
        (Some(now), _) => argument.now(now, explained),
        (None, Some(search)) => argument.not_found(search),
        (None, None) => {}
    }
    argument.differences(explained);
    argument.out
}

struct Argument {
    out: String,
    lang: Lang,
    paint: Paint,
    zone: TimeZone,
}

impl Argument {
    fn say(&mut self, en: String, ja: String) {
        let text = match self.lang {
            Lang::En => en,
            Lang::Ja => ja,
        };
        self.out.push_str(&format!("{text}\n"));
    }

    fn title(&mut self, en: &str, ja: &str) {
        let title = self.paint.title(match self.lang {
            Lang::En => en,
            Lang::Ja => ja,
        });
        self.out.push_str(&format!("\n{title}\n"));
    }

    fn answer(&mut self, explained: &Explained) {
        let Explained { subscriber, message, facility, .. } = explained;
        let whose = facility.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        let message = visible(message, 400);
        if explained.gets {
            let (yes, ja) = (self.paint.good("gets"), self.paint.good("配信されます"));
            self.say(
                format!("{subscriber}{whose} {yes} {message}."),
                format!("{message} は {subscriber}{whose} に{ja}。"),
            );
        } else {
            let (no, ja) = (self.paint.bad("does not get"), self.paint.bad("配信されません"));
            self.say(
                format!("{subscriber}{whose} {no} {message}."),
                format!("{message} は {subscriber}{whose} に{ja}。"),
            );
        }
    }

    fn now(&mut self, now: &Now, explained: &Explained) {
        let none = || "—".to_owned();
        let (feed, source) = (now.feed.clone().unwrap_or_else(none), now.source.clone().unwrap_or_else(none));
        let event = now.event_type.clone().unwrap_or_else(none);
        let data_type = now.data_type.as_ref().map(|word| format!(" ({word})")).unwrap_or_default();
        let at = self.time(now.at);
        if explained.then.is_some() {
            self.title(&format!("Now ({at}):"), &format!("現在（{at}）:"));
        }
        self.say(
            format!(
                "It comes by feed {feed} from facility {source}{data_type}, and makes the event {event}."
            ),
            format!(
                "フィード {feed}、施設 {source} からのメッセージ{data_type}で、イベント {event} になります。"
            ),
        );
        if now.feed.is_none() {
            self.say(
                "No feed holds that file: --feed says by which it would come; without it no facility is known.".to_owned(),
                "このファイルを含むフィードがありません。--feed で指定してください（指定しないと施設が不明です）。".to_owned(),
            );
        }
        if let Some(fault) = &now.refused {
            let [en, ja] = hint(&fault.code).unwrap_or_default();
            self.say(
                format!("The hub would refuse it: {} ({}, {}). {en}", fault.reason, fault.code, fault.place),
                format!("受け付けられません: {}（{}、{}）。{ja}", fault.reason, fault.code, fault.place),
            );
        }
        self.routes(now, &explained.subscriber);
        self.records(&now.records, now.at);
        self.needed(&now.needed);
    }

    fn routes(&mut self, now: &Now, subscriber: &str) {
        let (named, others) = (now.routes.len(), now.other_routes);
        self.say(
            format!("{named} routes name {subscriber}; {others} others do not."),
            format!("{subscriber} を配信先とする経路は {named}、その他の経路は {others} です。"),
        );
        let (kinds, told): (Vec<_>, Vec<_>) = now.routes.iter().partition(|decision| is_of_kind(decision));
        for decision in told {
            self.route(decision);
        }
        if !kinds.is_empty() {
            let names: Vec<_> = kinds.iter().map(|decision| decision.route.as_str()).collect();
            let names = names.join(", ");
            self.say(
                format!("About other kinds or changes, and so not asked further: {names}."),
                format!("他の種別・変更が対象のため該当しない経路: {names}"),
            );
        }
    }

    fn route(&mut self, decision: &RecipientDecision) {
        let line = line(decision.route_line);
        self.title(&format!("Route {}{line}:", decision.route), &format!("経路 {}{line}:", decision.route));
        let surplus = decision.clauses.len().saturating_sub(CLAUSES_MAX);
        for (index, clause) in decision.clauses.iter().enumerate() {
            let is_last = index + 1 == decision.clauses.len();
            if index < CLAUSES_MAX || is_last {
                self.clause(clause);
            }
        }
        let left = decision.clauses_left_out + surplus.saturating_sub(1);
        if left > 0 {
            self.say(format!("  … {left} clauses are not told."), format!("  … {left} 件の条件は省略。"));
        }
        let (at, reason) = (self::line(decision.line), decision.reason.as_deref().unwrap_or_default());
        match decision.outcome {
            "receives" => self.granted(decision),
            "not-addressed" => self.say(
                format!("  It takes it, but the message is addressed to others{at}."),
                format!("  該当しますが、宛先が他の施設です{at}。"),
            ),
            "denied" | "served-by" => self.say(
                format!("  It takes it, but the subscriber {reason}{at}."),
                format!("  該当しますが、{}{at}", denied::told(reason, Lang::Ja)),
            ),
            _ => self.say(
                "  So the route does not take it.".to_owned(),
                "  したがって、この経路は該当しません。".to_owned(),
            ),
        }
    }

    fn clause(&mut self, clause: &ClauseSeen) {
        let ClauseSeen { place, clause, verdict, line } = clause;
        let line = self::line(*line);
        let (en, ja) = match *verdict {
            "true" => ("holds", "成立"),
            "false" => ("does not hold", "不成立"),
            _ => (
                "can't be decided: the field is absent, or of another type",
                "判定不能（項目がないか型が異なる）",
            ),
        };
        let text = format!("{place}: {clause}");
        self.say(format!("  {text} — {en}{line}."), format!("  {text} — {ja}{line}"));
    }

    fn granted(&mut self, decision: &RecipientDecision) {
        let purpose = decision.purpose.map(|purpose| format!(" / {purpose}")).unwrap_or_default();
        let (basis, topic) = (decision.basis, &decision.topic);
        self.say(
            format!("  So it is sent, on the basis {basis}{purpose}, as topic {topic}."),
            format!("  したがって、根拠 {basis}{purpose}、トピック {topic} として送出されます。"),
        );
        for ground in &decision.grounds {
            let from = ground.from.map(|at| self.time(at)).unwrap_or_default();
            let until = ground.until.map(|at| self.time(at));
            let facility = ground.facility.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let (en, ja) = match until {
                Some(until) => (format!("until {until}"), format!("{until} まで")),
                None => ("without an end".to_owned(), "期限なし".to_owned()),
            };
            self.say(
                format!("    It rests on {}{facility}, from {from} {en}.", ground.fact),
                format!("    根拠の登録: {}{facility}、{from} から{ja}", ground.fact),
            );
        }
        let Some(copy) = &decision.copy else { return };
        match &decision.disclosure {
            Some(name) => {
                let (fields, kept) = (listed(&copy.fields), listed(&copy.kept_back));
                self.say(
                    format!("  Disclosure {name} lets out: {fields}. Kept back: {kept}."),
                    format!("  開示範囲 {name} で送出: {fields}。送出しない: {kept}"),
                );
            }
            None if decision.withheld.is_empty() => {
                let (form, bytes) = (decision.send, copy.bytes);
                self.say(
                    format!("  The whole leaves ({form}, {bytes} bytes)."),
                    format!("  全体を送出します（{form}、{bytes} バイト）。"),
                );
            }
            None => {}
        }
        if !decision.withheld.is_empty() {
            let (words, kept) = (decision.withheld.join(", "), listed(&copy.kept_back));
            self.say(
                format!("  Sensitive, and left out: {words} ({kept})."),
                format!("  機微情報のため非開示: {words}（{kept}）"),
            );
        }
    }

    fn records(&mut self, records: &[Record], at: Timestamp) {
        if records.is_empty() {
            return;
        }
        let day = self.time(at);
        self.title(&format!("In the registry ({day}):"), &format!("登録（{day}）:"));
        for Record { ground, what, in_force } in records {
            let from = ground.from.map(|at| self.time(at)).unwrap_or_default();
            let until = ground.until.map(|at| self.time(at)).unwrap_or_default();
            let what = what.as_ref().map(|what| format!(" {what}")).unwrap_or_default();
            let facility = ground.facility.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            let (en, ja) = if *in_force { ("in force", "有効") } else { ("not in force", "無効") };
            let told = format!("{}{what}{facility}, {from} – {until}", ground.fact);
            self.say(format!("  {told}: {en}."), format!("  {told}: {ja}"));
        }
    }

    fn needed(&mut self, needed: &[Needed]) {
        if needed.is_empty() {
            return;
        }
        self.title("For it to be delivered:", "配信されるために必要なこと:");
        for Needed { route, line, text: [en, ja], command } in needed {
            let of =
                route.as_ref().map(|route| format!("{route}{}: ", self::line(*line))).unwrap_or_default();
            self.say(format!("  {of}{en}."), format!("  {of}{ja}。"));
            if let Some(command) = command {
                self.out.push_str(&format!("    {command}\n"));
            }
        }
    }

    fn past(&mut self, past: &Past) {
        let at = self.time(past.at);
        self.title(&format!("Then ({at}):"), &format!("当時（{at}）:"));
        let (kind, change) = (&past.kind, &past.change);
        match &past.granted {
            Some(granted) => {
                let purpose =
                    granted.purpose.as_ref().map(|purpose| format!(" / {purpose}")).unwrap_or_default();
                let (route, basis) = (&granted.route, &granted.basis);
                self.say(
                    format!(
                        "The event {kind}.{change} went out by route {route}, on the basis {basis}{purpose}."
                    ),
                    format!(
                        "イベント {kind}.{change} は経路 {route}、根拠 {basis}{purpose} で送出されました。"
                    ),
                );
            }
            None => self.say(
                format!("The event {kind}.{change} did not go to it."),
                format!("イベント {kind}.{change} は配信対象ではありませんでした。"),
            ),
        }
        for denied in &past.denials {
            let (route, clause) = (&denied.route, &denied.clause);
            let ja = denied::told(clause, Lang::Ja);
            self.say(
                format!("  Route {route} was denied: {clause}."),
                format!("  経路 {route} は不可: {ja}"),
            );
        }
        for copy in &past.copies {
            let (at, step) = (self.time(copy.at), copy.step);
            let code = copy.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
            let ja = match step {
                "delivered" => "配信済",
                "parked" => "保留",
                "withdrawn" => "同意撤回",
                _ => "不達",
            };
            self.say(format!("  {at}: {step}{code}."), format!("  {at}: {ja}{code}"));
        }
    }

    fn not_found(&mut self, search: &Search) {
        let (files, all) = (search.files, search.complete);
        let folders: Vec<_> = search.folders.iter().map(|folder| folder.display().to_string()).collect();
        let folders = folders.join(", ");
        let (en, ja) = if all { ("", "") } else { ("the first ", "先頭の") };
        self.title("Now:", "現在:");
        self.say(
            format!(
                "Its bytes are in none of {en}{files} files of {folders}: --file PATH names the file, and tells what would \
                 happen now."
            ),
            format!(
                "{folders} の{ja} {files} ファイルに該当するものがありません。--file パス を指定すると、現在の結果を表示します。"
            ),
        );
    }

    fn differences(&mut self, explained: &Explained) {
        if explained.then.is_none() || explained.now.is_none() {
            return;
        }
        self.title("What differs:", "相違点:");
        if explained.differences.is_empty() {
            self.say("  Nothing: it would be decided as it was.".to_owned(), "  ありません。".to_owned());
        }
        for Difference { what, then, now } in &explained.differences {
            let or = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
            let (then, now) = (or(then), or(now));
            self.say(
                format!("  {what}: then {then}, now {now}."),
                format!("  {what}: 当時 {then}、現在 {now}"),
            );
        }
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}
