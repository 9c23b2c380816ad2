//! Whether the hub could listen at an address.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use crate::config::Said;

/// Why it could not. An address in use is right where the hub itself runs.
pub(super) fn taken(address: SocketAddr, hub_runs: bool) -> Option<Said> {
    let error = TcpListener::bind(address).err()?;
    let port = address.port();
    Some(match error.kind() {
        ErrorKind::AddrInUse if hub_runs => return None,
        ErrorKind::AddrInUse => Said::new(
            format!("another program listens at {address}"),
            format!("{address} は別のプログラムが使っています"),
        )
        .help(
            format!("ss -ltnp 'sport = :{port}' shows which; stop it, or choose another port"),
            format!("ss -ltnp 'sport = :{port}' で調べ、それを止めるか、別のポートにしてください"),
        ),
        ErrorKind::PermissionDenied => Said::new(
            format!("this user may not listen at {address}: {error}"),
            format!("このユーザーは {address} で待ち受けできません: {error}"),
        )
        .help(
            "choose a port from 1024 on, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE",
            "1024 以上のポートにするか、サービスに AmbientCapabilities=CAP_NET_BIND_SERVICE を与えてください",
        ),
        ErrorKind::AddrNotAvailable => Said::new(
            format!("this machine has no address {}", address.ip()),
            format!("このマシンにアドレス {} はありません", address.ip()),
        )
        .help(
            format!("ip -br address shows those that it has; 0.0.0.0:{port} stands for all"),
            format!("ip -br address で確かめてください。0.0.0.0:{port} はすべてのアドレスを表します"),
        ),
        _ => Said::new(
            format!("nothing can listen at {address}: {error}"),
            format!("{address} で待ち受けできません: {error}"),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_by_others_or_by_the_hub_itself() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = other.local_addr().unwrap();
        assert!(format!("{:?}", taken(address, false)).contains("another program listens"));
        assert_eq!(taken(address, true), None);
        drop(other);
        assert_eq!(taken(address, false), None);
        // A documentation address (RFC 5737) is no machine's.
        assert!(format!("{:?}", taken("192.0.2.1:2575".parse().unwrap(), true)).contains("no address"));
    }
}
