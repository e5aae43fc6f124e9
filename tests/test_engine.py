"""The engine with MkDocs, and without: what it remembers of the settings, and what it makes once for many pages."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url, normalize_url

from pipeline import engine, site, stage, theme, workshop
from pipeline.around import Around
from pipeline.engine import Engine, Job
from pipeline.errors import KithError
from pipeline.making import options
from pipeline.once import Once
from pipeline.pages import SitePage, frames, site_pages
from tests.site_house import house, post, sample

REPO = Path(__file__).parent.parent
LEFT = post("left", "2026-07-01", ("en", "Left", "Gone."), version={"aliases": ("old/way.html", "old/way")})
HOUSE = replace(sample(), entries=(*sample().entries, LEFT))
WORDS = workshop.words_for(REPO / "site", HOUSE)
PAGES = site_pages(HOUSE, WORDS)
ROOT = HOUSE.settings.url


def job(tmp_path: Path, source: Path = REPO / "site", key: bytes = b"one") -> Job:
    folders = source, tmp_path / "docs", tmp_path / "kept"
    return Job(*folders, options(HOUSE), frames(HOUSE, WORDS), HOUSE.settings.language, key)


def everything(made: Engine) -> dict[str, bytes]:
    """All pages of the sample house, and the one for lost readers."""
    return {page.path: made.page(page, ROOT + page.path) for page in PAGES} | {"404": made.lost()}


def own(tmp_path: Path, **changed: str) -> Path:
    """Looks of a house's own, with more text at the end of some files."""
    folder = tmp_path / "own"
    for path in (REPO / "site").rglob("*"):
        if path.is_file() and path.suffix != ".js":
            target = folder / path.relative_to(REPO / "site")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    for name, text in changed.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((target.read_text("utf-8") if target.exists() else "") + text, "utf-8")
    return folder


@pytest.fixture
def mkdocs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The pages as MkDocs' own objects make them, each from the first letter to the last."""
    with monkeypatch.context() as patched:
        patched.setattr(theme, "look_of", lambda config: None)
        patched.setattr(engine, "Around", lambda template: None)
        patched.setattr(Once, "_kept", lambda _, place, key, caller: caller())
        made = Engine(job(tmp_path / "mkdocs"))
        assert isinstance(made.stage, theme.Theirs)
        return everything(made)


def test_pages_are_the_same_with_mkdocs_without_it_and_from_what_was_kept(
    tmp_path: Path, mkdocs: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Engine(job(tmp_path))
    monkeypatch.setattr(theme, "started", None)
    again = Engine(job(tmp_path))
    assert len(mkdocs) > 40
    assert everything(first) == mkdocs
    assert everything(again) == mkdocs
    assert everything(again) == mkdocs, "what is made once stays as it is"
    assert first.search() == again.search()
    assert first.assets() == again.assets()


def test_nothing_is_kept_without_a_key_and_another_key_asks_again(tmp_path: Path) -> None:
    Engine(job(tmp_path, key=b""))
    assert not (tmp_path / "kept" / "look").exists()
    Engine(job(tmp_path))
    known = (tmp_path / "kept" / "look").read_bytes()
    Engine(job(tmp_path, key=b"two"))
    assert (tmp_path / "kept" / "look").read_bytes() != known


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("copyright: !ENV [KITH_TEST, \"none\"]\n", "the environment may be another the next time"),
        ("INHERIT: more.yml\n", "what is inherited may be another the next time"),
        ("hooks: [hook.py]\n", "a hook may do anything"),
        ("edit_uri: edit/\nrepo_url: https://example.org/\n", "addresses to edit a page are MkDocs' work"),
        ("theme: mkdocs\n", "another theme may change without Kith knowing"),
        ("no_such_setting: 1\n", "MkDocs warns, and is to warn again"),
    ],
)  # fmt: skip
def test_what_is_more_than_settings_is_not_kept(tmp_path: Path, changed: str, said: str) -> None:
    source = own(tmp_path, **{"mkdocs.yml": "\n" + changed, "more.yml": "copyright: x\n", "hook.py": ""})
    for _ in range(2):
        made = Engine(job(tmp_path, source))
        assert not (tmp_path / "kept" / "look").exists(), said
        assert bool(made.warnings) == ("no_such" in changed)


def test_a_hook_of_the_house_changes_every_page_of_every_build(tmp_path: Path) -> None:
    hook = "def on_env(env, config, files):\n    env.filters['e'] = lambda text: 'hooked'\n    return env\n"
    source = own(tmp_path, **{"mkdocs.yml": "\nhooks: [hook.py]\n", "hook.py": hook})
    for _ in range(2):
        made = Engine(job(tmp_path, source))
        assert all(b"hooked" in page for page in everything(made).values())


def test_a_template_that_kith_has_not_may_ask_for_the_page_anywhere(tmp_path: Path) -> None:
    asking = "<!-- {{ page.meta.kith.address if page else 'lost' }} -->"
    source = own(tmp_path, **{"overrides/partials/javascripts/base.html": asking})
    made = everything(Engine(job(tmp_path, source)))
    assert all(f"<!-- {ROOT}{page.path} -->".encode() in made[page.path] for page in PAGES if page.kind != "moved")


def test_an_error_in_a_template_has_its_place_with_what_was_kept_too(tmp_path: Path) -> None:
    source = own(tmp_path)
    Engine(job(tmp_path, source))
    (source / "overrides" / "partials" / "post.html").write_text("one\n{{ page.meta.kith.nothing.at.all }}")
    made = Engine(job(tmp_path, source))
    with pytest.raises(KithError, match=r"^site/(overrides/partials/post\.html:\d|mkdocs\.yml).*nothing"):
        everything(made)


def test_a_build_after_the_first_imports_neither_mkdocs_nor_babel(tmp_path: Path) -> None:
    given = house(post("said", "2026-08-01", ("en", "Said", "Words.")), languages=("en",))
    site.build(given, tmp_path, feeds=True)
    site.build(
        house(post("said", "2026-08-01", ("en", "Said", "More words.")), languages=("en",)), tmp_path, feeds=True
    )
    code = (
        "import sys; from pathlib import Path; from pipeline import site; from tests.site_house import house, post\n"
        "given = house(post('said', '2026-09-02', ('en', 'Said', 'Other words.')), languages=('en',))\n"
        "report = site.build(given, Path(sys.argv[1]), feeds=True)\n"
        "assert report.changed > 1\n"
        "assert not {'mkdocs', 'babel'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=REPO)


def settings(tmp_path: Path) -> MkDocsConfig:
    made = theme.started(job(tmp_path))
    assert isinstance(made, MkDocsConfig)
    return made


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> MkDocsConfig:
    folder = tmp_path_factory.mktemp("settings")
    for name in ("docs", "kept"):
        (folder / name).mkdir()
    return settings(folder)


@pytest.mark.parametrize("place", ["", "posts/lease/", "zh/posts/a b/", "zh/标签/c++/", "old/way.html", "old/way"])
def test_a_page_says_of_itself_what_mkdocs_says(config: MkDocsConfig, place: str) -> None:
    theirs = Page(None, File(f"{place}index.md", config.docs_dir, config.site_dir, use_directory_urls=True), config)
    theirs.content, theirs.meta = "text", {"title": "T"}
    look = theme.look_of(config)
    assert look
    ours = stage.Sheet(stage.url_of(place), {"title": "T"}, "text", look.config)
    # what StructureItem and Page have beside this are methods that read and render files
    working = {"file", "read_source", "render", "validate_anchor_links"}
    for name in {name for name in dir(theirs) if not name.startswith("_")} - working:
        if not (place.startswith("old/") and name == "is_index"):
            assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.file.url == theirs.file.url


def test_settings_say_what_mkdocs_says(config: MkDocsConfig) -> None:
    look = theme.look_of(config)
    assert look
    told = {"theme", "plugins", "extra", "extra_javascript", "exclude_docs", "draft_docs", "not_in_nav", "dev_addr"}
    for name in set(config) - told:
        assert look.config[name] == config[name] or dict(config[name]), name
    for name in set(config.theme) - {"locale"}:
        assert look.config["theme"][name] == config.theme[name], name
    assert str(config.theme.locale) == look.config["theme"]["locale"]
    assert [stage.Script(one) for one in look.config["extra_javascript"]] == [dict(x) for x in config.extra_javascript]  # type: ignore[arg-type]  # both are mappings here


PATH = st.text("ab./?#:é", max_size=12)


@given(PATH, PATH)
def test_addresses_are_related_as_mkdocs_does(path: str, other: str) -> None:
    assert stage.relative(path, other) == get_relative_url(path, other)
    try:
        wanted = normalize_url(path, base=other)
    except ValueError:
        return
    assert stage.normal(path, None, other) == wanted
    page: Any = stage.Sheet(other, {}, "", {})
    assert stage.normal(path, page, "x") == normalize_url(path, page, "x")


def test_scripts_are_written_as_mkdocs_does(config: MkDocsConfig) -> None:
    from mkdocs.config.config_options import ExtraScriptValue
    from mkdocs.utils.templates import script_tag_filter

    context: Any = {"page": None, "base_url": ".."}
    rows: list[dict[str, Any]] = [{"path": 'a"b.js'}, {"path": "a.mjs", "type": "mod'ule", "async": True}]
    for row in [*rows, {"path": "https://x.org/a.js", "defer": True}]:
        theirs = ExtraScriptValue()
        theirs.load_dict({"type": "", "defer": False, "async": False, **row})
        ours = stage.Script(dict(theirs))
        assert stage._script_tag(context, ours) == script_tag_filter(context, theirs)
    assert stage._script_tag(context, "a&b.js") == script_tag_filter(context, "a&b.js")


def test_the_files_of_a_theme_are_those_that_mkdocs_publishes(tmp_path: Path, config: MkDocsConfig) -> None:
    own = tmp_path / "own"
    for name in ("assets/a.js", "readme.txt", "x.md", ".x/y.js", "locales/z.js", "b.html", "assets/images/favicon.png"):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text("")
    folders = [str(own), *config.theme.dirs]
    files = Files([])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(config.theme, "dirs", folders)
        files.add_files_from_theme(config.theme.get_env(), config)
    wanted = {file.dest_uri: Path(str(file.abs_src_path)) for file in files if not file.is_documentation_page()}
    found = stage.assets(folders, config.theme.static_templates)
    assert found == wanted
    assert list(found) == list(wanted)


PARENT = (
    "{% set a = 1 %}<{{ key }}>{% block one %}{% endblock %}"
    "{% set b = 2 %}|{% block two %}{% endblock %}</>{{ seen() }}"
)


def around(parent: str, child: str) -> tuple[Environment, list[int]]:
    calls: list[int] = []

    def seen() -> str:
        calls.append(1)
        return ""

    env = Environment(loader=DictLoader({"parent": parent, "child": child}))
    env.globals["seen"] = seen
    Around(env.get_template("parent"))
    return env, calls


SAID = '{% extends "parent" %}{% set around = {"key": [key], "but": ["one", "two"]} %}'


def test_what_stands_around_is_made_once_for_each_key_and_blocks_for_each_page() -> None:
    env, calls = around(
        PARENT, SAID + "{% block one %}{{ page }}{{ a }}{{ b }}{% endblock %}{% block two %}{{ b }}{% endblock %}"
    )
    child = env.get_template("child")
    made = [child.render(key=key, page=page) for key, page in ((1, "x"), (1, "y"), (2, "z"))]
    assert made == ["<1>x1|2</>", "<1>y1|2</>", "<2>z1|2</>"]
    assert len(calls) == 2


def test_a_template_that_does_not_ask_for_it_is_made_as_ever() -> None:
    env, calls = around(PARENT, '{% extends "parent" %}{% block one %}{{ page }}{% endblock %}')
    made = [env.get_template("child").render(key=1, page=page) for page in ("x", "y")]
    assert made == ["<1>x|</>", "<1>y|</>"]
    assert len(calls) == 2


@pytest.mark.parametrize(
    "parent",
    [
        "{{ seen() }}{% if self.one() %}{% block one %}{% endblock %}{% endif %}{% block two %}{% endblock %}",
        "{{ seen() }}{% filter upper %}{% block one %}{% endblock %}{% endfilter %}{% block two %}{% endblock %}",
        "{{ seen() }}{% block one %}{% endblock %}{{ self.two() }}{% block two %}{% endblock %}",
        "{{ seen() }}{% block one %}{% endblock %}",
    ],
)
def test_nothing_is_kept_where_a_block_does_more_than_stand_in_its_place(parent: str) -> None:
    child = SAID + "{% block one %}{{ page }}{% endblock %}{% block two %}{{ page }}{% endblock %}"
    env, _ = around(parent, child)
    plain = Environment(loader=DictLoader({"parent": parent, "child": child}))
    plain.globals["seen"] = str
    for page in ("x", "", "y"):
        assert env.get_template("child").render(key=1, page=page) == plain.get_template("child").render(
            key=1, page=page
        )


def test_kith_itself_has_its_pages_made_that_way(tmp_path: Path) -> None:
    made = Engine(job(tmp_path))
    page = next(one for one in PAGES if one.kind == "post")
    made.page(page, ROOT + page.path)
    counted: list[SitePage] = []
    made.env.filters["tojson"] = lambda value: counted.append(value) or "made anew"
    assert b"made anew" not in made.page(page, ROOT + page.path)
