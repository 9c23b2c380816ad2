//! The alarms: a closed set. A catalogue.

use serde::{Deserialize, Serialize};

use crate::config::AlertSeverity as Severity;

/// Whose fault it most likely is: who has to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The facility that sends.
    Facility,
    /// The subscriber.
    Subscriber,
    /// Who runs the hub, its machine or its broker.
    Operator,
}

impl Side {
    /// In English and Japanese.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Facility => ("the facility that sends", "送信元の医療機関"),
            Self::Subscriber => ("the subscriber", "配信先"),
            Self::Operator => ("who runs the hub", "ハブの運用者"),
        }
    }
}

/// What stands about an alarm in texts and documents.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// How bad it is.
    pub severity: Severity,
    /// Whose fault it most likely is.
    pub side: Side,
    /// Title, in English and Japanese.
    pub title: (&'static str, &'static str),
    /// What it means.
    pub meaning: (&'static str, &'static str),
    /// What to do.
    pub action: (&'static str, &'static str),
}

macro_rules! alarms {
    ($($variant:ident $code:literal $severity:ident $side:ident {
        $en:literal $ja:literal
        means $meaning_en:literal $meaning_ja:literal
        do $action_en:literal $action_ja:literal
    })*) => {
        /// Something that an operator is told of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Alarm {
            $(#[doc = $meaning_en] #[serde(rename = $code)] $variant,)*
        }

        impl Alarm {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its word: in texts, in metrics, and the anchor of what stands about it in the documents.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// What stands about it.
            pub const fn about(self) -> About {
                match self {
                    $(Self::$variant => About {
                        severity: Severity::$severity,
                        side: Side::$side,
                        title: ($en, $ja),
                        meaning: ($meaning_en, $meaning_ja),
                        action: ($action_en, $action_ja),
                    }),*
                }
            }
        }
    };
}

alarms! {
    FeedSilent "feed-silent" Critical Facility {
        "A feed is silent" "受信が途絶えています"
        means "Nothing came from a facility for longer than its own weekly rhythm lets expect; the feed itself can be read."
            "医療機関から、その曜日・時間帯の普段の件数から見て長すぎる間、1件も届いていません（フォルダや接続自体は読めています）。"
        do "Call the facility: does its system write files, is its transfer running? `musubi feed doctor <feed>` looks at its folders. If it is closed today, acknowledge the alert with that note."
            "医療機関に連絡し、出力処理と転送が動いているか確認してください。`musubi feed doctor <feed>` でフォルダの状態を確認できます。休診なら、その旨を書いて確認済みにしてください。"
    }
    FeedFailing "feed-failing" Critical Operator {
        "A feed can't be read" "受信元を読み取れません"
        means "The hub can't read the folder of a feed, or can't write what it picks up."
            "受信元のフォルダを読めないか、受け取った内容を書き込めません。"
        do "`musubi status` shows the cause. Is the share mounted (`mount`), may the hub's user read it, is the disk full? Nothing is lost: it goes on where it stopped."
            "`musubi status` に原因が出ます。共有フォルダのマウント、読み取り権限、ディスクの空きを確認してください。復旧すれば続きから再開し、失われるものはありません。"
    }
    Backlog "backlog" Warning Operator {
        "Messages wait for too long" "処理待ちが滞留しています"
        means "The oldest message of a queue is older than `backlog_age`."
            "キューの最も古いメッセージが `backlog_age` より古くなっています。"
        do "For `to.<subscriber>`: is that subscriber away or slow, or does an operator let it wait (`musubi hold`)? For `ingest`: is the machine overloaded, does the log tell of a disk or a registry that can't be written?"
            "`to.<配信先>` なら、その配信先の停止や遅延、担当者による配信停止（`musubi hold`）がないか確認してください。`ingest` なら、負荷、ディスクや台帳の書き込みエラーをログで確認してください。"
    }
    InvalidSurge "invalid-surge" Warning Facility {
        "Many invalid messages" "不正メッセージが急増しています"
        means "More messages of a feed than `invalid_max` made no sense within a quarter of an hour. They are kept."
            "15分間に `invalid_max` を超える件数が不正と判定されました。内容は保管されています。"
        do "Look at the page of invalid messages: usually one fault explains all. If the facility changed its system, tell it the fault and the place; after the mapping is right, retry them."
            "不正メッセージの画面で原因を確認してください。多くは1つの原因です。システム変更があれば、医療機関に不正の種類と位置を伝え、直った後に再送してください。"
    }
    SubscriberAway "subscriber-away" Warning Subscriber {
        "A subscriber is away" "配信先に届きません"
        means "A subscriber has not answered for longer than `away`. Its copies wait in order."
            "配信先が `away` より長く応答していません。配信分は順番のまま待っています。"
        do "Call the subscriber. Is its address, its certificate or the network between changed? Nothing needs to be sent again by hand."
            "配信先に連絡してください。アドレス、証明書、途中のネットワークの変更も確認してください。復旧すれば自動で続きから配信します。"
    }
    SubscriberGone "subscriber-gone" Critical Subscriber {
        "A subscriber wants no more" "配信先が受信を拒否しました"
        means "A subscriber said that it wants no more, ever. Nothing is delivered to it until the hub is started again."
            "配信先が今後の受信を拒否しました（HTTP 410 など）。ハブを再起動するまで配信しません。"
        do "Ask the subscriber whether that was meant. If so, take it out of routes.toml; if not, restart the hub once it takes events again."
            "意図したものか配信先に確認してください。意図的なら routes.toml から外し、誤りなら受信可能になってからハブを再起動してください。"
    }
    PatientsParked "patients-parked" Warning Subscriber {
        "Patients are parked" "保留中の患者がいます"
        means "A subscriber refused a message; it and the later ones of that patient wait, the others go on."
            "配信先が拒否したメッセージがあり、その患者の以後の分も待っています。他の患者の分は流れています。"
        do "The page of parked messages shows the code of the refusal. Ask the subscriber what it could not take; then retry. After `give_up_after` they become dead letters."
            "保留の画面で拒否コードを確認し、受け取れなかった理由を配信先に確認してから再送してください。`give_up_after` を過ぎると不達になります。"
    }
    DeadLetters "dead-letters" Warning Subscriber {
        "There are dead letters" "不達のメッセージがあります"
        means "Copies for a subscriber were given up. They are kept until somebody decides."
            "配信先への配信を断念したものがあります。判断されるまで保管しています。"
        do "The page of dead letters groups them by reason. Retry what can be taken now; discard, with a reason, what must not be sent any more (a consent that was withdrawn)."
            "不達の画面で理由ごとに確認してください。受け取れるものは再送し、送るべきでないもの（同意撤回など）は理由を付けて破棄してください。"
    }
    DiskLow "disk-low" Critical Operator {
        "The disk is nearly full" "ディスクの空きが少なくなっています"
        means "The data folder's disk has less than `disk_free_min` left. A full disk stops the intake."
            "データフォルダのディスクの空きが `disk_free_min` を下回りました。いっぱいになると受信が止まります。"
        do "Free space, or make the disk larger. What grows: queues of a subscriber that is away, the history, the originals. Never delete files of the data folder by hand."
            "空きを増やしてください。増えるものは、停止中の配信先のキュー、履歴、原本です。データフォルダのファイルを手で消さないでください。"
    }
    OutboxFull "outbox-full" Critical Operator {
        "An outbox is nearly full" "送信待ちの上限に近づいています"
        means "What was accepted and not yet taken by RabbitMQ fills 90 % of `outbox_bytes_max`: its feeds pause."
            "受理済みで RabbitMQ に渡せていないものが `outbox_bytes_max` の 90 % に達し、受信を一時停止します。"
        do "Bring RabbitMQ back; the outbox empties by itself."
            "RabbitMQ を復旧してください。自動で解消します。"
    }
    BrokerAway "broker-away" Critical Operator {
        "The broker is away" "メッセージブローカに接続できません"
        means "A process has had no connection to RabbitMQ for longer than `away`. Messages are accepted and wait on this machine."
            "`away` より長く RabbitMQ に接続できていません。受信は続け、この機器に溜めています。"
        do "`musubi status` shows the cause, and `musubi check` looks at the server. Are the nodes up, has the password or the certificate changed?"
            "`musubi status` で原因を確認してください。ノードの稼働、パスワードや証明書の変更を確認してください。"
    }
    BrokerBlocked "broker-blocked" Critical Operator {
        "The broker takes nothing" "メッセージブローカが受け付けを止めています"
        means "RabbitMQ's memory or disk alarm is on: it takes no messages."
            "RabbitMQ のメモリまたはディスクの警報により、受け付けが止まっています。"
        do "Free disk or memory on the broker's nodes (`rabbitmqctl status` names the alarm)."
            "ブローカのノードでディスクまたはメモリを空けてください（`rabbitmqctl status` に警報が出ます）。"
    }
    CertificateExpiring "certificate-expiring" Warning Operator {
        "A certificate ends soon" "証明書の期限が近づいています"
        means "A certificate of the console or of the connection to RabbitMQ is in force for less than 30 days, or no longer."
            "コンソールまたは RabbitMQ 接続の証明書の残りが30日を切ったか、期限が切れています。"
        do "Get a new one from the authority and put it in its place; the hub reads it at the next connection."
            "認証局から新しい証明書を取得し、置き換えてください。次の接続から使われます。"
    }
    ClockOff "clock-off" Warning Operator {
        "The clock jumped" "時計がずれています"
        means "This machine's clock was set by more than half a minute while the hub ran. Times in the history may be wrong."
            "稼働中に時計が30秒以上変わりました。履歴の時刻が正しくない可能性があります。"
        do "Keep the clock synchronised: `timedatectl`, or chronyd with the hospital's time server."
            "時刻同期を確認してください: `timedatectl`、または chronyd。"
    }
    ConfigurationRefused "configuration-refused" Warning Operator {
        "A new configuration was refused" "新しい設定が拒否されました"
        means "A process was given a configuration that it can't take; the one before goes on."
            "新しい設定を使用できないため、以前の設定で動いています。"
        do "`musubi check` names every fault with file and line; then `musubi reload`."
            "`musubi check` でファイルと行ごとの誤りを確認し、直して `musubi reload` を実行してください。"
    }
    ArchiveIncomplete "archive-incomplete" Notice Operator {
        "The archive lacks events" "アーカイブに欠けがあります"
        means "The archive took nothing for a while and lacks the events of that time. Deliveries went on."
            "アーカイブへ書き込めない時間があり、その間のイベントが欠けています。配信は続いています。"
        do "Look at the broker's disk and the stream `archive`. Who reads that stream may ask for a replay (`musubi replay`), which does not need it."
            "ブローカのディスクとストリーム `archive` を確認してください。欠けた分は `musubi replay` で送れます（アーカイブは使いません）。"
    }
    ProcessGone "process-gone" Critical Operator {
        "A process is gone" "プロセスが停止しています"
        means "A process of the hub ended without saying so, or has told nothing of itself for a while."
            "ハブのプロセスが異常終了したか、応答していません。"
        do "`systemctl status musubi*` and the journal tell why it ended. Start it again: it goes on where it stopped."
            "`systemctl status musubi*` とログで原因を確認し、起動し直してください。続きから再開します。"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What the documents say about an alarm.
    fn section(alarm: Alarm, japanese: bool) -> String {
        let About { severity, side, title, meaning, action } = alarm.about();
        let word = match (severity, japanese) {
            (Severity::Critical, true) => "緊急",
            (Severity::Warning, true) => "警告",
            (Severity::Notice, true) => "通知",
            (Severity::Critical, false) => "critical",
            (Severity::Warning, false) => "warning",
            (Severity::Notice, false) => "notice",
        };
        let code = alarm.code();
        if japanese {
            format!(
                "### {code}\n\n**{}**（{word}、{}）\n\n{}\n\n対応: {}\n",
                title.1,
                side.words().1,
                meaning.1,
                action.1
            )
        } else {
            format!(
                "### {code}\n\n**{}** ({word}; {})\n\n{}\n\nWhat to do: {}\n",
                title.0,
                side.words().0,
                meaning.0,
                action.0
            )
        }
    }

    #[test]
    fn every_alarm_stands_in_the_documents_with_its_own_words() {
        for (page, japanese) in [("alerts.md", false), ("alerts.ja.md", true)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operate").join(page);
            let text = fs::read_to_string(&path).unwrap();
            let (before, rest) = text.split_once("<!-- alarms -->\n").unwrap();
            let (_, after) = rest.split_once("<!-- end of alarms -->").unwrap();
            let sections: Vec<_> = Alarm::ALL.iter().map(|alarm| section(*alarm, japanese)).collect();
            let wanted =
                format!("{before}<!-- alarms -->\n\n{}\n<!-- end of alarms -->{after}", sections.join("\n"));
            if std::env::var_os("BLESS").is_some() {
                fs::write(&path, &wanted).unwrap();
            }
            assert_eq!(
                fs::read_to_string(&path).unwrap(),
                wanted,
                "BLESS=1 cargo test --lib ops::alerts writes {page}"
            );
        }
    }
}
