"""Text that tries to be more than text. Where a page shows one of these, it must stay what it is.

Whatever comes alive sets ``window.evil``, opens a dialog, asks for ``evil.invalid``, or puts an ``<evil>``
element or an ``evil`` attribute into the page; :data:`ALIVE` finds the last two.
"""

from __future__ import annotations

SCRIPTS = (
    "<script>window.evil=1</script>",
    "</script><script>window.evil=2</script><evil>",
    "</title></textarea></style><evil onfocus=alert(1) autofocus tabindex=0>",
    '"><img src=//evil.invalid/x onerror=window.evil=3 evil>',
    "' onmouseover='window.evil=4' evil='",
    '" autofocus onfocus="window.evil=5" evil="',
    "<svg/onload=window.evil=6 evil>",
    "<svg><animate onbegin=alert(7) attributeName=x evil></svg>",
    "<iframe srcdoc='<script>parent.evil=8</script>' evil></iframe>",
    "<a href=javascript:window.evil=9 evil>click</a>",
    "javascript:window.evil=10//",
    "<math><mtext><style><img src=x onerror=window.evil=11 evil>",
    "<!--<evil>--!><evil>",
    "{{ 7 * 191 }}{% raw %}${7*191}#{7*191}",
    "&lt;evil&gt;&#60;evil&#62;",
    "\\u003cevil\\u003e</b></td></tr></table><evil>",
)
ODD = (
    "\u202eexe.tset\u202c right to left",
    "zero\u200bwidth\u2060\ufeff",
    "long" * 60,
    "👩🏽‍🔬🏳️‍🌈 emoji",
    "Z̷͍̈a̵l̶g̴o̷",
    "שלום עולם، سلام",
)
CORPUS = (*SCRIPTS, *ODD)

# How many pieces of a page came alive. "1337" is what a template would make of 7 * 191.
ALIVE = """() => [
  ...document.querySelectorAll("evil, [evil], [onerror], [onload], [onfocus], [onbegin], [srcdoc]"),
  ...[...document.querySelectorAll("a[href]")].filter((a) => a.protocol === "javascript:"),
  ...[...document.querySelectorAll("[src]")].filter((e) => e.src.includes("evil")),
  ...(document.body.innerText.includes("1337") ? [document.body] : []),
].map((e) => e.outerHTML.slice(0, 200)).concat("evil" in window ? ["window.evil is " + window.evil] : [])"""


def fitting(longest: int, *, odd: bool = True) -> list[str]:
    """Return those of at most ``longest`` characters, the odd ones too unless asked not to."""
    return [text for text in (CORPUS if odd else SCRIPTS) if len(text) <= longest]
