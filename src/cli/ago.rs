//! Times as people say them.

use crate::lang::Lang;

/// `45 s`, `12 min`, `3 h`, `2 d`.
pub(super) fn span(seconds: u64, lang: Lang) -> String {
    let (count, en, ja) = match seconds {
        ..60 => (seconds, "s", "秒"),
        60..3_600 => (seconds / 60, "min", "分"),
        3_600..172_800 => (seconds / 3_600, "h", "時間"),
        _ => (seconds / 86_400, "d", "日"),
    };
    match lang {
        Lang::En => format!("{count} {en}"),
        Lang::Ja => format!("{count}{ja}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_one_unit() {
        let all = [59, 60, 7_199, 172_799, 172_800].map(|seconds| span(seconds, Lang::En));
        assert_eq!(all, ["59 s", "1 min", "1 h", "47 h", "2 d"]);
        assert_eq!(span(120, Lang::Ja), "2分");
    }
}
