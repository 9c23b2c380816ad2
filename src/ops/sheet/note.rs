//! What a difference is called, and what to do about it.

use super::Differs;
use crate::lang::Lang;

/// A difference in words.
pub(crate) const fn name(what: Differs, lang: Lang) -> &'static str {
    let (en, ja) = match what {
        Differs::NotSettled => ("file not settled yet", "書込み直後のファイル（待機中）"),
        Differs::Growing => ("file still growing", "書込み途中のファイル（待機中）"),
        Differs::Unreadable => ("file that can't be read", "読めないファイル"),
        Differs::RefusedName => {
            ("file that no feed takes, by its name or place", "取込対象外のファイル（名前・場所）")
        }
        Differs::NotTaken => ("file that was not taken", "未取込のファイル"),
        Differs::Changed => ("file written anew since it was taken", "取込後に書き換えられたファイル"),
        Differs::Forgotten => ("file that the ledger forgot", "取込台帳から失われたファイル"),
        Differs::FileGone => ("file that is gone", "消えたファイル（取込済み）"),
        Differs::NeverCame => ("announced file that never came", "トランザクションのみでファイルがないもの"),
        Differs::SourceAway => ("source that can't be reached", "読めないストレージ"),
        Differs::LedgerAway => ("ledger kept by another process", "他プロセスの取込台帳（未照合）"),
        Differs::Undecided => ("accepted file without a decision", "受理後の判定記録がないファイル"),
        Differs::NoFate => ("copy that nobody knows the end of", "行方の分からない配信"),
        Differs::NoDecision => ("end of a copy without a decision", "判定記録のない配信結果"),
        Differs::Torn => ("unreadable lines of the history", "読めない履歴の行"),
    };
    lang.pick(en, ja)
}

/// What to do.
pub(crate) const fn advice(what: Differs, lang: Lang) -> &'static str {
    let (en, ja) = match what {
        Differs::NotSettled | Differs::Growing => {
            ("Wait: it is taken when it stands still.", "待てば取り込まれます。")
        }
        Differs::Unreadable => (
            "Give the hub's user the right to read it; the next pass takes it.",
            "ハブのユーザーに読取り権限を付けてください。次の巡回で取り込みます。",
        ),
        Differs::RefusedName => (
            "Ask the vendor what it is: hidden files, links, and files above or below the data types' folders are not taken.",
            "ベンダーに確認してください。隠しファイル、リンク、データ種別フォルダ以外の場所にあるファイルは取り込みません。",
        ),
        Differs::NotTaken => (
            "See whether the feed runs: `musubi status`, `musubi feed doctor`.",
            "フィードの稼働を確認してください: `musubi status`、`musubi feed doctor`",
        ),
        Differs::Changed => (
            "The next pass takes it; old files are looked at once a day.",
            "次の巡回で取り込みます。古いファイルの確認は 1 日 1 回です。",
        ),
        Differs::Forgotten => (
            "Start the hub: it takes the files again, with the ids they had. Tell subscribers of repeats.",
            "ハブを起動すると同じ ID で再度取り込みます。配信先に重複を知らせてください。",
        ),
        Differs::FileGone => (
            "Ask the facility whether it was removed on purpose. SS-MIX2 deletes by condition flag, not by removing.",
            "施設に意図した削除か確認してください。SS-MIX2 の削除はコンディションフラグで行います。",
        ),
        Differs::NeverCame => (
            "Ask the vendor: the transaction storage names a file that is not in the standardised storage.",
            "ベンダーに確認してください。トランザクションストレージが示すファイルが標準化ストレージにありません。",
        ),
        Differs::SourceAway => {
            ("Mount the folder or make it readable.", "マウントまたは読取り権限を確認してください。")
        }
        Differs::LedgerAway => (
            "Files are not compared while an adapter process has the ledger.",
            "アダプタのプロセスが台帳を使用中のため、ファイルは照合していません。",
        ),
        Differs::Undecided => (
            "A line of the history was lost (disk, restored backup), or the message. `musubi trace --file` with the file; send it again where the subscriber lacks it.",
            "履歴の行またはメッセージが失われています（ディスク障害、復元など）。`musubi trace --file` で確認し、配信先になければ再送してください。",
        ),
        Differs::NoFate => (
            "Ask the subscriber for the id. Where it has it, a line of the history was lost; else replay it.",
            "配信先に ID を照会してください。届いていれば履歴の欠落、届いていなければ再送してください。",
        ),
        Differs::NoDecision => (
            "A line of the history was removed or lost: look for who changed the folder; restore it from the backup.",
            "履歴の行が消されたか失われています。フォルダの変更者を確認し、バックアップから戻してください。",
        ),
        Differs::Torn => (
            "A power cut tore a line, or somebody edited the file. Compare with the backup.",
            "電源断による破損か、手作業による変更です。バックアップと比較してください。",
        ),
    };
    lang.pick(en, ja)
}
