"""Links to a search engine's result carry the address of the picture."""

from urllib.parse import quote

import pytest

from common.fetch.search_links import MAX_LINK_LENGTH, picture_of_search

PICTURE = "https://pics.example/a b/Kätzchen.jpg?w=1&h=2"
Q = quote(PICTURE, safe="")

CARRY = [
    f"https://www.google.com/imgres?imgurl={Q}&imgrefurl=https%3A%2F%2Fx.example%2F&docid=1#imgrc=2",
    f"https://www.google.co.uk/imgres?q=cat&imgurl={Q}",
    f"http://google.de/imgres?imgurl={Q}",
    f"  https://images.google.com.au/imgres?imgurl={Q}\n",
    f"https://www.google.com/url?sa=i&url={Q}&psig=1",
    f"https://www.google.com/url?q={Q}",
    f"https://www.bing.com/images/search?view=detailV2&ccid=1&mediaurl={Q}&q=cat",
    f"https://yandex.com/images/search?pos=0&img_url={Q}&rpt=simage",
    f"https://yandex.com.tr/images/search?img_url={Q}",
    f"https://ya.ru/images/search?img_url={Q}",
    f"https://duckduckgo.com/?q=cat&iax=images&ia=images&iai={Q}",
    f"https://external-content.duckduckgo.com/iu/?u={Q}&f=1",
    f"https://images.search.yahoo.com/images/view?imgurl={Q}",
    f"https://www.startpage.com/av/proxy-image?piurl={Q}&sp=1",
    f"https://image.baidu.com/search/detail?objurl={Q}",
]

CARRY_NOTHING = [
    PICTURE,
    "",
    "imgurl=https://x.example/",
    "http://[",
    f"https://google.com.evil.example/imgres?imgurl={Q}",
    f"https://notgoogle.com/imgres?imgurl={Q}",
    f"https://x.example/imgres?imgurl={Q}",
    f"https://www.google.com/search?q={Q}",
    "https://www.google.com/imgres?imgurl=",
    "https://www.google.com/imgres?imgurl=javascript%3Aalert(1)",
    "https://www.google.com/imgres?imgurl=file%3A%2F%2F%2Fetc%2Fpasswd",
    "https://www.bing.com/images/search?q=cat",
    f"https://www.google.com/imgres?imgurl={Q}\n&x",
    f"https://www.google.com/imgres?imgurl={Q}&x={'a' * MAX_LINK_LENGTH}",
]


@pytest.mark.parametrize("link", CARRY)
def test_links_that_carry_a_picture(link: str) -> None:
    assert picture_of_search(link) == PICTURE


def test_yahoo_leaves_the_scheme_out() -> None:
    link = "https://images.search.yahoo.com/images/view?imgurl=pics.example%2Fcat.jpg"
    assert picture_of_search(link) == "http://pics.example/cat.jpg"


@pytest.mark.parametrize("link", CARRY_NOTHING)
def test_links_that_carry_none(link: str) -> None:
    assert picture_of_search(link) is None
