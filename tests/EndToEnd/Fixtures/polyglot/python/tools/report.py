"""Prints what was sold."""

import sys


def table(rows):
    widths = []
    for row in rows:
        for place, cell in enumerate(row):
            text = str(cell)
            if place >= len(widths):
                widths.append(len(text))
            else:
                widths[place] = max(widths[place], len(text))
    lines = []
    for row in rows:
        cells = [str(cell).ljust(widths[place]) for place, cell in enumerate(row)]
        lines.append(" | ".join(cells))
    return "\n".join(lines)


def main():
    rows = [line.split(",") for line in sys.stdin]
    print(table(rows))
