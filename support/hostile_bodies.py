"""Bodies of requests that are broken, huge or misleading, and how each may be answered."""

from support.hostile_pictures import picture

MEGABYTE = 2**20
BOUNDARY = "multipart/form-data; boundary=b"


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def part(name: str, body: bytes, extra: str = '; filename="x.jpg"') -> bytes:
    return f'Content-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + body


PICTURE = picture("JPEG")
BODIES: dict[str, tuple[str, bytes, set[int]]] = {
    "form: as it should be": (BOUNDARY, form(part("image", PICTURE)), {200}),
    "form: path as the name": (
        BOUNDARY,
        form(part("image", PICTURE, '; filename="../../../../etc/passwd"')),
        {200},
    ),
    "form: odd name": (
        BOUNDARY,
        form(part("image", PICTURE, '; filename="a\\"b\0.jpg"; filename*=UTF-8\'\'%2e%2e%2f')),
        {200, 400},
    ),
    "form: no boundary": ("multipart/form-data", form(part("image", PICTURE)), {400}),
    "form: other boundary": (
        "multipart/form-data; boundary=c",
        form(part("image", PICTURE)),
        {400},
    ),
    "form: boundary of 10 kB": (f"multipart/form-data; boundary={'b' * 10_000}", b"x", {400, 431}),
    "form: empty": (BOUNDARY, b"", {400}),
    "form: no end": (BOUNDARY, form(part("image", PICTURE), end=b""), {200, 400}),
    "form: no name": (BOUNDARY, form(b"Content-Disposition: form-data\r\n\r\nx"), {400}),
    "form: no headers": (BOUNDARY, form(b"\r\n" + PICTURE), {400}),
    "form: headers of 1 MB": (
        BOUNDARY,
        form(b"X: " + b"x" * MEGABYTE + b"\r\n" + part("image", PICTURE)),
        {400, 413},
    ),
    "form: other field": (BOUNDARY, form(part("file", PICTURE)), {400}),
    "form: text in place of a file": (BOUNDARY, form(part("image", b"x", "")), {400}),
    "form: two pictures": (BOUNDARY, form(*[part("image", PICTURE)] * 2), {400}),
    "form: 1,000 pictures": (BOUNDARY, form(*[part("image", b"x")] * 1000), {400, 413}),
    "form: 10,000 fields": (BOUNDARY, form(*[part("a", b"x", "")] * 10_000), {400, 413}),
    "form: field of 1 MB": (
        BOUNDARY,
        form(part("image", b"x" * MEGABYTE, ""), part("image", PICTURE)),
        {400, 413},
    ),
    "form: form inside the form": (
        BOUNDARY,
        form(b"Content-Type: multipart/mixed; boundary=c\r\n" + part("image", b"--c\r\n\r\n--c--")),
        {400, 415, 422},
    ),
    "form: empty picture": (BOUNDARY, form(part("image", b"")), {400, 422}),
    "url-encoded": ("application/x-www-form-urlencoded", b"a=1&" * 100_000, {415}),
    "json: not at all": ("application/json", b"I am a cat", {400}),
    "json: empty": ("application/json", b"", {400}),
    "json: a list": ("application/json", b"[]", {400}),
    "json: null": ("application/json", b"null", {400}),
    "json: no member": ("application/json", b"{}", {400}),
    "json: not a text": ("application/json", b'{"url": 5}', {400}),
    "json: a list of addresses": ("application/json", b'{"url": ["http://a.example/"]}', {400}),
    "json: one more member": ("application/json", b'{"url": "http://a.example/", "x": 1}', {400}),
    "json: nested 30,000 deep": ("application/json", b"[" * 30_000 + b"]" * 30_000, {400}),
    "json: nested in the member": (
        "application/json",
        b'{"url": ' + b'{"url": ' * 5_000 + b"1" + b"}" * 5_001,
        {400},
    ),
    "json: a number of 50,000 digits": (
        "application/json",
        b'{"url": ' + b"9" * 50_000 + b"}",
        {400},
    ),
    "json: no UTF-8": ("application/json", b'{"url": "\xff\xfe"}', {400}),
    "json: UTF-16": ("application/json", '{"url": "x"}'.encode("utf-16"), {400}),
    "json: half a character": ("application/json", b'{"url": "http://a.example/\\ud800"}', {400}),
    "json: NaN": ("application/json", b'{"url": NaN}', {400}),
    "json: the same member twice": (
        "application/json",
        b'{"url": "http://127.0.0.1/", "url": "http://10.0.0.1/"}',
        {400},
    ),
    "json: 1 MB": ("application/json", b'{"url": "' + b"a" * MEGABYTE + b'"}', {400, 413}),
    "no kind": ("", PICTURE, {200}),  # what was sent without a type is looked at
    "odd kind": ("image/jpeg; charset=\xff", PICTURE, {200, 400, 415}),
    "kind of 5 kB": ("image/" + "x" * 5_000, PICTURE, {200, 400, 415, 431}),
    "any kind of image": ("image/x-made-up", PICTURE, {200}),
    "nothing": ("image/jpeg", b"", {400}),
    "11 MB": ("image/jpeg", bytes(11 * MEGABYTE), {413}),
    "11 MB in a form": (BOUNDARY, form(part("image", bytes(11 * MEGABYTE))), {413}),
}
"""Name -> content type, body, statuses that may be answered."""
