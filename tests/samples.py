"""Files to attach, made as small as they can be: pictures, PDFs, and what is wrong with some."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter


def png(width: int = 3, height: int = 2, *, grey: int = 128) -> bytes:
    """A picture. Its pixels are there for a small one only: a bomb's are not needed."""
    rows = b"".join(b"\0" + bytes([grey]) * width for _ in range(height if height < 100 else 1))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def jpeg(width: int = 16, height: int = 8) -> bytes:
    """A JPEG's frame: what tells its size, behind a comment as cameras leave it."""
    comment = b"\xff\xfe" + struct.pack(">H", 12) + b"a comment."
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + comment + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00\xff\xd9"


def gif(width: int = 5, height: int = 4) -> bytes:
    """A GIF of one frame."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b",\0\0\0\0;"


def webp(width: int = 7, height: int = 6) -> bytes:
    """An extended WebP."""
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(*pages: str, filler: int = 0) -> bytes:
    """A PDF with these words on its pages, `filler` bytes of no meaning beside them."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, words in enumerate(pages):
        page = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        )
        shown = f"BT /F1 12 Tf 10 100 Td ({words}) Tj ET" if words else ""
        objects += [page.encode(), _stream(shown.encode())]
    if filler:
        objects.append(_stream(bytes(filler)))
    return _written(objects)


def pdf_bomb(unfolded: int = 3 * 1024**3) -> bytes:
    """A PDF whose one page unfolds to that many bytes."""
    packer, packed = zlib.compressobj(9), bytearray()
    piece = b"BT /F1 9 Tf (a) Tj ET " * 100_000
    for _ in range(unfolded // len(piece)):
        packed += packer.compress(piece)
    packed += packer.flush()
    content = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times >>",
    ]
    return _written(objects)


def encrypted_pdf(words: str) -> bytes:
    """A PDF that asks for a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(words))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def _written(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n" % (len(objects) + 1)
    return bytes(out + b"%d\n%%%%EOF\n" % start)
