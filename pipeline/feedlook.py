"""How a feed looks to somebody who opens it in a browser: a style sheet, which needs no script and no XSLT."""

from __future__ import annotations

STYLE = """\
@namespace a "http://www.w3.org/2005/Atom";
@namespace c "http://purl.org/rss/1.0/modules/content/";
@namespace d "http://purl.org/dc/elements/1.1/";

:root {
  display: block; max-width: 38rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; overflow-wrap: break-word;
  font: 1.0625rem/1.6 system-ui, sans-serif; color: #20292b; background: #fbfaf6; color-scheme: light dark;
}
:root::before {
  content: "This is a feed: copy the address of this page into a feed reader, and new entries come to you. "
    "这是订阅源：把本页地址复制到阅读器里，新内容会自己送上门。";
  display: block; margin-bottom: 2.5rem; padding: .75rem 1rem; border-radius: .5rem;
  background: #f0ede4; color: #555; font-size: .875rem;
}
*|channel, *|item, *|entry, *|title, *|description, *|subtitle, *|summary, *|pubDate, *|published { display: block; }
*|channel > *|title, a|feed > a|title { font-size: 1.75rem; line-height: 1.25; font-weight: 700; }
*|channel > *|description, a|subtitle { margin: .25rem 0 2rem; color: #62665f; }
*|item, a|entry { padding: 1.5rem 0; border-top: 1px solid #e4e1d6; }
*|item > *|title, a|entry > a|title { margin-bottom: .25rem; font: 600 1.1875rem/1.35 system-ui, sans-serif; }
*|pubDate, a|published {
  margin-bottom: .25rem; overflow: hidden; white-space: nowrap; color: #62665f;
  font: .8125rem/1.6 ui-monospace, monospace;
}
/* the day alone: the hour and the zone are for programs */
*|pubDate { width: 16ch; }
a|published { width: 10ch; }
*|guid, *|language, *|lastBuildDate, *|generator, *|category, *|enclosure, *|image, *|channel *|link,
c|encoded, d|creator, d|language, a|content, a|id, a|updated, a|author, a|link { display: none; }
:lang(ar), :lang(he), :lang(fa), :lang(ur) { direction: rtl; }

@media (prefers-color-scheme: dark) {
  :root { color: #e3e5e0; background: #14191a; }
  :root::before { background: #20282a; color: #b3b8b1; }
  *|item, a|entry { border-color: #2c3638; }
  *|channel > *|description, a|subtitle, *|pubDate, a|published { color: #9aa19a; }
}
"""
