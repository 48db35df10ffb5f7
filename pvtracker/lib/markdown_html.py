"""A page of the documentation as HTML: headings, paragraphs, lists, tables, code, emphasis, links; all escaped.

The pages are our own; what this does not know stands there as it was written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

Address = Callable[[str], str]  # where a link of a page leads here; '' where it leads nowhere

HEADING = re.compile(r"(#{1,4})\s+(.*)")
ITEM = re.compile(r"\s*(?:([*-])|\d+\.)\s+(.*)")
INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<words>[^\]]+)\]\((?P<address>[^)\s]+)\)|\*\*(?P<strong>[^*]+)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
)


def html_of(text: str, address: Address, *, down: int = 0) -> str:
    """The whole page; headings go down by so many levels, because the page around has a heading of its own."""
    return "\n".join(_block(lines, address, down) for lines in _blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Lines that belong together: parted by empty lines and headings, but not within fences."""
    block: list[str] = []
    fenced = False
    for line in lines:
        fence = line.startswith("```")
        parts = not fenced and (fence or HEADING.match(line))
        if (parts or (not line.strip() and not fenced)) and block:
            yield block
            block = []
        if line.strip() or fenced:
            block.append(line)
        fenced = fenced != fence
        if block and not fenced and (fence or HEADING.fullmatch(line)):
            yield block
            block = []
    if block:
        yield block


def _block(lines: list[str], address: Address, down: int) -> str:
    if lines[0].startswith("```"):
        return f'<pre tabindex="0"><code>{html.escape(chr(10).join(lines[1:-1]))}</code></pre>'
    if heading := HEADING.fullmatch(lines[0]):
        level = min(len(heading[1]) + down, 6)
        return f"<h{level}>{_inline(heading[2], address)}</h{level}>"
    if lines[0].startswith("|"):
        return _table(lines, address)
    if first := ITEM.match(lines[0]):
        items: list[str] = []
        for line in lines:
            item = ITEM.match(line)
            if item:
                items.append(item[2])
            else:
                items[-1] += f" {line.strip()}"
        kind = "ul" if first[1] else "ol"
        return f"<{kind}>{''.join(f'<li>{_inline(item, address)}</li>' for item in items)}</{kind}>"
    start = next(
        (n for n, line in enumerate(lines) if (n and ITEM.match(line)) or line.startswith("|")), None
    )
    if start:  # a list or a table right below a sentence
        return f"{_block(lines[:start], address, down)}\n{_block(lines[start:], address, down)}"
    return f"<p>{_inline(' '.join(line.strip() for line in lines), address)}</p>"


def _table(lines: list[str], address: Address) -> str:
    rows = [
        [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        for line in lines
    ]
    head = "".join(f'<th scope="col">{_inline(cell, address)}</th>' for cell in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{_inline(cell, address)}</td>' for cell in row)}</tr>" for row in rows[2:]
    )
    region = f'role="region" aria-label="{_words(rows[0])}" tabindex="0"'
    return (
        f'<div class="pv-table-region" {region}><table class="pv-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _words(cells: list[str]) -> str:
    """What the table is called by who cannot see it: its columns."""
    return html.escape(", ".join(re.sub(r"[`*]", "", cell) for cell in cells if cell))


def _inline(text: str, address: Address) -> str:
    made, end = [], 0
    for found in INLINE.finditer(text):
        made.append(html.escape(text[end : found.start()]))
        end = found.end()
        if found["code"]:
            made.append(f"<code>{html.escape(found['code'])}</code>")
        elif found["words"]:
            to, words = address(found["address"]), _inline(found["words"], address)
            made.append(f'<a href="{html.escape(to)}">{words}</a>' if to else words)
        elif found["strong"]:
            made.append(f"<strong>{_inline(found['strong'], address)}</strong>")
        else:
            made.append(f"<em>{_inline(found['emphasis'], address)}</em>")
    return "".join([*made, html.escape(text[end:])])
