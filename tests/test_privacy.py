from __future__ import annotations

import pytest
from small import circle, entry, house, person

from pipeline.model import EVERYONE, Version
from pipeline.privacy import Output, leaks, narrow_runs

SECRET = "The eye test was worse this month and I am trying it again anyway."
SECRET_ZH = "这个月的视力检查比上个月更差我还是想再试一次"
BODY = f"Public words that everyone may read here.\n\n::: only inner\n{SECRET}\n\n{SECRET_ZH}\n:::\n"


def runs(body: str = BODY, **more: object):
    return narrow_runs(house([entry("a", body=body, **more)], [circle("inner")], [person("wei", "inner")]))


WAYS = {
    "as it stands": SECRET,
    "in a page": f"<p>before</p><p>{SECRET}</p>",
    "with markup inside": f"<p>{SECRET.replace('month', '<em>mo</em>nth')}</p>",
    "with entities": SECRET.replace("e", "&#101;"),
    "escaped twice, as in a feed": f"&lt;p&gt;{SECRET.replace('worse', '&amp;#119;orse')}&lt;/p&gt;",
    "in an attribute": f'<img alt="{SECRET}" src="x.png">',
    "in a description": f"<meta name='description' content='{SECRET}'>",
    "in JSON": '{"content_html": "' + SECRET.replace("T", "\\u0054") + '"}',
    "over lines": SECRET.replace(" ", "\n  "),
    "in capitals": SECRET.upper(),
    "in part": "… " + " ".join(SECRET.split()[3:9]),
    "Chinese": SECRET_ZH,
    "Chinese, escaped": SECRET_ZH.encode("unicode_escape").decode(),
    "Chinese, with markup": SECRET_ZH.replace("检查", "<b>检</b>查"),
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_a_narrower_text_is_found_in_a_wider_output(text: str) -> None:
    found = leaks(runs(), [Output("build/site/index.html", EVERYONE, text)])
    assert found
    assert "only for `inner`" in str(found[0])
    assert "content/posts/a.en.md:" in str(found[0])
    assert "build/site/index.html" in str(found[0])


def test_those_who_may_read_it_may_have_it() -> None:
    assert not leaks(runs(), [Output("a letter", EVERYONE | {"inner"}, SECRET)])


def test_what_is_public_elsewhere_is_no_secret() -> None:
    assert not leaks(runs(SECRET + "\n\n" + BODY), [Output("build/site/index.html", EVERYONE, SECRET)])


def test_a_narrower_entry_is_looked_for_whole_with_its_title() -> None:
    version = Version(
        "en",
        "Retry storms at my own company",
        "What broke on Tuesday night",
        "Body words in a row here.",
        "content/posts/x.md",
    )
    found = narrow_runs(house([entry("x", visibility="inner", versions=(version,))], [circle("inner")], []))
    for text in (version.title, version.summary, version.body):
        assert leaks(found, [Output("feed.xml", EVERYONE, text)]), text


def test_a_file_name_can_leak_too() -> None:
    version = Version("en", "Retry storms at my own company", "", "Body words in a row here.", "content/posts/x.md")
    found = narrow_runs(house([entry("x", visibility="inner", versions=(version,))], [circle("inner")], []))
    assert leaks(found, [Output("build/site/posts/retry-storms-at-my-own-company/index.html", EVERYONE, "")])


def test_ordinary_words_in_common_are_no_leak() -> None:
    assert not leaks(runs(), [Output("x", EVERYONE, "The eye doctor said this month was worse, trying again anyway.")])
