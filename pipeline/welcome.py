"""The page that tells a stranger how to hear from the house: what feeds are, which there are, how letters work."""

from __future__ import annotations

from functools import partial
from html import escape
from urllib.parse import quote

from pipeline.desk import Desk, Leaf, SitePage
from pipeline.keys import key_of
from pipeline.listed import alternates, feeds, tag_feed
from pipeline.settings import Mail
from pipeline.timeline import anchor
from pipeline.tongue import Tongue


def subscribe(desk: Desk, lang: str) -> Leaf:
    """The page about feeds and letters in ``lang``."""
    tags = [(slug, desk.piles.name(slug)) for slug in desk.piles.tags]
    key = partial(key_of, "subscribe", lang, desk.languages, desk.feeds, tags)
    return Leaf(desk.links.subscribe(lang), lang, key, partial(_subscribe, desk, lang))


def _subscribe(desk: Desk, lang: str) -> SitePage:
    tongue = desk.tongue(lang)
    return SitePage(
        path=desk.links.subscribe(lang),
        lang=lang,
        kind="subscribe",
        title=tongue.say("subscribe_title"),
        description=tongue.say("subscribe_about"),
        body=_letters(desk, tongue) + _what(tongue) + _feeds(desk, tongue) + _on_a_phone(desk, tongue),
        alternates=alternates(desk, {one: desk.links.subscribe(one) for one in desk.languages}),
        meta={"feeds": feeds(desk, lang)},
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _letters(desk: Desk, tongue: Tongue) -> str:
    """How to ask for letters; nothing where the house has no address to ask at."""
    address = _mailbox(desk.house.settings.mail)
    if not address:
        return ""
    subject = quote(tongue.say("letters_subject"))
    words = quote(tongue.say("letters_words", author=desk.house.settings.author))
    mail = f"mailto:{quote(address, safe='@')}?subject={subject}&body={words}"
    ask = anchor(mail, tongue.say("letters_ask"), "kith-button")
    return (
        f'<h2 id="letters">{escape(tongue.say("letters_title"))}</h2>'
        + _paragraph(tongue.say("letters_text"))
        + f'<p>{ask} <span class="kith-quiet" dir="ltr">{escape(address)}</span></p>'
        + _paragraph(tongue.say("letters_promise"))
    )


def _mailbox(mail: Mail) -> str:
    """Where letters are answered; ``""`` while the house still has the address it came with."""
    from email.utils import parseaddr

    address = parseaddr(mail.reply_to or mail.sender)[1]
    return "" if address == parseaddr(Mail().sender)[1] else address


def _what(tongue: Tongue) -> str:
    said = "".join(_paragraph(tongue.say(key)) for key in ("feeds_what", "feeds_how"))
    return f'<h2 id="feeds">{escape(tongue.say("feeds_title"))}</h2>{said}'


def _on_a_phone(desk: Desk, tongue: Tongue) -> str:
    """A square for a phone's camera, which opens this very page there; drawn here, and dark on light in any colours."""
    import segno

    here = desk.links.absolute(desk.links.subscribe(tongue.lang)) + "#feeds"
    drawn = segno.make(here, error="m", micro=False).svg_inline(
        scale=3, border=3, dark="#20292b", light="#fbfaf6", omitsize=True, svgclass="kith-square", lineclass=None
    )
    label = escape(tongue.say("phone_square"))
    drawn = drawn.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return f'<div class="kith-phone">{drawn}{_paragraph(tongue.say("phone_text"))}</div>'


def _feeds(desk: Desk, tongue: Tongue) -> str:
    everything = "".join(
        _row(desk, tongue, f"{tongue.say('feed_all')} · {label}", desk.links.feed("", form))
        for form, label in (("rss", "RSS"), ("atom", "Atom"), ("json", "JSON Feed"))
    )
    updates = _row(desk, tongue, tongue.say("updates"), desk.links.feed("updates", "rss"))
    languages = "".join(_language(desk, tongue, one) for one in desk.feeds)
    rows = (
        _row(desk, tongue, desk.piles.name(slug), desk.links.feed(tag_feed(slug), "rss")) for slug in desk.piles.tags
    )
    tagged = "".join(rows)
    opml = anchor(desk.url(desk.links.opml()), tongue.say("feeds_opml"))
    return (
        f'<ul class="kith-feeds">{everything}{updates}</ul>'
        + (_group(tongue, "feeds_languages", languages) if len(desk.feeds) > 1 else "")
        + (_folded(tongue, "feeds_tags", tagged) if tagged else "")
        + f"<p>{opml}</p>"
    )


def _group(tongue: Tongue, title: str, rows: str) -> str:
    return f'<h3 id="{title.replace("_", "-")}">{escape(tongue.say(title))}</h3><ul class="kith-feeds">{rows}</ul>'


def _folded(tongue: Tongue, title: str, rows: str) -> str:
    summary = escape(tongue.say(title))
    return f'<details class="kith-tagged"><summary>{summary}</summary><ul class="kith-feeds">{rows}</ul></details>'


def _language(desk: Desk, tongue: Tongue, lang: str) -> str:
    return _row(desk, tongue, desk.tongue(lang).name, desk.links.feed(f"lang/{lang.lower()}", "rss"), lang)


def _row(desk: Desk, tongue: Tongue, label: str, path: str, lang: str = "") -> str:
    """A feed: its name as a link, its full address to copy, and a button that scripts bring to life."""
    full = escape(desk.links.absolute(path))
    attribute = f' lang="{escape(lang)}"' if lang else ""
    copy, copied = escape(tongue.say("copy")), escape(tongue.say("copied"))
    return (
        f'<li><a href="{escape(desk.url(path))}"{attribute}>{escape(label)}</a>'
        f'<code dir="ltr">{full.replace("/", "/<wbr>")}</code>'
        f'<button type="button" class="kith-copy" hidden data-copy="{full}" data-copied="{copied}">{copy}</button></li>'
    )
