"""What the templates of letters may name: every value, what it is, and one sentence on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a template."""

    name: str
    kind: str
    meaning: str


def _values(table: str) -> tuple[Value, ...]:
    rows = [line.split("|") for line in table.strip().splitlines()]
    return tuple(Value(*(cell.strip() for cell in row)) for row in rows)


LETTER = _values("""
    subject   | text            | The subject of the letter.
    language  | text            | The tag of the language that the words of the letter are in.
    direction | text            | ltr or rtl, for that language.
    title     | text            | The name of the house in the reader's language.
    front     | address         | The front page of the site.
    archive   | address         | The page of the site that lists everything.
    day       | text            | The day of the letter, written out.
    hello     | text            | The greeting, with the reader's name where it is known.
    preheader | text            | The line that an inbox shows after the subject.
    line      | text            | What `kith note` says to this reader alone, or nothing.
    opening   | said or nothing | What the author says first, from content/letters/.
    updates   | list of pieces  | The updates, oldest first.
    posts     | list of pieces  | The posts, oldest first.
    earlier   | text            | How many older entries there was no room for, in words, or nothing.
    also      | list of mentions | Posts on the site that this reader was not told about.
    more      | yes or no       | Whether there are more of those.
    why       | text            | Why the reader gets letters.
    pace      | address         | Where the reader asks for fewer letters.
    leave     | address         | Where the reader stops all letters.
    postal    | text            | The postal address of the house, or nothing.
    say       | function        | say("rest") gives the words of that name in the reader's language.
    folded    | function        | folded(text) breaks a text into lines of 72 columns.
    under     | function        | under(text, "=") is a line as wide as the text.
""")
"""What the layout, a single post, a digest and updates get, as HTML and as text."""

PASTE = _values("""
    updates | list of pieces | The updates, oldest first.
    posts   | list of pieces | The posts, oldest first.
    say     | function       | say("rest") gives the words of that name in the language of the text.
""")
"""What the text to paste gets."""

PIECE = _values("""
    title     | text          | The title of a post; an update has none.
    url       | address       | Where it is on the site; nothing where it is on no page that this reader has.
    day       | text          | Its date, written out; nothing where it has none.
    notes     | list of texts | What a reader should know: another language, written or translated by a machine.
    language  | text          | The tag of the language it is in.
    direction | text          | ltr or rtl, for that language.
    summary   | text          | Two lines on it where it is not shown whole.
    teaser    | text          | The same, whether it is shown whole or not.
    html      | markup        | Its body for a letter, already safe; nothing where the summary must do.
    text      | text          | The same as plain text.
    shortened | yes or no     | Whether the body was cut and goes on at the address.
""")

SAID = _values("""
    html      | markup | What the author says, already safe.
    text      | text   | The same as plain text.
    language  | text   | The tag of the language it is in.
    direction | text   | ltr or rtl, for that language.
""")

MENTION = _values("""
    title     | text    | The title of the post.
    url       | address | Where it is on the site.
    language  | text    | The tag of the language it is in.
    direction | text    | ltr or rtl, for that language.
""")

PARTS = {"piece": PIECE, "said": SAID, "mention": MENTION}
"""The values that have values of their own."""

TEMPLATES = {
    "layout.html.j2": "The frame of every letter: head, greeting, what the author says first, foot.",
    "layout.txt.j2": "The same as plain text.",
    "single.html.j2": "A letter of one post, whole.",
    "single.txt.j2": "The same as plain text.",
    "digest.html.j2": "A letter of several entries.",
    "digest.txt.j2": "The same as plain text.",
    "update.html.j2": "A letter of updates alone.",
    "update.txt.j2": "The same as plain text.",
    "parts.html.j2": "What those are put together from: the block of updates, a post, what else there is.",
    "parts.txt.j2": "The same as plain text.",
    "paste.txt.j2": "The text to paste for a broadcast circle.",
}
"""Every template and what it is for."""

STYLES = "letter.css"


def offered(template: str) -> tuple[Value, ...]:
    """What a template gets."""
    return PASTE if template.startswith("paste.") else LETTER
