"""What the letters of the tests say: everything that Markdown can do, and words in many languages."""

EVERYTHING = r"""
The first paragraph has *emphasis*, **weight**, `a span`, ==a mark==, ~~a strike~~, H~2~O, x^2^, a
[link](https://example.org/page), [another post](short.md) and ++ctrl+c++.[^1]

## Lists

- one
- two
    1. deep
    2. deeper

<!-- -->

- [x] done
- [ ] to do

!!! note "With care"
    A box with a [link](https://example.org/box).

??? tip
    Folded on the web.

=== "Python"
    ```python
    def half(x: float) -> float:
        return x / 2  # not rounded
    ```

=== "Words"
    Divide by two.

```text title="log.txt"
a line
    and    one with blanks
```

| Model | Speed |
|---|---:|
| small | 21.8 |
| 大模型 | 4.9 |

The bound is $r \le B/S$, or

$$
r \le \frac{B}{S}
$$

> A quote.

Term
:   What it means.

![A public picture](../media/lens.jpg)

::: only inner
The orchid was straighter than mine.

![The balcony](../media/balcony.jpg)
:::

![A sized one](../media/lens.jpg){ width=300 }

<span onclick="x()" style="color:red">odd</span> <script>alert(1)</script>

[^1]: A footnote with a [link](https://example.org/foot).
"""

ARABIC = """
كانت البحيرة صغيرة، وهذا [دفتر](https://example.org/notebook).

> اقتباس

!!! note "ملاحظة"
    نص قصير.

```python
x = 1  # واحد
```

| الشهر | الخطوات |
|---|---:|
| يونيو | 410 |
"""

ELSEWHERE = {
    "de": (
        "Der Berg hinter der Donaudampfschifffahrtsgesellschaft",
        "Im Nebel sah man *keine zehn Meter* weit, und die Brille half nicht.",
        "Wer langsam geht, kommt auch an.",
        "Vierzehn Grad und Nordwind, die erste Jacke des Jahres.",
        "Ein ruhiger Monat, und zwei Dinge darin waren eine Seite wert.",
    ),
    "fr": (
        "Le sentier derrière la colline",
        "Dans le brouillard, on ne voyait *pas à dix mètres* ; les lunettes n’y faisaient rien.",
        "Qui va lentement arrive aussi.",
        "Quatorze degrés, vent du nord : la première veste de l’année.",
        "Un mois calme, et deux choses valaient une page.",
    ),
    "ja": (
        "丘のうしろの細い道",
        "霧の中では*十メートル先も*見えず、眼鏡も役に立たなかった。「ゆっくり行こう」と友人が言った。",
        "ゆっくり歩いても、いつか着く。",
        "十四度、北風。今年はじめて上着を着た。",
        "静かなひと月でしたが、書いておきたいことが二つありました。",
    ),
    "zh-Hant": (
        "山後的小路",
        "霧裡*十公尺外*就看不見，戴眼鏡也沒有用。朋友說：「慢慢走。」",
        "走得慢，也會到。",
        "十四度，北風，今年第一次穿外套。",
        "這個月很安靜，有兩件事值得寫一頁。",
    ),
    "hi": (
        "पहाड़ी के पीछे की पगडंडी",
        "कोहरे में *दस मीटर आगे* भी कुछ नहीं दिखता था, और चश्मे से कोई मदद नहीं मिली।",
        "जो धीरे चलता है, वह भी पहुँचता है।",
        "चौदह डिग्री, उत्तरी हवा, इस साल की पहली जैकेट।",
        "महीना शांत रहा, और उसमें दो बातें लिखने लायक थीं।",
    ),
}
"""A title, a paragraph, a saying, an update and an opening, in the languages of no golden letter."""

CODE = """

```python
x = 1  # {0}
```

- `x`: {0}
- [Ersha](https://example.org/ersha)

| {0} | km |
|---|--:|
| 1 | 9,5 |
"""
