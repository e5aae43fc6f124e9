"""Houses with something wrong in a text: passages, links, pictures, nesting."""

from __future__ import annotations

from houses import Files, text

_HELLO = "content/posts/hello.md"


def _hello(front: str = "", body: str = "Words.\n") -> Files:
    return {_HELLO: text(f"id: hello\ntitle: Hello\n{front}", body)}


HOUSES: dict[str, Files] = {
    "a passage that never closes": _hello(body="Public.\n\n::: only inner\nSecret.\n"),
    "a passage that closes twice": _hello(body="::: only inner\nSecret.\n:::\n\n:::\n"),
    "a passage for nobody": _hello(body="::: only\nSecret.\n:::\n"),
    "a passage for an unknown circle": _hello(body="::: only iner\nSecret.\n:::\n"),
    "a passage for public": _hello(body="::: only public\nWords.\n:::\n"),
    "typos in markers": {
        f"content/posts/m{n}.md": text(f"id: m{n}\ntitle: M", f"{m}\nSecret.\n:::\n")
        for n, m in enumerate(
            [
                "::: onyl inner",
                ":: only inner",
                "：：： only inner",
                "\ufeff::: only inner",
                "Here ::: only inner",
                "::: only inner: secret",
                ": : : only inner",
                "::: 只 inner",
            ]
        )
    },
    "a passage in a quote that never closes": _hello(
        body="> ::: only inner\n> Secret.\n\n- ::: only builders\n  Secret.\n"
    ),
    "an open fence hides a passage": _hello(body="```\ncode\n\n::: only inner\nSecret.\n:::\n"),
    "an open tilde fence": _hello(body="~~~ python\ncode\n\n::: only inner\nSecret.\n:::\n\n```\nx\n```\n"),
    "two open fences hide a passage": _hello(
        body="```python\ncode\n\n::: only inner\nSecret.\n:::\n\n```python\nmore\n```\n"
    ),
    "indented code around a passage": _hello(body="Words.\n\n    ```\n\n::: only inner\nSecret.\n:::\n\n    ```\n"),
    "a passage in a page": {"content/pages/about.md": text("title: About", "::: only iner\nx\n:::\n")},
    "missing pictures": _hello(
        body="![a](../media/dto.png)\n![b](media/dot.jpg)\n<img src='x.png'>\n![c](</media/My Picture.png>)\n"
    ),
    "broken links": _hello(
        body="[a](helo.md)\n[b](/posts/helo/)\n[c]: gone.pdf\n[d](../pages/abuot.md#x)\n[c] and [e](/etc/passwd)\n"
    ),
    "links out of the house": _hello(
        body="[a](../../private/secret.key)\n![b](../../../../etc/passwd)\n[c](file:///etc/passwd)\n![d](C:\\pictures\\d.png)\n"
    ),
    "links that run scripts": _hello(
        body="[a](javascript:alert(1))\n[b](JavaScript&#58;alert(1))\n<a href='data:text/html,x'>c</a>\n"
    ),
    "an open link to a narrower entry": _hello(body="See [this](secret.md).\n")
    | {"content/posts/secret.md": text("id: secret\ntitle: Secret\nvisibility: inner")},
    "an address with a NUL": _hello(body="![a](x%00.png)\n![b](" + "y" * 300 + ".png)\n"),
    "pictures from nowhere": _hello(
        body='![a](/images/2011/a.png)\n<video src="clip.mp4"></video>\n![b]( ../media/DOT.png )\n'
    ),
    "brackets": _hello(body="[" * 20000 + "\n"),
    "deep lists": _hello(body="- " * 1000 + "x\n\n" + "> " * 200 + "x\n"),
}
