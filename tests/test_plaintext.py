import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.letterhtml import mailable
from pipeline.markup import render
from pipeline.plaintext import columns, text, wrap


def said(markdown: str, **options) -> str:
    return text(mailable(render(markdown, lambda _, address: address).html), **options)


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert columns("ab") == 2
    assert columns("中文，") == 6
    assert columns("e\u0301") == 1
    assert columns("हिन्दी") < 6


def test_paragraphs_are_wrapped_at_72_columns() -> None:
    lines = said("many words " * 40).splitlines()
    assert max(columns(line) for line in lines) <= 72
    assert min(columns(line) for line in lines[:-1]) > 60


def test_chinese_is_wrapped_between_characters_but_not_before_a_stop() -> None:
    lines = said("这是一个很长的句子，用来看看换行的地方对不对（括号也算）。" * 6).splitlines()
    assert len(lines) > 2
    for line in lines:
        assert columns(line) <= 72
        assert line[0] not in "，。）、"
        assert line[-1] not in "（"


def test_an_address_is_never_broken() -> None:
    address = "https://h.example/" + "very-long/" * 12
    assert address in said(f"Look at <{address}> please.").splitlines()


@given(st.text(alphabet="ab ，。（）中文\u0301é1-", max_size=200), st.integers(4, 80))
def test_wrapping_loses_no_character(words: str, width: int) -> None:
    assert "".join("".join(wrap(words, width)).split()) == "".join(words.split())


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=9), max_size=60))
def test_no_line_of_short_words_is_too_wide(words: list[str]) -> None:
    assert all(columns(line) <= 20 for line in wrap(" ".join(words), 20))


def test_code_is_kept_line_for_line() -> None:
    code = "def f(a):\n\n    return    'x'  # " + "long " * 30
    lines = said(f"```python\n{code}\n```\n").splitlines()
    assert [line[4:] for line in lines] == [line.rstrip() for line in code.split("\n")]


def test_lists_have_bullets_numbers_and_boxes() -> None:
    shown = said("- one\n- two\n    1. deep\n    2. deeper\n")
    assert shown == "- one\n- two\n  1. deep\n  2. deeper"
    assert said("9. nine\n10. ten\n") == " 9. nine\n10. ten"
    assert said("- [x] done\n- [ ] open\n") == "☑ done\n☐ open"


def test_what_belongs_to_a_line_of_a_list_is_indented_with_it() -> None:
    assert said("1. one\n\n    more\n\n2. two\n") == "1. one\n\n   more\n\n2. two"


def test_quotes_and_boxes_have_a_sign_at_their_side() -> None:
    assert said("> a\n>\n> b\n") == "> a\n>\n> b"
    assert said('!!! note "Care"\n    One.\n\n    Two.\n') == "| *Care*\n| One.\n|\n| Two."


def test_tables_stand_in_columns() -> None:
    shown = said("| Model | Speed |\n|---|--:|\n| small | 9.5 |\n| 大模型 | 21 |\n")
    assert shown.splitlines() == ["Model   Speed", "------  -----", "small     9.5", "大模型     21"]


def test_a_table_too_wide_for_columns_is_told_cell_by_cell() -> None:
    long = "word " * 20
    lines = said(f"| Name | What |\n|---|---|\n| a | {long} |\n| b | c |\n").splitlines()
    assert lines[:2] == ["Name: a", "What: " + ("word " * 13).strip()]
    assert lines[-2:] == ["Name: b", "What: c"]


def test_links_have_numbers_and_their_addresses_below() -> None:
    shown = said("[a](https://h.example/a), [b](https://h.example/b), [c](https://h.example/a)")
    assert shown == "a [1], b [2], c [1]\n\n[1] https://h.example/a\n[2] https://h.example/b"


def test_a_link_that_says_its_own_address_says_it_once() -> None:
    assert said("https://h.example/a") == "https://h.example/a"
    assert said("[h@h.example](mailto:h@h.example)") == "h@h.example"


def test_in_a_chat_addresses_stand_in_place() -> None:
    assert (
        said("Look [here](https://h.example/a) now.", numbered=False, width=0) == "Look here https://h.example/a now."
    )


def test_pictures_are_their_words_in_the_readers_language() -> None:
    assert said("![A lens](https://h.example/a.png)", picture="图") == "[图: A lens]"
    assert said("![](https://h.example/a.png)") == ""


def test_footnotes_have_raised_numbers() -> None:
    assert said("Word.[^a]\n\n[^a]: Note.\n") == "Word.¹\n\n* * *\n\n¹ Note."


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**a** *b* `c` ~~d~~", "*a* _b_ `c` ~d~"),
        ("H~2~O x^2^ x^ab^ x~ij~", "H₂O x² x^ab x_ij"),
        ("a  \nb", "a\nb"),
        ("Term\n:   Meaning\n", "Term\n    Meaning"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("## Head\n\ntext", "Head\n----\n\ntext"),
        ("## 标题\n", "标题\n----"),
        ("++ctrl+c++", "Ctrl+C"),
    ],
)
def test_marks_are_readable_without_markup(written: str, shown: str) -> None:
    assert said(written) == shown


def test_no_width_leaves_a_paragraph_on_one_line() -> None:
    assert "\n" not in said("many words " * 40, width=0)
