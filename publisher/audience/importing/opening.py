"""From a file's bytes to text: what is no table at all, and in which encoding it is written.

A wrong guess would put wrong names into letters, so only what is certain is taken, and for the rest a person is asked. The
order: a byte order mark; UTF-16 by its zeros; UTF-8, which other text cannot pass for; GB 18030, where the characters are those
that Chinese text is made of. Single-byte encodings cannot be told apart. (charset-normalizer takes a list of Chinese names in
GB 18030 for Japanese or HP Roman 8: such files are too short for it.)
"""

from __future__ import annotations

import codecs
import io
import re
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

from django.utils.translation import gettext as _

from publisher.audience.importing.refusals import printable
from publisher.core.errors import UserError

_BLOCK: Final = 1 << 20
_HEAD: Final = 1 << 16
_SAMPLE: Final = 1 << 20
_DAMAGE: Final = 0.05
"""This share of what is not ASCII may be damaged, and the encoding is still certain."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES: Final = (
    (b"PK\x03\x04", "a workbook (XLSX, ODS) or another ZIP archive", "Open it, and save the sheet as CSV."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (XLS)", "Open it, and save the sheet as CSV (UTF-8)."),
    (b"\x89PNG", "a picture (PNG)", ""),
    (b"\xff\xd8\xff", "a picture (JPEG)", ""),
    (b"GIF8", "a picture (GIF)", ""),
    (b"%PDF", "a PDF", ""),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it first: gunzip."),
    (b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first."),
    (b"{\\rtf", "a text document (RTF)", ""),
)
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|\?xml|html|table)", re.IGNORECASE)
_SAVE: Final = "Give a CSV file: save the table as CSV, best in UTF-8."
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 13})
_CONTROLS_MOST: Final = 0.1

# GB 2312 in three parts: punctuation, the characters from A to W, those from X to Z with the rare ones behind them. In Chinese
# text a quarter begin with X, Y or Z (新, 小, 杨, 赵, 张, 周, 中); the same bytes are rare in Japanese and Korean encodings.
_GB: Final = re.compile(
    rb"(?P<sign>[\xa1-\xa3][\xa1-\xfe])|(?P<common>[\xb0-\xcf][\xa1-\xfe])|(?P<late>[\xd0-\xd7][\xa1-\xfe])"
    rb"|(?P<rare>[\xd8-\xf7][\xa1-\xfe])|(?P<other>[\x80-\xff][\x40-\xff]?)"
)
_LATE_SHARE: Final = 0.08
_LATE_LEAST: Final = 3
_CANDIDATES: Final = (
    "gb18030",
    "windows-1252",
    "big5",
    "windows-1251",
    "shift_jis",
    "euc_kr",
    "windows-1250",
)


def opened(path: Path) -> BinaryIO:
    """The file, able to be read twice: a pipe is copied first. Raises UserError when it cannot be read."""
    try:
        file = path.open("rb")
        if file.seekable():
            return file
        with file:
            copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            return cast("BinaryIO", copy)
    except OSError as error:
        raise UserError(
            _("%(path)s cannot be read: %(strerror)s.") % {"path": path, "strerror": error.strerror},
            _("Give a CSV file."),
        ) from error


def encoding_of(file: BinaryIO, name: str, *, given: str = "") -> str:
    """The encoding that was `given`, else the one that the file is certainly written in.

    Raises UserError for what is no text, and where nobody can tell.
    """
    file.seek(0)
    head = file.read(_HEAD)
    if not head.strip():
        raise UserError(_("%(name)s is empty.") % {"name": name}, _SAVE)
    _refuse_other_formats(head, name)
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "") or _by_zeros(head)
    if given:
        known = _known(given)
        if known in ("utf-16", "utf-32"):  # these need a mark
            known = marked if marked.startswith(known) else f"{known}-le"
        return known
    if marked:
        return marked
    _refuse_controls(head, name)
    if _is_utf8(file):
        return "utf-8"
    sample = _beyond_ascii(file)
    if _is_gb(sample):
        return "gb18030"
    raise UserError(_("The encoding of %(name)s cannot be told for certain.") % {"name": name}, _ask(sample))


def as_text(file: BinaryIO, encoding: str) -> TextIO:
    """The text from the file's beginning, with every line end as `\\n`. Bytes that are not of the encoding become U+FFFD."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=None)
    if text.read(1) != "\ufeff":
        text.seek(0)
    return text


def _known(name: str) -> str:
    """The encoding called `name`, in the widest form of its family. Raises UserError for what is no encoding of text."""
    try:
        found = codecs.lookup(name).name
        fits = "a".encode(name).decode(name) == "a" and found not in ("idna", "punycode")
    except (LookupError, ValueError):  # UnicodeError is one of these
        fits = False
    if not fits:
        raise UserError(
            _("%(name)s is no encoding of text.") % {"name": name},
            _("Well-known: utf-8, gb18030, utf-16, windows-1252, big5."),
        )
    return {"gbk": "gb18030", "gb2312": "gb18030", "utf-8": "utf-8-sig"}.get(found, found)


def _refuse_other_formats(head: bytes, name: str) -> None:
    for signature, what, hint in _SIGNATURES:
        if head.startswith(signature):
            raise UserError(_("%(name)s is %(what)s, not CSV.") % {"name": name, "what": what}, hint or _SAVE)
    if _MARKUP.match(head):
        raise UserError(_("%(name)s is a page (HTML, XML), not CSV.") % {"name": name}, _SAVE)


def _refuse_controls(head: bytes, name: str) -> None:
    """A few stray zeros cost their rows only."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > max(8, len(head) * _CONTROLS_MOST):
        raise UserError(_("%(name)s is not text: it is full of control characters.") % {"name": name}, _SAVE)


def _by_zeros(head: bytes) -> str:
    """UTF-16 without a mark: addresses are ASCII, so every other byte of them is zero."""
    even, odd = head[::2], head[1::2]
    if odd.count(0) > len(odd) * 0.3 and even.count(0) < len(even) * _DAMAGE:
        return "utf-16-le"
    if even.count(0) > len(even) * 0.3 and odd.count(0) < len(odd) * _DAMAGE:
        return "utf-16-be"
    return ""


def _is_utf8(file: BinaryIO) -> bool:
    """Whether the whole file is UTF-8, but for a few damaged characters."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    beyond = damaged = 0
    while True:
        block = file.read(_BLOCK)
        text = decoder.decode(block, final=not block)
        if not text.isascii():
            beyond += len(text) - len(text.encode("ascii", "ignore"))
            damaged += text.count("\ufffd") - block.count(b"\xef\xbf\xbd")  # which may be written, too
        if not block:
            return damaged <= beyond * _DAMAGE


def _beyond_ascii(file: BinaryIO) -> bytes:
    """Those lines of the file that are not ASCII, a megabyte of them at most."""
    file.seek(0)
    found = bytearray()
    for line in iter(lambda: file.readline(_BLOCK), b""):
        if not line.isascii():
            found += line
        if len(found) >= _SAMPLE:
            break
    return bytes(found)


def _is_gb(sample: bytes) -> bool:
    """Whether what is not ASCII is such as Chinese text in GB 2312 is made of; rarer characters are few."""
    counts = dict.fromkeys(("sign", "common", "late", "rare", "other"), 0)
    for match in _GB.finditer(sample):
        counts[match.lastgroup or "other"] += 1
    found = sum(counts.values())
    letters = counts["common"] + counts["late"]
    return (
        counts["other"] <= found * _DAMAGE
        and counts["rare"] <= found * 3 * _DAMAGE
        and counts["late"] >= max(_LATE_LEAST, letters * _LATE_SHARE)
    )


def _ask(sample: bytes) -> str:
    """The first line that matters, as each likely encoding reads it."""
    line = sample.splitlines()[0][:60]
    read: dict[str, str] = {}
    for encoding in _CANDIDATES:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(line)  # its last character may be cut
            read.setdefault(printable(text.strip()), encoding)
        except UnicodeError:
            continue
    examples = "; ".join(f"{encoding} reads “{text}”" for text, encoding in read.items())
    return f"Say it with --encoding. {examples}." if examples else "Say it with --encoding."
