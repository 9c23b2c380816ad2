//! The texts of `hub.toml`, `routes.toml` and a route test's source, where a configuration folder has none yet.

use crate::canonical::Kind;
use crate::lang::Lang;
use crate::ops::init::Example;

/// `hub.toml`
pub(super) fn hub(lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    format!(
        "{}\nversion  = 1\nnetwork  = \"trial\"              {}\ndata_dir = \"var\"                {}\n\
         timezone = \"Asia/Tokyo\"         {}\n\n[broker]\nkind  = \"embedded\"             {}\n\
         lanes = 16                     {}\n\n{}\n# [console]\n# listen = \"127.0.0.1:7575\"\n",
        word(
            "# This hub. Every path is relative to this folder. All keys: docs/integrate/reference.md",
            "# ハブ本体の設定。パスはこのフォルダからの相対パス。全項目: docs/integrate/reference.md"
        ),
        word("# name of the network", "# ネットワーク名"),
        word(
            "# queues, ledgers, deliveries: patient data. Let only the hub's user read it",
            "# キュー・台帳・配信物（患者情報を含む。ハブの実行ユーザーだけが読めるようにする）"
        ),
        word("# of the times that messages give without a zone", "# 時差の記載がない日時に適用"),
        word(
            "# durable queues on this machine's disk; \"rabbitmq\" for several machines",
            "# このマシンのディスク上の永続キュー。複数台構成では \"rabbitmq\""
        ),
        word(
            "# parallel strands; patients keep their order. Fixed once the queues exist",
            "# 並列数。患者ごとの順序は保たれる。キューができた後は変更しない"
        ),
        word(
            "# API and page of the registry, on this machine only:",
            "# 台帳（施設・患者・同意）のAPIと画面。このマシンからのみ:"
        ),
    )
}

/// `routes.toml`: all to a folder of this machine.
pub(super) fn routes(feed: &str, example: Option<&Example>, lang: Lang) -> String {
    let word = |en, ja| lang.pick(en, ja);
    let kinds: Vec<_> = Kind::ALL.iter().map(|kind| format!("\"{}\"", kind.as_str())).collect();
    let kinds: Vec<_> = kinds.chunks(6).map(|row| format!("  {},\n", row.join(", "))).collect();
    let mut text = format!(
        "{}\nversion = 1\n\n[[subscriber]]\nname    = \"trial\"\ndeliver = {{ kind = \"folder\" }}   {}\n\n{}\n\
         [[route]]\nname  = \"trial\"\ntopic = \"trial.all\"\nto    = [\"trial\"]\nkinds = [\n{}]\n\
         basis = \"entrusted\"             {}\n",
        word(
            "# Who gets what. This table is for a trial: one subscriber, a folder on this machine, gets all that makes\n\
             # sense. Before anybody else gets anything, write the network's own routes: docs/integrate/reference.md,\n\
             # and for what each service needs, docs/services.",
            "# 配信先と経路。試行用の設定で、このマシン上のフォルダ1か所にすべてを配信する。\n\
             # 外部へ配信する前に、実際の経路を設定すること: docs/integrate/reference.md、サービスごとの例: docs/services"
        ),
        word(
            "# a file a day in <data_dir>/deliveries/trial; nothing leaves this machine",
            "# <data_dir>/deliveries/trial に1日1ファイル。このマシンの外には出ない"
        ),
        word(
            "# All kinds of events; a real route takes few, discloses fields by name (disclose) and has tests.",
            "# すべての種類。実際の経路では、種類を絞り、開示項目 (disclose) とテストを設定する。"
        ),
        kinds.concat(),
        word(
            "# the hub keeps it for the facility, nobody else reads it",
            "# 医療機関からの委託により保管（第三者は閲覧しない）"
        ),
    );
    if let Some(example) = example {
        text.push_str(&test(feed, example, lang));
    }
    text
}

fn test(feed: &str, example: &Example, lang: Lang) -> String {
    let told = lang.pick(
        "# A route test: `musubi test` runs it. Its message is of an invented patient (架空), like those of the sample.\n\
         # Take no file of a real patient: this folder is copied, sent and kept under version control. To test with\n\
         # a real message, make it fit with `musubi redact FILE` first, put it beside this example and name it here.",
        "# 経路のテスト（`musubi test` で実行）。メッセージはサンプルと同種の架空患者のもの。\n\
         # 実患者のファイルは置かないこと（このフォルダは複製・送付・版管理される）。実際のメッセージで試す場合は、\n\
         # `musubi redact FILE` で患者情報を除いてからここに置き、input で指定する。",
    );
    let mut text = format!(
        "\n{told}\n[[route.test]]\nname   = \"{} {}\"\ninput  = \"examples/{}\"\nfeed   = \"{feed}\"\n",
        example.data_type.unwrap_or(example.kind),
        lang.pick("goes to the trial folder", "が試行フォルダに届く"),
        example.name,
    );
    if let Some(data_type) = example.data_type {
        text.push_str(&format!("data_type = \"{data_type}\"\n"));
    }
    text.push_str("expect = { to = [\"trial\"] }\n");
    text
}

/// `source.toml` of the example: what the place of a file would say.
pub(super) fn source(feed: &str, example: &Example, lang: Lang) -> String {
    let mut text = format!(
        "{}\nfeed = \"{feed}\"\n",
        lang.pick("# What the place of the file would say.", "# ファイルの置き場所が示す内容")
    );
    let named = [("data_type", example.data_type), ("file", example.file)];
    let named = named.into_iter().filter_map(|(key, value)| Some(format!("{key} = \"{}\"\n", value?)));
    text.extend(named);
    text
}
