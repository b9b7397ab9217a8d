"""JSON that is a burden to read, of any size: name → (n → text of about n bytes, as it stands in the place of a value)."""

from collections.abc import Callable

Text = Callable[[int], str]


def _of(piece: str, start: str = "", end: str = "") -> Text:
    size = len(piece.encode("utf-8", "surrogatepass"))
    return lambda n: start + piece * max(1, n // size) + end


def _nested(opening: str, closing: str, inside: str = "") -> Text:
    return lambda n: opening * (n // len(opening + closing)) + inside + closing * (n // len(opening + closing))


STRINGS: dict[str, Text] = {
    name: _of(piece, '"', '"')
    for name, piece in {
        "letters": "a",
        "escapes": "\\u0041",
        "escaped backslashes": "\\\\",
        "escaped quotes": '\\"',
        "escaped NULs": "\\u0000",
        "halves of pairs": "\\ud800",
        "escaped pairs": "\\ud83d\\ude00",
        "combining marks": "\u0300\u0327",
        "a letter and marks": "a\u0300\u0327\u0316",
        "one mark": "\u0300",
        "Hangul jamo": "\u1100\u1161\u11a8",
        "what NFKC expands": "\ufdfa",
        "ligatures": "\ufb03",
        "blanks": " ",
        "ideographic blanks": "\u3000",
        "line separators": "\u2028",
        "addresses": "a.a.a@",
        "brackets": "[](){}<>",
        "separators": ",:;",
        "digits": "9",
        "numbers": "-1e9,",
        "newlines": "\\n",
        "astral": "\U0001f600",
        "joiners": "\u200d\ufe0f",
        "right to left": "\u202e\u05d0",
        "stars": "*_~`",
        "percent": "%41",
    }.items()
}
BROKEN: dict[str, Text] = {
    "a string without an end": _of("a", '"'),
    "quotes without an end": _of('\\"', '"'),
    "backslashes without an end": _of("\\\\", '"'),
    "deep, then quotes without an end": _of('\\"', "[" * 2_000 + '"'),
    "deep objects, then escapes without an end": _of("\\u0041", '{"a":' * 2_000 + '"'),
    "lists without an end": _of("["),
    "objects without an end": _of('{"a":'),
    "closed only": _of("]"),
    "quotes": _of('"'),
    "empty strings": _of('""'),
    "commas": _of(",", "[", "]"),
    "colons": _of(":", "{", "}"),
    "NaN": _of("NaN,", "[", "1]"),
    "words": _of("tru", "[", "]"),
    "raw newlines in a string": _of("\n", '"', '"'),
    "bad escapes": _of("\\x", '"', '"'),
    "minus signs": _of("-"),
    "points": _of("1."),
    "exponents": _of("1e"),
}
STRUCTURES: dict[str, Text] = {
    "nested lists": _nested("[", "]"),
    "nested objects": _nested('{"a":', "}", "1"),
    "nested in both": _nested('[{"a":', "}]", "1"),
    "flat lists": _of("[],", "[", "[]]"),
    "flat objects": _of("{},", "[", "{}]"),
    "lists of numbers": _of("1,", "[", "1]"),
    "lists of floats": _of("1.5e3,", "[", "1]"),
    "lists of strings": _of('"a",', "[", '"a"]'),
    "lists of null": _of("null,", "[", "null]"),
    "trees of 30 levels": _of("[" * 30 + "]" * 30 + ",", "[", "1]"),
    "many members": lambda n: "{" + ",".join(f'"k{number}":1' for number in range(max(1, n // 12))) + "}",
    "the same member": _of('"a":1,', "{", '"a":1}'),
    "long name over many lists": lambda n: '{"' + "k" * (n // 2) + '":[' + "[]," * (n // 6) + "[]]}",
    "long names": lambda n: "{" + ",".join(f'"{number}{"k" * 200}":[]' for number in range(max(1, n // 206))) + "}",
    "blanks around": _of(" ", "", "1"),
    "blanks between": _of("1 \n\t,", "[", "1]"),
    "a long integer": _of("9"),
    "a long negative integer": _of("9", "-"),
    "a long fraction": _of("9", "0."),
    "a long float": lambda n: "9" * (n // 2) + "." + "9" * (n // 2),
    "a long exponent": _of("9", "1e"),
    "a long negative exponent": _of("9", "1e-"),
    "zeros": _of("0", "0."),
    "zeros, then an exponent": _of("0", "1", "e-5"),
    "large integers": _of("12345678901234567890,", "[", "1]"),
    "long floats": _of("0.1234567890123456789e-30,", "[", "1]"),
}
VALUES = {**STRINGS, **BROKEN, **STRUCTURES}
