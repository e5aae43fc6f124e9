"""MkDocs itself: reads `site/mkdocs.yml`, starts its plugins, and says in plain values what came of it.

The plain values are all that making pages needs, and can be kept for later builds, which then start no MkDocs. Where a
house has plugins that may do more than that, or hooks of its own, MkDocs stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from pipeline.regular import read_regular
from pipeline.stage import Job, Look, around

_KNOWN = {"material/search", "search"}
"""Plugins that change nothing but their own settings while the engine is started."""

_APART = {"theme", "plugins", "extra", "extra_javascript", "exclude_docs", "draft_docs", "not_in_nav"}
"""Settings that are told in another form, or serve MkDocs only while it looks for files."""


def started(job: Job) -> Any:
    """MkDocs' settings, with its plugins started."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    from mkdocs.config import load_config

    # MkDocs only looks at where the site would go: it writes nothing there
    config = load_config(
        str(job.source / "mkdocs.yml"), docs_dir=str(job.empty), site_dir=str(job.cache), **dict(job.options)
    )
    config.extra["kith"] = around(job, config.site_url)
    config.plugins.on_startup(command="build", dirty=False)
    return config.plugins.on_config(config)


def look_of(config: Any) -> Look | None:
    """The settings as plain values; None where they hold more than values can say."""
    from mkdocs import __version__

    theme, plugins = config.theme, config.plugins
    alone = not config.hooks and set(plugins) <= _KNOWN
    usual = theme.name == "material" and str(theme.locale) == "en"
    if not alone or not usual or config.edit_uri or config.edit_uri_template:
        return None
    try:
        own = {
            **_plain({key: value for key, value in config.items() if key not in _APART}),
            "theme": _plain({**theme, "locale": "en"}),
            "plugins": {name: {"config": _plain(plugin.config)} for name, plugin in plugins.items()},
            "extra": _plain({key: value for key, value in config.extra.items() if key != "kith"}),
            "extra_javascript": [one if isinstance(one, str) else _plain(one) for one in config.extra_javascript],
        }
    except TypeError:
        return None
    return Look(own, [str(one) for one in theme.dirs], sorted(theme.static_templates), __version__, search_of(config))


def lasting(job: Job) -> bool:
    """Whether the settings are what the file says, and nothing that lies elsewhere."""
    text = read_regular(job.source / "mkdocs.yml")
    return b"!ENV" not in text and b"INHERIT" not in text


def search_of(config: Any) -> dict[str, Any] | None:
    """What the search script must know to read the index; None where the settings have no search."""
    for name in ("material/search", "search"):
        if plugin := config.plugins.get(name):
            return {key: plugin.config.get(key) for key in ("lang", "separator", "pipeline", "fields")}
    return None


def _plain(value: Any) -> Any:
    """The value in the plainest types there are; raises `TypeError` for what has no such form."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return json.loads(json.dumps(value))


class Theirs:
    """Makes templates' surroundings with MkDocs' own objects."""

    def __init__(self, config: Any, job: Job) -> None:
        from mkdocs.structure.nav import Navigation

        self.config, self.job, self.nav = config, job, Navigation([], [])
        self.search = search_of(config)
        self.theme = [str(one) for one in config.theme.dirs], sorted(config.theme.static_templates)
        self.env = config.theme.get_env()

    def ready(self) -> Any:
        """The environment, after plugins changed what they want of it."""
        from mkdocs.structure.files import Files

        return self.config.plugins.on_env(self.env, config=self.config, files=Files([]))

    def page(self, place: str, meta: dict[str, Any], content: str) -> dict[str, Any]:
        """What the template of a page is handed."""
        from mkdocs.commands.build import get_context
        from mkdocs.structure.files import File
        from mkdocs.structure.pages import Page

        file = File(f"{place}index.md", str(self.job.empty), str(self.job.cache), use_directory_urls=True)
        made = Page(None, file, self.config)
        made.meta, made.content = meta, content
        return dict(get_context(self.nav, [], self.config, made))

    def bare(self) -> dict[str, Any]:
        """Likewise for a template without a page, which may be shown at any depth."""
        from mkdocs.commands.build import get_context

        return dict(get_context(self.nav, [], self.config, base_url=self.config.extra["kith"]["base"]))
