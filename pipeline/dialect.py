"""Our Markdown: Python-Markdown with one set of extensions, which reads blocks and phrases as GitHub does.

`blocks` takes the place of its block parser and `phrasetree` that of its inline patterns; what they find is made by the
extensions. The other parts do what theirs do in less time, or only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html import escape
from importlib import import_module
from typing import Any

from markdown import Markdown

from pipeline.blocks import Blocks
from pipeline.coloured import Coloured, Fences
from pipeline.edges import RawBlocks, RawHtml, Whitespace
from pipeline.phrasetree import Phrases
from pipeline.treework import Attributes, Escapes, Headings, written

EXTENSIONS: dict[str, dict[str, Any]] = {
    "abbr": {},
    "admonition": {},
    "attr_list": {},
    "def_list": {},
    "footnotes": {},
    "md_in_html": {},
    "tables": {},
    "toc": {"permalink": False, "toc_depth": "2-3"},
    "pymdownx.arithmatex": {"generic": True},
    "pymdownx.details": {},
    "pymdownx.highlight": {
        "anchor_linenums": False,
        "use_pygments": True,
        "pygments_lang_class": True,
        "stripnl": False,
    },
    "pymdownx.inlinehilite": {},
    "pymdownx.keys": {},
    "pymdownx.magiclink": {},
    "pymdownx.superfences": {},
    "pymdownx.tabbed": {"alternate_style": True},
    "pymdownx.tasklist": {"custom_checkbox": False},
}


class _Uncoloured:
    """A style for Pygments in which nothing has colours: the looks have them, and HTML only names classes.

    Pygments works out the whole style sheet of its style for every block of code, which took a third of its time.
    """

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def _configs(slugify: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    return EXTENSIONS | {
        "pymdownx.highlight": EXTENSIONS["pymdownx.highlight"] | {"pygments_style": _Uncoloured()},
        "toc": EXTENSIONS["toc"] | {"slugify": lambda value, _: slugify(value)},
        "pymdownx.superfences": {"custom_fences": [{"name": "mermaid", "class": "kith-diagram", "format": _diagram}]},
    }


class _Engine(Markdown):
    def build_extension(self, ext_name: str, configs: Mapping[str, Any]) -> Any:
        """An extension by its module: by its name, theirs would look through everything that is installed."""
        module = import_module(ext_name if "." in ext_name else f"markdown.extensions.{ext_name}")
        return module.makeExtension(**configs)


def engine(slugify: Callable[[str], str]) -> Any:
    """Python-Markdown with our extensions; ``slugify`` makes a heading's id of its words."""
    made: Any = _Engine(extensions=list(EXTENSIONS), extension_configs=_configs(slugify), output_format="html")
    for part in (Whitespace, Fences, Coloured, RawBlocks, Blocks, Phrases, Headings, Attributes, Escapes, RawHtml):
        part.replace(made)
    made.serializer = written
    # asked for every element, and answered by looking through a list
    made.is_block_level = lru_cache(maxsize=512)(made.is_block_level)
    return made


def _diagram(source: str, _language: str, css_class: str, *_: Any, **__: Any) -> str:
    """A diagram as its source, which a page draws and everything else shows."""
    return f'<pre class="{css_class}"><code>{escape(source, quote=False)}</code></pre>'
