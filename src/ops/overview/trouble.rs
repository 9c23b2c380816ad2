//! What somebody should look at: each kind with its weight, its words, and what to do next. The one catalogue of them.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::fault::Whose;
use crate::lang::Lang;

/// How bad it is. The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Messages do not get through: now.
    Alarm,
    /// Something waits for a person: today.
    Warning,
    /// Good to know.
    Notice,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The hub as a whole.
    Hub,
    /// A process.
    Process,
    /// A feed, or several that share an outbox.
    Feed,
    /// A subscriber.
    Subscriber,
    /// A queue.
    Queue,
    /// A replay.
    Replay,
}

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Nothing runs on this data folder.
    NothingRuns,
    /// A process ended without saying so.
    ProcessGone,
    /// A process tells nothing any more.
    ProcessSilent,
    /// RabbitMQ is away.
    BrokerAway,
    /// RabbitMQ takes nothing.
    BrokerBlocked,
    /// The disk of the data folder is nearly full.
    DiskLow,
    /// An outbox is nearly full.
    OutboxFull,
    /// No process picks up from a feed.
    FeedNotServed,
    /// A feed can't go on.
    FeedFailing,
    /// A feed gives much less than it usually does: nothing.
    FeedSilent,
    /// What was accepted waits to be routed.
    RoutingBehind,
    /// No process delivers to a subscriber.
    SubscriberNotServed,
    /// Nothing gets to a subscriber.
    SubscriberAway,
    /// A subscriber wants no more.
    SubscriberGone,
    /// What waits for a subscriber has waited long.
    SubscriberBehind,
    /// Copies wait behind one that the subscriber refused.
    Parked,
    /// Copies were given up.
    Dead,
    /// Messages make no sense.
    Invalid,
    /// Copies met no queue.
    Unroutable,
    /// A new configuration was refused.
    ReloadRefused,
    /// Processes have different configurations.
    ConfigurationsDiffer,
    /// The broker does not say what waits.
    QueuesUnknown,
    /// An operator lets a subscriber's copies wait.
    Held,
    /// An operator lets a subscriber's copies about some patients wait.
    PatientsHeld,
    /// A replay is at work.
    ReplayRunning,
    /// A replay can't go on.
    ReplayFailed,
    /// A status file can't be read.
    StatusUnreadable,
}

/// What the catalogue says of a kind.
struct Entry {
    severity: Severity,
    /// Where no rule says otherwise.
    whose: Whose,
    subject: Subject,
    /// English, Japanese.
    text: (&'static str, &'static str),
    /// What to do next: English, Japanese.
    next: (&'static str, &'static str),
    /// Page of the console; `{}` stands for the name.
    page: &'static str,
    /// What to type; `{}` stands for the name.
    verb: &'static str,
}

impl What {
    #[expect(clippy::too_many_lines, reason = "a catalogue: one entry for each trouble")]
    const fn entry(self) -> Entry {
        use Severity::{Alarm, Notice, Warning};
        use Subject::{Feed, Hub, Process, Queue, Replay, Subscriber};
        use Whose::{Ours, Theirs, Way};
        let (severity, whose, subject, page, verb, text, next) = match self {
            Self::NothingRuns => (
                Alarm,
                Ours,
                Hub,
                "/",
                "musubi status",
                ("no process runs", "稼働中のプロセスがありません"),
                (
                    "start the hub; look at its log if it ends again",
                    "ハブを起動する。再び終了する場合はログを確認",
                ),
            ),
            Self::ProcessGone => (
                Alarm,
                Ours,
                Process,
                "/",
                "musubi status",
                ("a process ended without saying so", "プロセスが異常終了しました"),
                ("start it again; nothing is lost", "再起動する（データは失われていません）"),
            ),
            Self::ProcessSilent => (
                Alarm,
                Ours,
                Process,
                "/",
                "musubi status",
                ("a process says nothing any more", "プロセスの応答がありません"),
                ("look at the disk and the load, then start it again", "ディスクと負荷を確認し、再起動する"),
            ),
            Self::BrokerAway => (
                Alarm,
                Way,
                Process,
                "/queues",
                "musubi status",
                ("RabbitMQ is away", "RabbitMQ に接続できません"),
                (
                    "look at the server and the way to it; accepted messages wait on this disk",
                    "RabbitMQ と経路を確認する。受理したメッセージはこのディスクで待ちます",
                ),
            ),
            Self::BrokerBlocked => (
                Alarm,
                Ours,
                Process,
                "/queues",
                "musubi status",
                (
                    "RabbitMQ takes nothing: its memory or disk alarm is on",
                    "RabbitMQ が受付を停止しています（メモリまたはディスクの警報）",
                ),
                ("make room on the server", "RabbitMQ のメモリ・ディスクを空ける"),
            ),
            Self::DiskLow => (
                Alarm,
                Ours,
                Hub,
                "/",
                "musubi status",
                (
                    "the disk of the data folder is nearly full",
                    "データフォルダのディスクの空きが残りわずかです",
                ),
                ("make room, or shorten what is kept", "空きを作る。または保存期間を短くする"),
            ),
            Self::OutboxFull => (
                Alarm,
                Way,
                Feed,
                "/queues",
                "musubi status",
                ("the outbox is nearly full: its feeds pause", "送信待ちが上限に近く、取込みが止まります"),
                ("see that RabbitMQ takes messages again", "RabbitMQ の受付を回復させる"),
            ),
            Self::FeedNotServed => (
                Alarm,
                Ours,
                Feed,
                "/flows",
                "musubi feed list",
                ("no process picks up from this feed", "この取込みを行うプロセスがありません"),
                ("start an adapter for it", "adapter を起動する"),
            ),
            Self::FeedFailing => (
                Alarm,
                Way,
                Feed,
                "/flows",
                "musubi feed doctor {}",
                ("picking up fails", "取込みに失敗しています"),
                (
                    "make the source reachable; the next pass goes on by itself",
                    "取込み元に接続できるようにする。次の巡回で自動的に再開します",
                ),
            ),
            Self::FeedSilent => (
                Warning,
                Theirs,
                Feed,
                "/flows",
                "musubi feed doctor {}",
                (
                    "nothing comes, though usually something does at this hour",
                    "通常この時間帯に届くメッセージが届いていません",
                ),
                ("ask the facility whether its system sends", "施設に送信状況を確認する"),
            ),
            Self::RoutingBehind => (
                Alarm,
                Ours,
                Queue,
                "/queues",
                "musubi status",
                ("accepted messages wait to be routed", "受理したメッセージの振分けが滞っています"),
                ("look at the routers and the log", "router とログを確認する"),
            ),
            Self::SubscriberNotServed => (
                Alarm,
                Ours,
                Subscriber,
                "/queues",
                "musubi status",
                ("no process delivers to this subscriber", "この配信先へ配信するプロセスがありません"),
                ("start a deliverer for it", "deliver を起動する"),
            ),
            Self::SubscriberAway => (
                Alarm,
                Way,
                Subscriber,
                "/queues",
                "musubi status",
                ("nothing gets there; copies wait in order", "配信できません。順序を保って待機中です"),
                (
                    "whose fault it is says whom to ask; delivery goes on by itself",
                    "原因の側に確認する。回復すれば自動的に再開します",
                ),
            ),
            Self::SubscriberGone => (
                Alarm,
                Theirs,
                Subscriber,
                "/queues",
                "musubi status",
                ("the subscriber wants no more (410)", "配信先が受取りを終了しました (410)"),
                (
                    "ask it; take it out of routes.toml, or start the hub again",
                    "配信先に確認する。routes.toml から外すか、ハブを再起動する",
                ),
            ),
            Self::SubscriberBehind => (
                Warning,
                Theirs,
                Subscriber,
                "/queues",
                "musubi status",
                ("copies have waited long", "配信待ちが長く続いています"),
                ("see whether it takes as fast as messages come", "配信先の処理速度を確認する"),
            ),
            Self::Parked => (
                Warning,
                Theirs,
                Subscriber,
                "/parked",
                "musubi status",
                ("copies are parked behind refused ones", "拒否されたメッセージの後続を保留しています"),
                (
                    "ask the subscriber why it refuses; the hub tries again by itself",
                    "配信先に拒否の理由を確認する。再試行は自動です",
                ),
            ),
            Self::Dead => (
                Warning,
                Theirs,
                Subscriber,
                "/dead",
                "musubi dead {}",
                ("copies were given up", "不達のメッセージがあります"),
                (
                    "mend the cause, then send them again or discard them",
                    "原因を直してから再送または破棄する",
                ),
            ),
            Self::Invalid => (
                Warning,
                Theirs,
                Queue,
                "/invalid",
                "musubi invalid",
                ("messages make no sense", "不正なメッセージがあります"),
                (
                    "show the fault to the vendor, or mend the mapping and send them again",
                    "ベンダーに不備を伝える。または変換を直して再送する",
                ),
            ),
            Self::Unroutable => (
                Warning,
                Ours,
                Queue,
                "/queues",
                "musubi topology check",
                ("copies met no queue", "宛先キューのないメッセージがあります"),
                ("compare the topology and apply it", "トポロジーを確認して適用する"),
            ),
            Self::ReloadRefused => (
                Warning,
                Ours,
                Process,
                "/",
                "musubi check",
                (
                    "the new configuration was refused; the old one goes on",
                    "新しい設定は拒否され、旧設定で稼働中です",
                ),
                ("mend what it says and reload", "指摘を直して再読込みする"),
            ),
            Self::ConfigurationsDiffer => (
                Warning,
                Ours,
                Hub,
                "/",
                "musubi reload",
                ("processes run with different configurations", "プロセスごとに設定が異なります"),
                ("reload", "再読込みする"),
            ),
            Self::QueuesUnknown => (
                Warning,
                Way,
                Hub,
                "/queues",
                "musubi status",
                ("the broker does not say what waits", "キューの状態を取得できません"),
                ("look at the broker and the way to it", "ブローカーと経路を確認する"),
            ),
            Self::Held => (
                Notice,
                Ours,
                Subscriber,
                "/holds",
                "musubi hold",
                ("an operator lets its copies wait", "担当者が配信を停止中です"),
                ("release it once the reason is gone", "停止の理由がなくなったら再開する"),
            ),
            Self::PatientsHeld => (
                Notice,
                Ours,
                Subscriber,
                "/holds",
                "musubi hold",
                ("an operator lets copies about patients wait", "担当者が患者の配信を停止中です"),
                ("release them once the reason is gone", "停止の理由がなくなったら再開する"),
            ),
            Self::ReplayRunning => (
                Notice,
                Ours,
                Replay,
                "/replay/{}",
                "musubi replay show {}",
                ("a replay is at work", "再配信を実行中です"),
                ("nothing is to be done; it can be stopped", "対応は不要です（停止もできます）"),
            ),
            Self::ReplayFailed => (
                Warning,
                Ours,
                Replay,
                "/replay/{}",
                "musubi replay show {}",
                ("a replay failed", "再配信が失敗しました"),
                ("mend what it says, then resume it", "原因を直してから再開する"),
            ),
            Self::StatusUnreadable => (
                Notice,
                Ours,
                Process,
                "/",
                "musubi status",
                ("a status file can't be read", "状態ファイルが読めません"),
                ("remove it; its process writes it anew", "削除する。プロセスが書き直します"),
            ),
        };
        Entry { severity, whose, subject, text, next, page, verb }
    }
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// How bad it is.
    pub severity: Severity,
    /// What kind.
    pub what: What,
    /// Who has to do something.
    pub whose: Whose,
    /// Feed, subscriber, process or queue.
    pub name: String,
    /// Since when, RFC 3339, where that is known.
    pub since: Option<String>,
    /// How many messages it is about.
    pub count: Option<u64>,
    /// How many patients it is about, where that says more.
    pub patients: Option<u64>,
    /// Why, in the words of the hub, the system or the broker.
    pub reason: Option<String>,
}

impl Trouble {
    pub(super) fn of(what: What, name: impl Into<String>) -> Self {
        let Entry { severity, whose, .. } = what.entry();
        Self {
            severity,
            what,
            whose,
            name: name.into(),
            since: None,
            count: None,
            patients: None,
            reason: None,
        }
    }

    pub(super) fn since(self, since: Option<&str>) -> Self {
        Self { since: since.map(str::to_owned), ..self }
    }

    pub(super) fn because(self, reason: Option<String>) -> Self {
        Self { reason, ..self }
    }

    pub(super) fn of_patients(self, patients: u64) -> Self {
        Self { patients: Some(patients).filter(|patients| *patients > 0), ..self }
    }

    pub(super) fn counting(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.what.entry().subject
    }

    /// What is wrong.
    pub(crate) fn text(&self, lang: Lang) -> &'static str {
        let (en, ja) = self.what.entry().text;
        lang.pick(en, ja)
    }

    /// What to do next.
    pub(crate) fn next(&self, lang: Lang) -> &'static str {
        let (en, ja) = self.what.entry().next;
        lang.pick(en, ja)
    }

    /// Page of the console where it shows.
    pub fn page(&self) -> String {
        self.what.entry().page.replace("{}", &self.name)
    }

    /// What to type to see more of it.
    pub fn verb(&self) -> String {
        self.what.entry().verb.replace("{}", &self.name)
    }
}

impl Serialize for Trouble {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Trouble", 11)?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("what", &self.what)?;
        object.serialize_field("whose", &self.whose)?;
        object.serialize_field("subject", &self.subject())?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("since", &self.since)?;
        object.serialize_field("count", &self.count)?;
        object.serialize_field("reason", &self.reason)?;
        object.serialize_field("text", self.text(Lang::En))?;
        object.serialize_field("page", &self.page())?;
        object.serialize_field("verb", &self.verb())?;
        object.end()
    }
}

impl Severity {
    /// The word for it.
    pub(crate) const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Alarm => lang.pick("alarm", "警報"),
            Self::Warning => lang.pick("warning", "注意"),
            Self::Notice => lang.pick("notice", "情報"),
        }
    }
}

impl Whose {
    /// The word for it.
    pub(crate) const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Ours => lang.pick("ours", "ハブ側"),
            Self::Way => lang.pick("the way", "経路"),
            Self::Theirs => lang.pick("theirs", "相手側"),
        }
    }
}
