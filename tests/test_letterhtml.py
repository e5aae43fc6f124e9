import pytest

from pipeline.letterhtml import mailable
from pipeline.letterstyle import cut, finish
from pipeline.markup import render
from tests import letters_house as h

PAGE = "https://h.example/p/"


def made(markdown: str, **options) -> str:
    rendered = render(markdown, lambda _, address: address, "p-")
    return mailable(rendered.html, **options)


def styled(body: str, css: str, direction: str = "ltr", style: str = ".kept { color: red }") -> str:
    head = f'<html dir="{direction}"><head><style>{style}</style></head>'
    return finish(f"<!DOCTYPE html>{head}<body>{body}</body></html>", css)


def test_boxes_become_tables_of_one_cell() -> None:
    for source in ('!!! note "Care"\n    Words.\n', '??? tip "Care"\n    Words.\n'):
        html = made(source)
        assert html.count('role="presentation"') == 1
        assert '<p class="tip"><strong>Care</strong></p><p>Words.</p>' in html
        assert "<details" not in html
        assert "<summary" not in html


def test_a_box_in_a_box_stays_in_it() -> None:
    html = made('!!! note "Out"\n    ??? tip "In"\n        Words.\n')
    assert html.count("<td") == 2
    assert html.index("Out") < html.index("In") < html.index("Words.")


def test_boxes_to_tick_become_signs() -> None:
    html = made("- [x] done\n- [ ] open\n\n    more\n")
    assert "☑ done" in html
    assert "☐ open" in html
    assert html.count('class="task"') == 2
    assert "<input" not in html


def test_footnotes_keep_their_number_and_lose_their_links() -> None:
    html = made("Word.[^a]\n\n[^a]: Note.\n", page=PAGE)
    assert "Word.<sup>1</sup>" in html
    assert '<ol class="notes">' in html
    assert "↩" not in html
    assert "href" not in html


def test_maths_is_tex_in_code() -> None:
    html = made("A $r \\le 2$ and\n\n$$\n\\frac{a}{b}\n$$\n")
    assert '<code class="tick" dir="ltr">r \\le 2</code>' in html
    assert '<pre class="code" dir="ltr">\\frac{a}{b}</pre>' in html


def test_code_keeps_every_line_and_blank_and_few_colours() -> None:
    code = "def f(a):\n\n    # why\n    return  'x'\n"
    html = made(f"```python\n{code}```\n")
    assert html.count("\n") >= code.count("\n")
    assert '<span class="cc"># why</span>' in html
    assert "<span>" not in html
    plain = made(f"```python\n{code}```\n", colours=False)
    assert f'<pre class="code" dir="ltr">{code}</pre>' in plain


def test_numbers_of_lines_are_dropped_and_the_name_of_the_file_is_kept() -> None:
    html = made('```python title="a.py" linenums="7"\nx = 1\n```\n')
    assert '<p class="file">a.py</p>' in html
    assert "7" not in html
    assert "<table" not in html


def test_neighbours_of_one_colour_share_a_span() -> None:
    html = made('```python\nx = "a{b}c"\n```\n')
    assert html.count("<span") == 1


def test_tabs_stand_one_below_the_other() -> None:
    html = made('=== "A"\n    first\n\n=== "B"\n    second\n')
    places = [html.index(words) for words in ("<strong>A", "first", "<strong>B", "second")]
    assert places == sorted(places)
    assert "<input" not in html
    assert "<label" not in html


def test_keys_are_keys() -> None:
    assert made("++ctrl+c++") == '<p><kbd class="key">Ctrl</kbd>+<kbd class="key">C</kbd></p>'


def test_tables_name_their_columns_and_keep_their_alignment() -> None:
    html = made("| a | b |\n|---|--:|\n| 1 | 2 |\n")
    assert '<th scope="col" class="head">a</th>' in html
    assert 'align="right"' in html
    assert "style" not in html


def test_an_empty_corner_of_a_table_is_no_heading() -> None:
    assert made("| | b |\n|---|---|\n| 1 | 2 |\n").count("<th ") == 1


@pytest.mark.parametrize(
    ("written", "width"),
    [("", "552"), ("{ width=300 }", "300"), ("{ width=900 }", "552"), ("{ width=50% }", "552"), ("{ width=0 }", "552")],
)
def test_a_picture_is_never_wider_than_the_column(written: str, width: str) -> None:
    html = made(f"![Alt](https://h.example/a.png){written}")
    assert f'width="{width}"' in html
    assert 'alt="Alt"' in html


def test_pictures_that_cannot_be_fetched_safely_are_their_words() -> None:
    for address in ("http://h.example/a.png", "data:image/png;base64,AAAA", "a.png", "javascript:x"):
        assert made(f"![Alt]({address}) after") == "<p>[Alt] after</p>"


@pytest.mark.parametrize("name", ["emojione", "gemoji", "twemoji"])
def test_pictures_of_emoji_are_the_characters(name: str) -> None:
    html = mailable(f'<p>Run <img alt="🏃" class="{name}" src="https://h.example/e.png" title=":runner:"> on</p>')
    assert html == "<p>Run 🏃 on</p>"


def test_figures_become_divisions_with_their_caption() -> None:
    html = made('<figure markdown="1">\n![A](https://h.example/a.png)\n<figcaption>Words</figcaption>\n</figure>')
    assert html.startswith("<div>")
    assert "figure" not in html
    assert "Words" in html
    assert 'class="caption"' in html


def test_no_paragraph_holds_a_block() -> None:
    assert "<p><div" not in made('<p><figure><img src="https://h.example/a.png" alt="A"></figure></p>')


def test_films_become_links() -> None:
    html = made(
        '<video src="https://h.example/clip.mp4"></video>\n\n<iframe src="https://v.example/1" title="A talk"></iframe>'
    )
    assert '<a href="https://h.example/clip.mp4" class="link">clip.mp4</a>' in html
    assert '<a href="https://v.example/1" class="link">A talk</a>' in html


def test_headings_start_where_they_are_told_and_leave_no_step_out() -> None:
    assert [made(f"# A\n\n### B\n\n## C\n\n{'#' * level} D\n").count("<h5") for level in (4, 2)] == [1, 0]
    assert made("## A\n") == "<h3>A</h3>"
    assert made("#### A\n\n## B\n", top=2) == "<h2>A</h2>\n<h2>B</h2>"


def test_a_link_to_a_place_in_the_text_leads_to_its_page() -> None:
    assert 'href="https://h.example/p/#p-x"' in made("[there](#x)", page=PAGE)
    assert made("[there](#x)") == "<p>there</p>"


def test_links_that_are_not_safe_are_their_words() -> None:
    assert made("[a](ftp://h.example/x) [b](tel:1) [c](javascript:alert(1))").count("<a") == 0
    assert made("[a](http://h.example/x)") == "<p>a (http://h.example/x)</p>"
    assert 'href="https://h.example/x"' in made("[a](//h.example/x)")
    assert 'href="mailto:a@h.example"' in made("[a](mailto:a@h.example)")


def test_nothing_unlisted_survives() -> None:
    html = made(
        '<div id="a" class="box evil" style="color:red" onclick="x()">x<script>alert(1)</script><style>p{}</style>'
        '<form action="/y"><button>go</button><b>bold</b></form><svg><g/></svg><!-- secret --></div>'
    )
    for gone in ("id=", "evil", "style", "onclick", "script", "alert", "form", "button", "svg", "secret"):
        assert gone not in html
    assert "<b>bold</b>" in html


def test_a_house_of_everything_keeps_no_id() -> None:
    assert " id=" not in made(h.EVERYTHING, page=PAGE)


def test_marks_that_link_a_heading_to_itself_are_dropped() -> None:
    permalink = '<a class="headerlink" href="#a" title="Permanent link">¶</a>'
    assert mailable(f'<h2 id="a">A{permalink}</h2>', page=PAGE) == "<h3>A</h3>"


# styles


def test_nothing_is_fetched_to_style_a_letter(tmp_path) -> None:
    (tmp_path / "own.css").write_text("p { color: red }", "utf-8")
    html = finish(f'<link rel="stylesheet" href="{(tmp_path / "own.css").as_uri()}"><p>x</p>', "")
    assert "red" not in html


def test_styles_go_inline_and_only_named_classes_stay() -> None:
    html = styled('<p id="a" class="kept gone">x</p>', ".kept { margin: 0 } .gone { padding: 1px }")
    assert '<p class="kept" style="margin:0;padding:1px">x</p>' in html


def test_properties_that_mail_programs_trip_over_are_dropped() -> None:
    html = styled("<p>x</p>", "p { position: fixed; color: red; background-color: url(https://h.example/x) }")
    assert 'style="color:red"' in html
    assert "h.example" not in html


def test_right_to_left_turns_borders_padding_margins_and_alignment() -> None:
    css = "p { border-left: 1px solid; padding: 1px 2px 3px 4px; margin-left: 5px; text-align: left }"
    html = styled("<p>x</p>", css, direction="rtl")
    assert "border-right:1px solid;padding:1px 4px 3px 2px;margin-right:5px;text-align:right" in html
    inner = styled('<div dir="ltr"><p>x</p></div>', css, direction="rtl")
    assert "border-left:1px solid;padding:1px 2px 3px 4px" in inner


def test_comments_go_but_for_those_to_outlook() -> None:
    html = styled("<!-- private --><!--[if mso]><b>x</b><![endif]--><p>y</p>", "")
    assert "private" not in html
    assert "<!--[if mso]><b>x</b><![endif]-->" in html


def test_the_style_of_the_document_stays_as_it_is() -> None:
    assert "@media (x) { .a { color: red } }" in styled("<p>y</p>", "", style="@media (x) { .a { color: red } }")


def test_a_text_is_cut_between_blocks() -> None:
    fragment = "<p>one</p>\n<p>two</p>\n<p>three</p>"
    assert cut(fragment, 24) == "<p>one</p>\n<p>two</p>"
    assert cut(fragment, 1) == "<p>one</p>"
    assert cut(fragment, 1000) == fragment


def test_right_to_left_turns_the_sides_of_cells_and_keeps_what_finds_its_own() -> None:
    body = '<p dir="auto">a</p><table><tr><td align="right">1</td></tr></table>'
    html = styled(body, "p, td { text-align: left }", "rtl")
    assert '<p dir="auto" style="text-align:right">' in html
    assert '<td align="left"' in html
