"""How adapters are repaired, in the words of the language that they are written in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath

FLUSH: Mapping[str, str] = {
    "python": "print(reply, flush=True)",
    "javascript": 'process.stdout.write(reply + "\\n")',
    "java": "System.out.flush()",
    "go": "writer.Flush()",
    "rust": "stdout().flush()",
    "c++": "std::cout << reply << std::endl",
}
"""How a line is written and sent at once."""
LOG: Mapping[str, str] = {
    "python": "print(..., file=sys.stderr) or logging",
    "javascript": "console.error",
    "java": "System.err",
    "go": "package log, or fmt.Fprintln(os.Stderr, ...)",
    "rust": "eprintln!",
    "c++": "std::cerr",
}
"""How something is written for people."""
EXACT: Mapping[str, str] = {
    "python": "decimal.Decimal(text) with getcontext().prec = 60",
    "javascript": "a decimal library or BigInt, never Number(text)",
    "java": "new BigDecimal(text) and toPlainString()",
    "go": "math/big Rat or a decimal package, never ParseFloat",
    "rust": "a decimal or big rational crate, never f64",
    "c++": "a decimal or big rational library, never double",
}
"""How a number is read and written with all its digits."""
LONG_LINES: Mapping[str, str] = {
    "python": "for line in sys.stdin",
    "javascript": "readline over process.stdin",
    "java": "BufferedReader.readLine()",
    "go": "bufio.Reader.ReadBytes('\\n'), or Scanner.Buffer with a larger bound than its 64 KiB",
    "rust": "stdin().lines()",
    "c++": "std::getline(std::cin, line)",
}
"""How a line of any length is read."""
_NAMES: Mapping[str, str] = {
    "typescript": "javascript",
    "node": "javascript",
    "js": "javascript",
    "cpp": "c++",
}
_SUFFIXES: Mapping[str, str] = {
    ".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".ts": "javascript", ".jar": "java",
}  # fmt: skip
_PROGRAMS: Mapping[str, str] = {"python": "python", "node": "javascript", "deno": "javascript", "bun": "javascript", "java": "java"}  # fmt: skip


def language_of(words: Iterable[str]) -> str:
    """The language of a command, where its words show it; empty where they do not."""
    for word in words:
        path = PurePath(word)
        by_name = (of for name, of in _PROGRAMS.items() if path.name.rstrip("0123456789.") == name)
        found = _SUFFIXES.get(path.suffix.lower()) or next(by_name, "")
        if found:
            return found
    return ""


def advice(ways: Mapping[str, str], language: str = "") -> str:
    """How it is done in a language, or in each where it is not known."""
    name = _NAMES.get(language.lower(), language.lower())
    if name in ways:
        return f"in {language}: {ways[name]}"
    return "; ".join(f"in {known}: {way}" for known, way in ways.items())
