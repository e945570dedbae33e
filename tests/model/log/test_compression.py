"""The codecs are framed as Apache Kafka frames them, and what is framed otherwise is refused."""

from __future__ import annotations

import cramjam
import pytest

from model.log.batch import decode, encode
from model.log.compression import Compression, CompressionError, compress, decompress
from tests.model.log.batches import made_by_others

OTHERS = {other.name: other.data for other in made_by_others() if other.client == "apache_kafka"}
XERIAL = bytes.fromhex("82 534e41505059 00 00000001 00000001")
TEXT = b"abcdefgh" * 10_000


def test_what_lz4_cannot_shorten_is_stored_byte_for_byte_as_apache_kafka_does() -> None:
    assert OTHERS["lz4-random"] == encode(decode(OTHERS["lz4-random"]))


def test_lz4_blocks_hold_64_kibibytes_behind_apache_kafkas_header() -> None:
    data = compress(Compression.LZ4, TEXT)
    assert OTHERS["lz4-json"][61:68] == data[:7] == bytes.fromhex("04224d18 60 40 82")
    length = int.from_bytes(data[7:11], "little")
    assert TEXT[: 64 * 1024] == bytes(cramjam.lz4.decompress_block(data[11 : 11 + length], output_len=64 * 1024))


def test_snappy_blocks_hold_32_kibibytes_behind_xerials_header() -> None:
    data = compress(Compression.SNAPPY, TEXT)
    assert OTHERS["snappy-json"][61:77] == data[:16] == XERIAL
    length = int.from_bytes(data[16:20], "big")
    assert TEXT[: 32 * 1024] == bytes(cramjam.snappy.decompress_raw(data[20 : 20 + length]))


def test_snappy_is_read_without_xerials_header() -> None:
    assert TEXT == decompress(Compression.SNAPPY, bytes(cramjam.snappy.compress_raw(TEXT)), len(TEXT))


@pytest.mark.parametrize("codec", Compression)
@pytest.mark.parametrize("data", [b"", b"a", TEXT, bytes(64 * 1024), bytes(64 * 1024 + 1)], ids=len)
def test_what_is_compressed_is_read_within_its_length(codec: Compression, data: bytes) -> None:
    assert data == decompress(codec, compress(codec, data), len(data))


@pytest.mark.parametrize(
    ("codec", "data", "message"),
    [
        (Compression.SNAPPY, XERIAL + b"\0\0\0\5ab", "^no snappy: a block ends at byte 25 of 22$"),
        (Compression.SNAPPY, XERIAL + b"\0\0", "^no snappy: a block ends at byte 20 of 18$"),
        (Compression.SNAPPY, XERIAL + b"\xff\xff\xff\xff", "^no snappy: a block ends at byte 4294967315 of 20$"),
        (Compression.SNAPPY, b"\xff\xff\xff\xff\x0f", "^snappy of more than 100 bytes$"),
        (Compression.SNAPPY, b"", "^no snappy: "),
        (Compression.GZIP, b"no gzip", "^no gzip: "),
        (Compression.LZ4, bytes.fromhex("04224d18 60 40 83") + bytes(4), "^no lz4: "),
        (Compression.ZSTD, bytes.fromhex("28b52ffd 00 90 230300 61"), "^no zstd: .*too much memory"),
        (Compression.ZSTD, compress(Compression.ZSTD, bytes(101)), "^zstd of more than 100 bytes$"),
    ],
)
def test_what_nobody_compressed_is_refused(codec: Compression, data: bytes, message: str) -> None:
    with pytest.raises(CompressionError, match=message):
        decompress(codec, data, 100)
