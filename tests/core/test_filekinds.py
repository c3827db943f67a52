"""What a file is, by its bytes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import filekinds
from core.errors import FileUnread
from tests import samples


@pytest.mark.parametrize(
    ("data", "media_type", "width", "height"),
    [
        (samples.png(3, 2), "image/png", 3, 2),
        (samples.jpeg(16, 8), "image/jpeg", 16, 8),
        (samples.gif(5, 4), "image/gif", 5, 4),
        (samples.webp(7, 6), "image/webp", 7, 6),
    ],
)
def test_a_picture_is_measured(data, media_type, width, height):
    found = filekinds.picture(data)
    assert found
    assert (found.media_type, found.width, found.height) == (media_type, width, height)


@pytest.mark.parametrize(
    "data",
    [
        samples.png()[:-12],
        samples.png()[:20],
        samples.jpeg()[:-2],
        samples.jpeg()[:14],
        samples.jpeg()[:3],
        samples.gif()[:9],
        samples.webp()[:-1],
        samples.png(0, 5),
    ],
)
def test_a_picture_that_is_cut_off_is_not_sent(data):
    with pytest.raises(FileUnread, match="broken or cut off"):
        filekinds.picture(data)


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (8_001, 1), (7_000, 7_000)])
def test_a_picture_that_unfolds_into_a_bomb_is_told_by_its_header(width, height):
    bomb = samples.png(width, height)
    assert len(bomb) < 1000
    with pytest.raises(FileUnread, match=f"{width:,} × {height:,} pixels"):
        filekinds.picture(bomb)


def test_what_is_no_picture_is_none():
    assert filekinds.picture(b"BM a bitmap that no model takes") is None
    assert filekinds.picture(b"") is None


def test_a_pdf_is_told_by_its_mark():
    assert filekinds.is_pdf(samples.pdf("x"))
    assert filekinds.is_pdf(b"\n" + samples.pdf("x"))
    assert not filekinds.is_pdf(b"%!PS-Adobe")


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_a_text_is_read_in_whatever_it_was_written(encoding):
    words = "Grüße aus Köln,\r\nund ein zweiter Satz."
    assert filekinds.text(words.encode(encoding)) == words.replace("\r\n", "\n")


def test_a_text_that_was_cut_within_a_character_is_still_one():
    data = "ein langes Wort: Grüße".encode()
    assert filekinds.text(data[:-2], cut=True) == "ein langes Wort: Grü"


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04\x14\0\0\0\x08\0", b"\x7fELF\x02\x01\x01\0\0\0", bytes(range(256)), b"\0" * 40],
)
def test_what_is_no_text_is_none(data):
    assert filekinds.text(data) is None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_every_text_in_utf_8_comes_through(words):
    found = filekinds.text(words.encode())
    assert found == words.removeprefix("\ufeff")


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x10\0\0\0WEBP", b"\xff\xd8\xff"]),
    st.binary(max_size=80),
)
def test_no_bytes_break_it(start, data):
    with suppress(FileUnread):
        found = filekinds.picture(start + data)
        assert found is None or isinstance(found, filekinds.Picture)
    read = filekinds.text(start + data)
    assert read is None or isinstance(read, str)
