//! The address of a listener: free, held by the hub that should hold it, or by somebody else.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::line::{Line, Words};
use super::serves;
use crate::ingest::ListenerSettings;
use crate::pipeline::ProcessStatus;

/// Tries the address, and lets it go again.
pub(super) fn look(
    settings: &ListenerSettings,
    feed: &str,
    running: &[ProcessStatus],
    lines: &mut Vec<Line>,
) {
    let address = settings.listen;
    let subject = address.to_string();
    let holder = running.iter().find(|process| serves(process, feed));
    let tried = TcpListener::bind(address).map(drop);
    let port = address.port();
    let before = lines.len();
    lines.push(match (tried, holder) {
        (Ok(()), None) => Line::ok("port", subject, Words::new("free", "空いています")),
        (Ok(()), Some(hub)) => Line::warning(
            "port",
            subject,
            Words::new(
                format!("the hub runs (process {}), but nothing listens there", hub.pid),
                format!("ハブは稼働中（プロセス {}）ですが、待ち受けていません", hub.pid),
            ),
            Words::new(
                "let it read the configuration: musubi reload, or stop and start it; its log says why",
                "設定を読み直す: musubi reload、または再起動。理由はログを参照",
            ),
        ),
        (Err(error), Some(hub)) if error.kind() == ErrorKind::AddrInUse => Line::ok(
            "port",
            subject,
            Words::new(
                format!("held by the running hub (process {})", hub.pid),
                format!("稼働中のハブ（プロセス {}）が使用中です", hub.pid),
            ),
        ),
        (Err(error), None) if error.kind() == ErrorKind::AddrInUse => Line::fault(
            "port",
            subject,
            Words::new("another program has the port", "別のプログラムがポートを使用しています"),
            Words::new(
                format!("see which: ss -ltnp 'sport = :{port}'; stop it, or give this source another port"),
                format!("確認する: ss -ltnp 'sport = :{port}'。停止するか、別のポートを指定する"),
            ),
        ),
        (Err(error), _) if error.kind() == ErrorKind::PermissionDenied => Line::fault(
            "port",
            subject,
            Words::new("this user may not listen there", "このユーザーでは待ち受けできません"),
            Words::new(
                "take a port above 1023, or allow it: setcap cap_net_bind_service=+ep on the program",
                "1024 以上のポートを使う、または実行ファイルに setcap cap_net_bind_service=+ep で許可する",
            ),
        ),
        (Err(error), _) => Line::fault(
            "port",
            subject,
            Words::new(format!("{error}"), format!("{error}")),
            Words::new(
                "the address must be one of this machine's: ip -brief address; 0.0.0.0 stands for all",
                "このマシンのアドレスを指定する: ip -brief address（0.0.0.0 はすべて）",
            ),
        ),
    });
    Line::about("listen", before, lines);
}
