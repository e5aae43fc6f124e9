"""Houses for the tests of the web site, built by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.model import Entry, House, Kind, Page, Version
from pipeline.settings import Mail, Settings

SETTINGS = Settings(
    title={"en": "Lin & Co", "zh": "林的家"},
    url="https://lin.example.org/blog/",
    author="Lin Zhao",
    description={"en": "Notes.", "zh": "笔记。", "ar": "ملاحظات."},
    languages=("en", "zh", "ar"),
    mail=Mail(sender="Lin <letters@lin.example.org>", reply_to="lin@example.org"),
)


def version(lang: str, title: str, body: str, path: str, **more: Any) -> Version:
    return Version(lang=lang, title=title, summary=more.pop("summary", ""), body=body, path=path, **more)


def post(slug: str, day: str, *versions: tuple[str, str, str], **more: Any) -> Entry:
    """A post; each version is language, title and body."""
    extra = more.pop("version", {})
    path = f"content/posts/{slug}.{{}}.md"
    made = tuple(version(lang, title, body, path.format(lang), **extra) for lang, title, body in versions)
    return Entry(slug, Kind.POST, slug, _moment(day), made, **more)


def update(slug: str, day: str, *versions: tuple[str, str], **more: Any) -> Entry:
    """An update; each version is language and body."""
    made = tuple(version(lang, "", body, f"content/updates/{slug}.{lang}.md") for lang, body in versions)
    return Entry(slug, Kind.UPDATE, slug, _moment(day), made, **more)


def page(slug: str, *versions: tuple[str, str, str]) -> Page:
    path = f"content/pages/{slug}.{{}}.md"
    return Page(slug, tuple(version(lang, title, body, path.format(lang)) for lang, title, body in versions))


def _moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC)


def house(*entries: Entry, pages: tuple[Page, ...] = (), **settings: Any) -> House:
    """A house with these entries, newest first."""
    ordered = tuple(sorted(entries, key=lambda entry: entry.order, reverse=True))
    return House(replace(SETTINGS, **settings), ordered, pages=pages)


SECRET = "The eye test was worse this month."

EVIL = "<img src=x onerror=alert(2)>"

TRICKY = """Before.

```html
<script>alert("not run")</script>
---
{{ config.site_name }} {% raw %} {# comment #}

\tafter a tab   \x20

data-search-exclude="x"
~~~
```

`data-search-exclude="x"` and `{{ page }}` and <!-- nothing -->.

## A heading

$$x^2 \\ge 0$$

And $\\frac{1}{2}$ inline.
"""


LEASE = f"""See [the loop](loop.en.md), [the secret](secret.en.md).

::: only inner
{SECRET}
:::

End.
"""


def sample() -> House:
    """A small house in three languages with something private in it."""
    chinese = ("zh", "租约", "一个关于模型的故事。看[跑步](loop.en.md)。")
    river, machine = "![River](../media/river.jpg) ran.", {"generated": True, "translated": True}
    private = f"{SECRET} ![x](../media/private.jpg)"
    return house(
        post(
            "lease",
            "2026-11-18",
            ("en", "The lease", LEASE),
            chinese,
            ("ar", "الإيجار", "نص قصير."),
            tags=("systems", "C++"),
            series="diary",
        ),
        post("loop", "2026-10-01", ("en", "The loop", river), tags=("running",), series="diary"),
        post("tricky", "2026-09-01", ("en", '<script>alert(1)</script> & "x"', TRICKY), tags=("<b>", EVIL)),
        post("secret", "2026-11-17", ("en", "Only for inner", private), visibility="inner"),
        post("said", "2026-08-01", ("en", "Said", "Words."), ("zh", "说", "话。"), version=machine),
        update("cold", "2026-11-20", ("en", "First cold day."), ("zh", "第一天冷。"), tags=("running",)),
        update("tiles", "2026-11-02", ("zh", "蓝色的瓷砖。")),
        update("rain", "2026-08-30", ("en", "Rain."), ("ar", "مطر.")),
        pages=(page("about", ("en", "About", "Hello."), ("zh", "关于", "你好。")), page("now", ("en", "Now", "Busy."))),
    )


WORDS: dict[str, dict[str, str]] = {
    "en": {"name": "English", "updates": "Updates", "tags": "Tags", "reading": "{minutes} min", "generated": "by it"},
    "zh": {"name": "中文", "updates": "近况", "tags": "标签", "reading": "{minutes} 分钟", "generated": "模型写的"},
    "ar": {"name": "العربية", "updates": "يوميات", "tags": "الوسوم", "reading": "{minutes} د", "generated": "نموذج"},
}
