//! MLLP frames out of a stream in pieces.

use hl7v2::mllp::{Decoder, FrameError, frame};

/// Everything that comes out of a stream that arrives in pieces of `size` bytes.
fn stream(bytes: &[u8], size: usize) -> Vec<Result<Vec<u8>, FrameError>> {
    let mut decoder = Decoder::new(40);
    let mut out = Vec::new();
    for piece in bytes.chunks(size) {
        decoder.extend(piece);
        loop {
            match decoder.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => out.push(Ok(frame)),
                Err(error) => out.push(Err(error)),
            }
        }
    }
    out.extend(decoder.finish().transpose());
    out
}

/// Checks that pieces of every size give the same.
#[track_caller]
fn check(bytes: &[u8], expected: &[Result<&[u8], FrameError>]) {
    let expected: Vec<_> = expected.iter().map(|item| item.map(<[u8]>::to_vec)).collect();
    for size in 1..=bytes.len().max(1) {
        assert_eq!(stream(bytes, size), expected, "pieces of {size}");
    }
}

#[test]
fn frames_come_out_whole() {
    check(&frame(b"MSH|a"), &[Ok(b"MSH|a")]);
    check(&[frame(b"MSH|a"), frame(b"MSH|b")].concat(), &[Ok(b"MSH|a"), Ok(b"MSH|b")]);
    check(b"\x0b\x1c\x0d", &[Ok(b"")]);
    check(b"", &[]);
    check(b"\r\n\x0bMSH|a\x1c\r\r\n", &[Ok(b"MSH|a")]);
}

#[test]
fn an_end_without_its_return_is_an_end() {
    check(b"\x0bMSH|a\x1c\x0bMSH|b\x1c", &[Ok(b"MSH|a"), Ok(b"MSH|b")]);
}

#[test]
fn frame_bytes_may_be_content() {
    check(b"\x0bMSH|a\x1cb\x0bc\x1c\r", &[Ok(b"MSH|a\x1cb\x0bc")]);
    check(b"\x0bMSH|a\x0bMSX\x1c\r", &[Ok(b"MSH|a\x0bMSX")]);
}

#[test]
fn torn_frames_are_reported_and_passed_over() {
    check(b"\x0bMSH|a\x0bMSH|b\x1c\r", &[Err(FrameError::Torn { bytes: 5 }), Ok(b"MSH|b")]);
    check(b"\x0bMSH|a", &[Err(FrameError::Torn { bytes: 5 })]);
    assert_eq!(stream(b"MSH|a\x1c\r", 100), [Err(FrameError::Outside { bytes: 6 })]);
    assert_eq!(
        stream(b"xyz\x0bMSH|b\x1c\r", 100),
        [Err(FrameError::Outside { bytes: 3 }), Ok(b"MSH|b".to_vec())]
    );
}

#[test]
fn a_frame_that_is_too_large_is_reported_once_and_passed_over() {
    let large = frame(&[b'x'; 500]);
    let too_large = Err(FrameError::TooLarge { bytes_max: 40 });
    check(&[large, frame(b"MSH|b")].concat(), &[too_large, Ok(b"MSH|b")]);
    check(&frame(&[b'x'; 40]), &[Ok(&[b'x'; 40])]);
    check(&frame(&[b'x'; 41]), &[too_large]);
}

#[test]
fn what_is_held_and_the_head_of_what_was_too_large_can_be_asked_for() {
    let mut decoder = Decoder::new(8_000);
    assert!(!decoder.is_inside() && decoder.held() == 0);
    decoder.extend(b"\x0bMSH|one");
    assert_eq!(decoder.next_frame(), Ok(None));
    assert!(decoder.is_inside());
    assert_eq!(decoder.held(), 7);
    decoder.extend(&[b'x'; 9_000]);
    assert_eq!(decoder.next_frame(), Err(FrameError::TooLarge { bytes_max: 8_000 }));
    assert_eq!(decoder.too_large_head().len(), 4_096);
    assert!(decoder.too_large_head().starts_with(b"MSH|onexx"));
    // What is passed over is not held.
    decoder.extend(&[b'y'; 9_000]);
    assert_eq!(decoder.next_frame(), Ok(None));
    assert!(decoder.is_inside() && decoder.held() <= 9_000);
    decoder.extend(b"z\x1c\r\x0bMSH|two\x1c\r");
    assert_eq!(decoder.next_frame(), Ok(Some(b"MSH|two".to_vec())));
    assert!(!decoder.is_inside() && decoder.held() == 0);
}
