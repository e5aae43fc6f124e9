"""One line of Markdown, read from the left by columns; a tab reaches to the next multiple of four. Pure."""

from __future__ import annotations

_TAB = 4


class Line:
    """What is left of a line: where the reading stands, and in which column that is."""

    __slots__ = ("_part", "at", "column", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.column = 0
        self._part = False

    def indent(self) -> int:
        """How many columns of blanks come next."""
        at, column = self.at, self.column
        while at < len(self.text) and self.text[at] in " \t":
            column += 1 if self.text[at] == " " else _TAB - column % _TAB
            at += 1
        return column - self.column

    def blank(self) -> bool:
        """Whether nothing but blanks is left."""
        return not self.text[self.at :].strip(" \t")

    def word(self) -> str:
        """What is left, without the blanks before it."""
        return self.text[self.at :].lstrip(" \t")

    def skip(self, columns: int) -> None:
        """Passes over as many columns, and over a part of a tab where it must be."""
        while columns > 0 and self.at < len(self.text):
            if self.text[self.at] == "\t":
                width = _TAB - self.column % _TAB
                self._part = width > columns
                taken = min(width, columns)
                self.column += taken
                self.at += 0 if self._part else 1
                columns -= taken
            else:
                self._part = False
                self.at += 1
                self.column += 1
                columns -= 1

    def skip_indent(self) -> None:
        """Passes over the blanks that come next."""
        self.skip(self.indent())

    def optional(self) -> None:
        """Passes over one blank column, where there is one."""
        if self.text[self.at : self.at + 1] in {" ", "\t"}:
            self.skip(1)

    def mark(self) -> tuple[int, int, bool]:
        """Where the reading stands, for `back`."""
        return self.at, self.column, self._part

    def back(self, mark: tuple[int, int, bool]) -> None:
        """Stands again where `mark` was taken."""
        self.at, self.column, self._part = mark

    def rest(self) -> str:
        """What is left; a tab of which a part was passed over gives the blanks that remain of it."""
        if self._part:
            return " " * (_TAB - self.column % _TAB) + self.text[self.at + 1 :]
        return self.text[self.at :]
