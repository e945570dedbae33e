"""Which format a file is in, and that a file which can't be read, unpacked or told is refused."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest
import zstandard

from checkers.history import opening
from checkers.history.format import FORMATS, detect, read_history
from checkers.history.opening import numbered_lines, read_chunks, whole_lines
from checkers.verdict import UserError
from tests.checkers.history.histories import content

JSON_LINES = b'{"process": 0, "type": "invoke", "f": "read"}\n{"process": 0, "type": "ok", "f": "read", "value": 3}\n'
EDN = b"{:process 0 :type :invoke :f :read}\n{:process 0 :type :ok :f :read :value 3}\n"
LOG = b"INFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:ok\t:read\t3\n"


def zstd(data: bytes) -> bytes:
    """Packed with zstd."""
    return zstandard.ZstdCompressor().compress(data)


def test_formats_are_what_the_option_takes() -> None:
    assert ("auto", "json-lines", "edn", "jepsen-log") == FORMATS


@pytest.mark.parametrize("data", [JSON_LINES, EDN, LOG, b"[" + EDN + b"]"], ids=["json-lines", "edn", "log", "vector"])
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstd, lambda data: gzip.compress(data[:30]) + gzip.compress(data[30:])]
)
def test_the_same_history_is_read_from_every_format_and_packing(tmp_path: Path, data: bytes, pack: object) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "misleading.csv"
    plain.write_bytes(JSON_LINES)
    packed.write_bytes(pack(data))  # type: ignore[operator]
    assert content(read_history(plain)) == content(read_history(packed))
    assert str(packed) == read_history(packed).source


def test_a_file_of_several_zstd_frames_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(zstd(JSON_LINES[:30]) + zstd(b"") + zstd(JSON_LINES[30:]))
    assert [JSON_LINES] == [b"".join(read_chunks(path))]


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"\xef\xbb\xbf" + JSON_LINES)
    assert 2 == len(read_history(path))


def test_a_dash_is_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(JSON_LINES)))))
    assert 2 == len(read_history(Path("-")))


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b'{"process"', "json-lines"),
        (b' \r\n { "process"', "json-lines"),
        (b"{}", "json-lines"),
        (b"{:process 0", "edn"),
        (b"#jepsen.history.Op{:process 0", "edn"),
        (b"; comment\n{:process 0", "edn"),
        (b"[{:process 0", "edn"),
        (b"({:process 0", "edn"),
        (b"[]", "edn"),
        (b"starting\nINFO  jepsen.util - 0 :invoke :read nil", "jepsen-log"),
        (b"2020 jepsen.util: 0 :invoke :read nil", "jepsen-log"),
    ],
)
def test_the_format_is_told_by_the_first_bytes(start: bytes, expected: str) -> None:
    assert expected == detect(start, "f")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"", "f: has no events; a history has at least one"),
        (b" \n\r\n", "f: has no events; a history has at least one"),
        (
            b'[{"process": 0}]',
            'f, line 1: "[{\\"process\\": 0}]": is one array of JSON; write one event a line (JSON Lines)',
        ),
        (
            b"process,type\n0,ok",
            (
                'f, line 1: "process,type": starts like no format of histories; '
                "give the format with --format: json-lines, edn, jepsen-log"
            ),
        ),
    ],
)
def test_a_start_like_no_format_is_refused(start: bytes, message: str) -> None:
    with pytest.raises(UserError) as caught:
        detect(start, "f")
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gzip.compress(JSON_LINES)[:-9], "can't be unpacked: Compressed file ended before the end-of-stream marker"),
        (gzip.compress(JSON_LINES)[:-6] + b"\0" * 6, "can't be unpacked: CRC check failed"),
        (b"\x1f\x8bx", "can't be unpacked: "),
        (zstd(JSON_LINES)[:-3], "can't be unpacked: the file ends within a frame of zstd"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "can't be unpacked: zstd decompress"),
        (zstd(JSON_LINES) + b"rubbish", "can't be unpacked: zstd decompress"),
        (b"[]", "has no events; a history has at least one"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_history(path)
    assert f"{path}: {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"), [("missing", "No such file"), (".", "Is a directory"), ("a\0b", "null byte")]
)
def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=f"can't be read: .*{message}"):
        read_history(tmp_path / name)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UserError, match='"xml": there is no such format; there are auto, json-lines, edn, jepsen-log'):
        read_history(Path("x"), "xml")


def test_a_format_that_is_given_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(EDN)
    with pytest.raises(UserError, match="line 1: is not JSON"):
        read_history(path, "json-lines")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_a_line_without_end_is_refused_however_it_is_packed(
    tmp_path: Path, pack: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "EVENT_BYTES_MAX", 1 << 20)
    path = tmp_path / "bomb"
    path.write_bytes(pack(JSON_LINES + b'{"process":' + b" " * (8 << 20)))  # type: ignore[operator]
    taken = 0

    def counted() -> object:
        nonlocal taken
        for chunk in read_chunks(path):
            taken += len(chunk)
            yield chunk

    with pytest.raises(UserError, match="bomb, line 3: is longer than 1 MiB, the most that is read"):
        list(whole_lines(counted(), "bomb"))  # type: ignore[arg-type]
    assert taken < 2 << 20


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_lines_are_whole_and_numbered_wherever_chunks_are_cut(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BLOCK_BYTES", 4)
    data = b"a\n\nbc\r\ndef\n\ng"
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert data == b"".join(whole_lines(chunks, "f"))
    assert all(block.endswith(b"\n") for block in list(whole_lines(chunks, "f"))[:-1])
    assert [(1, b"a"), (2, b""), (3, b"bc\r"), (4, b"def"), (5, b""), (6, b"g")] == list(numbered_lines(chunks, "f"))
