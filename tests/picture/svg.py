#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""svg.py COLUMNS: a terminal's screen, as tmux capture-pane -e prints it, as SVG.

Lines, lamps and bars are drawn, because fonts of different machines put them at different places. Words are text, each at its own
column.
"""

import re
import sys
from html import escape

CELL_W, CELL_H, MARGIN = 9, 19, 16
BASELINE = 14
PAPER, INK = "#15181c", "#d6dade"
PALETTE = ["#3b4046", "#e5534b", "#3fb950", "#d29922", "#539bf5", "#b083f0", "#39c5cf", "#d6dade"]
BRIGHT = ["#768390", "#ff6b61", "#57d364", "#e3b341", "#6cb6ff", "#dcbdfb", "#56d4dd", "#ffffff"]
DIM = 0.55

# Which ways a line goes from the middle of its cell, light (1) or heavy (2): left, right, up, down.
LINES = {
    "─": (1, 1, 0, 0), "│": (0, 0, 1, 1), "━": (2, 2, 0, 0), "┃": (0, 0, 2, 2),
    "┏": (0, 2, 0, 2), "┓": (2, 0, 0, 2), "┗": (0, 2, 2, 0), "┛": (2, 0, 2, 0), "┣": (0, 2, 2, 2), "┫": (2, 0, 2, 2),
    "╺": (0, 2, 0, 0), "╸": (2, 0, 0, 0), "╹": (0, 0, 2, 0), "╻": (0, 0, 0, 2), "┳": (2, 2, 0, 2), "┻": (2, 2, 2, 0),
}
# A rounded corner: to which side and to which edge.
CORNERS = {"╭": (1, 1), "╮": (-1, 1), "╰": (1, -1), "╯": (-1, -1)}
EIGHTHS = "▁▂▃▄▅▆▇█"


class Style:
    """What the escape sequences have set so far."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.ink, self.bold, self.dim, self.reverse = None, False, False, False

    def apply(self, codes):
        for code in [int(c or 0) for c in codes.split(";")]:
            if code == 0:
                self.reset()
            elif code == 1:
                self.bold = True
            elif code == 2:
                self.dim = True
            elif code == 7:
                self.reverse = True
            elif code == 22:
                self.bold = self.dim = False
            elif code == 27:
                self.reverse = False
            elif 30 <= code <= 37:
                self.ink = PALETTE[code - 30]
            elif 90 <= code <= 97:
                self.ink = BRIGHT[code - 90]
            elif code == 39:
                self.ink = None
            elif code != 49:
                sys.exit(f"svg.py: SGR {code} is not known")

    def look(self):
        return self.ink or (BRIGHT[7] if self.bold else INK), self.bold, self.dim, self.reverse


def cells(line, style):
    """The characters of a line with their looks."""
    for escape_codes, character in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b\x0e\x0f])", line):
        if character:
            yield character, style.look()
        else:
            style.apply(escape_codes)


def attributes(look, stroke=False):
    ink, bold, dim, reverse = look
    ink = PAPER if reverse else ink
    return (f' stroke="{ink}"' if stroke else f' fill="{ink}"') + (' font-weight="bold"' if bold and not stroke else "") + (
        f' opacity="{DIM}"' if dim else "")


def drawn(character, x, y, look):
    """A character that is a drawing; None if it is text."""
    mid_x, mid_y = x + CELL_W / 2, y + CELL_H / 2
    if character in LINES:
        left, right, up, down = LINES[character]
        weight = 2.6 if 2 in LINES[character] else 1.2
        parts = []
        # Each arm begins half a line before the middle, so that corners are whole.
        if left:
            parts.append(f"M{x} {mid_y}H{mid_x + weight / 2}")
        if right:
            parts.append(f"M{mid_x - weight / 2} {mid_y}H{x + CELL_W}")
        if up:
            parts.append(f"M{mid_x} {y}V{mid_y + weight / 2}")
        if down:
            parts.append(f"M{mid_x} {mid_y - weight / 2}V{y + CELL_H}")
        return f'<path d="{"".join(parts)}" fill="none" stroke-width="{weight}"{attributes(look, True)}/>'
    if character in CORNERS:
        side, edge = CORNERS[character]
        end_x, end_y = mid_x + side * CELL_W / 2, mid_y + edge * CELL_H / 2
        radius = CELL_W / 2
        return (f'<path d="M{end_x} {mid_y}Q{mid_x} {mid_y} {mid_x} {mid_y + edge * radius}V{end_y}" fill="none" '
                f'stroke-width="1.2"{attributes(look, True)}/>')
    if character in "●○":
        fill = attributes(look) if character == "●" else ' fill="none"'
        return f'<circle cx="{mid_x}" cy="{mid_y}" r="4"{fill}{attributes(look, True)}/>'
    if character in EIGHTHS:
        height = CELL_H * (EIGHTHS.index(character) + 1) / 8
        # A little over its edges, so that no line shows between neighbours.
        return f'<rect x="{x - 0.3}" y="{y + CELL_H - height}" width="{CELL_W + 0.6}" height="{height + 0.3}"{attributes(look)}/>'
    return None


def words(row):
    """The text of a row: (column, word, look), a word having one look."""
    column, word, look = 0, "", None
    for at, (character, its_look) in enumerate(row + [(" ", None)]):
        is_text = character != " " and drawn(character, 0, 0, (INK, False, False, False)) is None
        if word and (not is_text or its_look != look):
            yield column, word, look
            word = ""
        if is_text:
            if not word:
                column, look = at, its_look
            word += character


def main():
    columns = int(sys.argv[1])
    style = Style()
    rows = [list(cells(line, style)) for line in sys.stdin.read().rstrip("\n").split("\n")]
    while rows and not any(character != " " for character, _ in rows[-1]):
        rows.pop()
    width, height = columns * CELL_W + 2 * MARGIN, len(rows) * CELL_H + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
          'font-family="\'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="15">')
    print("<!-- made by make picture -->")
    print(f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>')
    for number, row in enumerate(rows):
        y = MARGIN + number * CELL_H
        for column, (character, look) in enumerate(row):
            x = MARGIN + column * CELL_W
            if look[3]:
                print(f'<rect x="{x}" y="{y}" width="{CELL_W}" height="{CELL_H}" fill="{look[0]}"/>')
            shape = drawn(character, x, y, look)
            if shape:
                print(shape)
        for column, word, look in words(row):
            print(f'<text x="{MARGIN + column * CELL_W}" y="{y + BASELINE}"{attributes(look)}>{escape(word)}</text>')
    print("</svg>")


main()
