"""What kind of file it is, by its bytes and never by its name; what is too large or a trap is refused before it is read."""

from __future__ import annotations

import codecs
import csv
import hashlib
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

from liebian.core.errors import Invalid
from liebian.core.texts import Term
from liebian.core.texts import mark as _

CSV, XLSX, PARQUET = "csv", "xlsx", "parquet"
MAX_FILE = 2 * 1024**3
MAX_XLSX = 200 * 1024**2
MAX_XLSX_UNZIPPED = 800 * 1024**2
MAX_RATIO = 200  # sheets of real shops pack 5 to 30 times
_BLOCK = 1024 * 1024
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", _("an old Excel file (.xls) or a protected one. Save it as .xlsx without a password")),
    (b"%PDF", _("a PDF")), (b"\x89PNG", _("a picture")), (b"\xff\xd8\xff", _("a picture")), (b"GIF8", _("a picture")),
    (b"\x1f\x8b", _("a gzip archive. Unpack it first")), (b"7z\xbc\xaf", _("an archive. Unpack it first")),
    (b"Rar!", _("an archive. Unpack it first")), (b"SQLite format 3", _("a database")), (b"\x7fELF", _("a program")),
    (b"<!DOCTYPE", _("a web page")), (b"<html", _("a web page")),
)  # fmt: skip


def check_file(path: Path) -> str:
    """The kind of the file: csv, xlsx or parquet. Raises Invalid with what it is instead."""
    if not path.is_file():
        raise Invalid("file_not_found", _("There is no file '%(name)s'."), name=path.name)
    size = path.stat().st_size
    if size == 0:
        raise Invalid("file_empty", _("The file is empty."))
    if size > MAX_FILE:
        raise Invalid(
            "file_too_large",
            _("The file has %(size)s GB; at most %(limit)s GB are read. Split it by month."),
            size=f"{size / 1024**3:.1f}",
            limit=MAX_FILE // 1024**3,
        )
    with path.open("rb") as stream:
        head = stream.read(16)
    if head.startswith(b"PAR1"):
        return PARQUET
    if head.startswith(b"PK\x03\x04"):
        _check_workbook(path, size)
        return XLSX
    for magic, words in _OTHERS:
        if head.lower().startswith(magic.lower()):
            raise wrong_type(words)
    return CSV


def wrong_type(words: str) -> Invalid:
    return Invalid("wrong_file_type", _("This is %(words)s. Send a table as CSV, XLSX or Parquet."), words=Term(words))


def _check_workbook(path: Path, size: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if not any(entry.filename == "xl/workbook.xml" for entry in entries):
                raise wrong_type(_("a zip archive that holds no workbook"))
            unzipped = sum(entry.file_size for entry in entries)
            if size > MAX_XLSX or unzipped > MAX_XLSX_UNZIPPED or unzipped > MAX_RATIO * size + _BLOCK:
                raise Invalid(
                    "workbook_too_large",
                    _("The workbook unpacks to more than we read. Save the sheet as CSV and import that."),
                )
            _check_true_sizes(archive, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise Invalid("file_damaged", _("The workbook is damaged: it cannot be unpacked. Save it again.")) from None


def _check_true_sizes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """The directory of an archive may lie about sizes; a checksum over the declared length finds out."""
    for entry in entries:
        with archive.open(entry) as stream:
            while stream.read(_BLOCK):
                pass


def fingerprint_of(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def find_encoding(path: Path) -> str:
    """utf-8 (with or without mark), utf-16, gb18030 or latin-1. Raises Invalid when the bytes are no text."""
    with path.open("rb") as stream:
        head = stream.read(_BLOCK)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    controls = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head[:65536])
    if b"\x00" in head or controls > len(head[:65536]) // 200:
        raise Invalid("not_a_table", _("The file holds no readable table. Send CSV, XLSX or Parquet."))
    if _decodes(path, "utf-8"):
        return "utf-8-sig"
    return "gb18030" if _looks_chinese(head) and _decodes(path, "gb18030") else "latin-1"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _looks_chinese(head: bytes) -> bool:
    """Chinese text has its high bytes in pairs; accents of western text stand alone."""
    high = sum(byte >= 0xA1 for byte in head)
    paired = sum(a >= 0xA1 and b >= 0xA1 for a, b in pairwise(head))
    return high > 0 and paired > 0.5 * high


def find_delimiter(sample: list[str]) -> str:
    """The one that cuts the first lines into the most columns, and all of them into as many."""
    best, best_score = ",", (0, 0)
    for delimiter in (",", ";", "\t", "|"):
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        if widths and widths[0] > 1:
            score = (sum(width == widths[0] for width in widths), widths[0])
            best, best_score = (delimiter, score) if score > best_score else (best, best_score)
    return best
