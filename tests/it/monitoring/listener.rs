//! Servers that take what is sent to them: HTTP, and mail.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::PATIENCE;

/// What came: head and body.
pub(super) type Taken = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Takes connections on a port of its own, each in a thread that ends with it.
fn serve(handle: impl Fn(TcpStream, &Taken) -> std::io::Result<()> + Send + Sync + 'static) -> (u16, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, taken) = (listener.local_addr().unwrap().port(), Taken::default());
    let (into, handle) = (taken.clone(), Arc::new(handle));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (into, handle) = (into.clone(), handle.clone());
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // A connection that is dropped in the middle is its client's matter.
            thread::spawn(move || drop(handle(stream, &into)));
        }
    });
    (port, taken)
}

/// A web server that answers 200 to every POST.
pub(super) fn http() -> (u16, Taken) {
    serve(|stream, taken| {
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&lower);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            taken.lock().unwrap().push((head, body));
            (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
        }
    })
}

/// A mail server that takes everything (RFC 5321, no extensions).
pub(super) fn smtp() -> (u16, Taken) {
    serve(|stream, taken| {
        let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes());
        say("220 mail.invalid ESMTP")?;
        let mut envelope = String::new();
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        while let Some(line) = lines.next() {
            let line = line?;
            envelope.push_str(&line);
            envelope.push('\n');
            match line.split([' ', ':']).next().unwrap().to_ascii_uppercase().as_str() {
                "DATA" => {
                    say("354 go on")?;
                    let body: Vec<_> =
                        lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                    taken.lock().unwrap().push((envelope.clone(), body.join("\n").into_bytes()));
                    say("250 taken")?;
                }
                "QUIT" => return say("221 bye"),
                _ => say("250 ok")?,
            }
        }
        Ok(())
    })
}
