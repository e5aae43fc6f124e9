"""How a feed looks to somebody who opens it in a browser: a style sheet, which needs no script and no XSLT."""

from __future__ import annotations

STYLE = """\
@namespace a "http://www.w3.org/2005/Atom";
@namespace c "http://purl.org/rss/1.0/modules/content/";
@namespace d "http://purl.org/dc/elements/1.1/";

:root {
  display: block; max-width: 40rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem;
  font: 1.0625rem/1.6 system-ui, sans-serif; color: #222; background: #fff; color-scheme: light dark;
}
:root::before {
  content: "This is a feed: copy the address of this page into a feed reader, and new entries come to you. "
    "这是订阅源：把本页地址复制到阅读器里，新内容会自己送上门。";
  display: block; margin-bottom: 2rem; padding: .75rem 1rem; border-radius: .5rem;
  background: #f3f1ec; color: #555; font-size: .875rem;
}
*|channel, *|item, *|entry, *|title, *|description, *|subtitle, *|summary, *|pubDate, *|published { display: block; }
*|channel > *|title, a|feed > a|title { font-size: 1.75rem; line-height: 1.25; font-weight: 700; }
*|channel > *|description, a|subtitle { margin-bottom: 1rem; color: #666; }
*|item, a|entry { padding: 1.25rem 0; border-top: 1px solid #e4e1da; }
*|item > *|title, a|entry > a|title { font-size: 1.1875rem; line-height: 1.35; font-weight: 600; }
*|item > *|link { display: block; font-size: .8125rem; color: #777; word-break: break-all; }
*|pubDate, a|published { font-size: .8125rem; color: #777; }
*|guid, *|language, *|lastBuildDate, *|generator, *|category, *|enclosure, *|channel > *|link,
c|encoded, d|creator, a|content, a|id, a|updated, a|author, a|link { display: none; }
:lang(ar), :lang(he), :lang(fa), :lang(ur) { direction: rtl; }

@media (prefers-color-scheme: dark) {
  :root { color: #e6e3dc; background: #1b1b1d; }
  :root::before { background: #29292c; color: #b5b1a8; }
  *|item, a|entry { border-color: #3a3a3d; }
  *|channel > *|description, a|subtitle, *|pubDate, a|published, *|item > *|link { color: #a09c93; }
}
"""
