//! What is said of a replay, in two languages.

use super::{Reason, State};
use crate::lang::Lang;

impl State {
    /// For people.
    pub(crate) const fn said(self, lang: Lang) -> &'static str {
        match self {
            Self::Planning => lang.pick("being counted", "集計中"),
            Self::Planned => lang.pick("waits for its start", "開始待ち"),
            Self::Running => lang.pick("running", "実行中"),
            Self::Stopped => lang.pick("stopped", "停止"),
            Self::Done => lang.pick("done", "完了"),
            Self::Failed => lang.pick("failed", "失敗"),
        }
    }
}

impl Reason {
    /// For people.
    pub(crate) const fn said(self, lang: Lang) -> &'static str {
        match self {
            Self::Denied => lang.pick("not allowed now", "現在は提供できない（同意撤回など）"),
            Self::NoRoute => lang.pick("no route takes it now", "該当する経路がない"),
            Self::Invalid => lang.pick("makes no sense", "不正"),
            Self::Superseded => lang.pick("was history already", "取込時に旧版"),
            Self::Gone => lang.pick("no longer kept", "保存期間切れ・破損"),
        }
    }
}
