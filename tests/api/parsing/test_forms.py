"""Forms as clients write them, byte by byte, and what is said of those that cannot be read."""

import base64
import contextlib
import http.client
import io
import json
import quopri

import pytest

from api.parsing.forms import read_pictures
from tests.api.conftest import RED, World

TIMEOUT_S = 30
FORM = "multipart/form-data; boundary=XX"
HEAD = b'--XX\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
END = b"\r\n--XX--\r\n"


def send(
    world: World, content_type: str | None, body: bytes, path: str = "/api/v1/classify"
) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(*world.service.address, timeout=TIMEOUT_S)
    headers = {} if content_type is None else {"Content-Type": content_type}
    with contextlib.closing(connection):
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def part(*lines: bytes, data: bytes = RED) -> bytes:
    return b"\r\n".join((b"--XX", *lines, b"", data)) + END


def disposition(rest: bytes) -> bytes:
    return part(b"Content-Disposition: form-data; " + rest)


NAMED = b'Content-Disposition: form-data; name="image"; filename="a.jpg"'

# who writes them: the content type, and the body
DIALECTS = {
    "browsers, curl": (FORM, part(NAMED, b"Content-Type: image/jpeg")),
    "requests with urllib3 before 1.25": (
        FORM,
        disposition(b"name=\"image\"; filename*=utf-8''%e7%8c%ab.jpg"),
    ),
    "both file names": (
        FORM,
        disposition(b'name="image"; filename="_.jpg"; filename*=UTF-8\'\'%e7%8c%ab.jpg'),
    ),
    "a file name in pieces (RFC 2231)": (
        FORM,
        disposition(b"name=\"image\"; filename*0*=utf-8''%e7; filename*1*=%8c%ab.jpg"),
    ),
    "a type and no file name (Flutter, Node, Alamofire)": (
        FORM,
        part(
            b'Content-Disposition: form-data; name="image"',
            b"Content-Type: application/octet-stream",
        ),
    ),
    "neither type nor file name (curl -F 'image=<a.jpg')": (FORM, disposition(b'name="image"')),
    "an empty file name": (FORM, disposition(b'name="image"; filename=""')),
    "no quotation marks (.NET)": (FORM, disposition(b"name=image; filename=a.jpg")),
    "no blank after the semicolon": (FORM, disposition(b'name="image";filename="a.jpg"')),
    "the file name first": (FORM, disposition(b'filename="a.jpg"; name="image"')),
    "a path of Windows": (FORM, disposition(rb'name="image"; filename="C:\Photos\a.jpg"')),
    "quotation marks and semicolons in the name": (
        FORM,
        disposition(rb'name="image"; filename="a \"cat\"; name=x.jpg"'),
    ),
    "quotation marks as %22 (browsers)": (FORM, disposition(b'name="image"; filename="%22.jpg"')),
    "UTF-8 as it is": (FORM, disposition('name="image"; filename="kötter 猫.jpg"'.encode())),
    "Latin-1 (pages in windows-1252)": (
        FORM,
        disposition('name="image"; filename="kötter.jpg"'.encode("latin-1")),
    ),
    "Shift JIS": (FORM, disposition('name="image"; filename="猫.jpg"'.encode("shift_jis"))),
    "an encoded word (.NET)": (
        FORM,
        disposition(b'name=image; filename="=?utf-8?B?54yrLmpwZw==?="'),
    ),
    "a very long name": (FORM, disposition(b'name="image"; filename="' + b"%e7" * 2000 + b'"')),
    "small letters": (
        FORM,
        part(b'content-disposition: form-data; name="image"; filename="a.jpg"'),
    ),
    "large letters": (FORM, part(b'CONTENT-DISPOSITION: Form-Data; NAME="image"; FileName="a"')),
    "no blank after the colon": (FORM, part(b'Content-Disposition:form-data;name="image"')),
    "a header that goes on in the next line": (
        FORM,
        part(b"Content-Disposition: form-data;", b'  name="image"; filename="a.jpg"'),
    ),
    "the type first, and more headers (OkHttp, Apache HttpClient)": (
        FORM,
        part(
            b"Content-Type: image/jpeg",
            b"Content-Transfer-Encoding: binary",
            b"Content-Length: %d" % len(RED),
            b"MIME-Version: 1.0",
            b"Content-ID: <1>",
            b"Content-Location: a.jpg",
            NAMED,
        ),
    ),
    "a dozen headers of its own": (
        FORM,
        part(NAMED, *(b"X-Header-%d: value" % number for number in range(12))),
    ),
    "base64 (mail libraries)": (
        FORM,
        part(NAMED, b"Content-Transfer-Encoding: BASE64", data=base64.encodebytes(RED)),
    ),
    "quoted-printable (mail libraries)": (
        FORM,
        part(NAMED, b"Content-Transfer-Encoding: quoted-printable", data=quopri.encodestring(RED)),
    ),
    "base64, it says, of plain bytes": (FORM, part(NAMED, b"Content-Transfer-Encoding: base64")),
    "a list (PHP, axios, jQuery)": (FORM, disposition(b'name="image[]"; filename="a.jpg"')),
    "a numbered list (qs)": (FORM, disposition(b'name="image[0]"; filename="a.jpg"')),
    "no line end after the last boundary": (FORM, HEAD + RED + b"\r\n--XX--"),
    "an empty line before the first boundary": (FORM, b"\r\n" + HEAD + RED + END),
    "a preamble and an epilogue (mail libraries)": (
        FORM,
        b"This is a multi-part message in MIME format.\r\n" + HEAD + RED + END + b"Bye.\r\n",
    ),
    "blanks after the boundaries": (
        FORM,
        HEAD.replace(b"XX\r\n", b"XX \t\r\n") + RED + b"\r\n--XX-- \r\n",
    ),
    "line feeds alone (scripts)": (
        FORM,
        HEAD.replace(b"\r\n", b"\n") + RED + END.replace(b"\r\n", b"\n"),
    ),
    "line feeds alone, no type, no file name": (
        FORM,
        b'\n--XX\nContent-Disposition: form-data; name="image"\n\n' + RED + b"\n--XX--",
    ),
    "carriage returns alone": (
        FORM,
        HEAD.replace(b"\r\n", b"\r") + RED + END.replace(b"\r\n", b"\r"),
    ),
    "a quoted boundary": ('multipart/form-data; boundary="XX"', HEAD + RED + END),
    "another parameter before the boundary": (
        "multipart/form-data; charset=utf-8; boundary=XX",
        HEAD + RED + END,
    ),
    "another parameter after the boundary": (
        "multipart/form-data; boundary=XX; charset=utf-8",
        HEAD + RED + END,
    ),
    "the type in capitals": ("Multipart/Form-Data; Boundary=XX", HEAD + RED + END),
    "no blank before the boundary": ("multipart/form-data;boundary=XX", HEAD + RED + END),
}

BOUNDARIES = [
    "----WebKitFormBoundary7MA4YWxkTrZu0gW",
    "---------------------------974767299852498929531610575",
    "----=_Part_1_838123.1234567890",  # JavaMail, without the quotation marks that it should have
    "=====================================0123456789==",
    "a'b(c)+_,-./:=?",
    "{0FA4E9A1-5A3B-4B0E-8C52-3B9E2B1C6A5D}",
    "x" * 70,
    "x" * 200,
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_forms_as_clients_write_them(world: World, dialect: str) -> None:
    status, answer = send(world, *DIALECTS[dialect])
    assert (status, answer.get("verdict")) == (200, "cat"), answer


@pytest.mark.parametrize("step", [7, 4096])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_however_they_arrive(dialect: str, step: int) -> None:
    content_type, body = DIALECTS[dialect]
    stream = io.BytesIO(body)
    (found,) = read_pictures(lambda size: stream.read(min(size, step)), content_type, most=1)
    assert found == RED


@pytest.mark.parametrize("quoted", [True, False], ids=["quoted", "bare"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_boundaries_as_clients_make_them(world: World, boundary: str, quoted: bool) -> None:
    written = f'"{boundary}"' if quoted else boundary
    body = (HEAD + RED + END).replace(b"--XX", b"--" + boundary.encode())
    status, answer = send(world, f"multipart/form-data; boundary={written}", body)
    assert (status, answer.get("verdict")) == (200, "cat"), answer


@pytest.mark.parametrize("name", [b"image", b"image[]", b"image[%d]"])
def test_several_pictures_of_one_field(world: World, name: bytes) -> None:
    names = [name % number if b"%" in name else name for number in range(3)]
    parts = [
        b'--XX\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\n%s\r\n' % (n, RED)
        for n in names
    ]
    status, answer = send(world, FORM, b"".join(parts) + b"--XX--\r\n", "/api/v1/classify/batch")
    assert status == 200
    assert [result["verdict"] for result in answer["results"]] == ["cat"] * 3  # type: ignore[index]


# what is wrong: the content type, the body, and what the answer says of it
FAULTS = {
    "no boundary": ("multipart/form-data", HEAD + RED + END, ["boundary", "Content-Type"]),
    "an empty boundary": (
        "multipart/form-data; boundary=",
        HEAD + RED + END,
        ["boundary", "Content-Type"],
    ),
    "no boundary, and no body": ("multipart/form-data", b"", ["boundary", "Content-Type"]),
    "another boundary than in the body": (
        "multipart/form-data; boundary=something",
        HEAD + RED + END,
        ["'something'", "Content-Type"],
    ),
    "no body": (FORM, b"", ["empty"]),
    "no parts": (FORM, b"--XX--\r\n", ["`image`"]),
    "the end is missing": (FORM, HEAD + RED, ["ends", "'--XX--'"]),
    "the last boundary has no end": (FORM, HEAD + RED + b"\r\n--XX\r\n", ["ends", "'--XX--'"]),
    "cut within the headers": (FORM, HEAD[:40], ["ends", "'--XX--'"]),
    "another field": (
        FORM,
        disposition(b'name="file"; filename="a.jpg"'),
        ["'file'", "`image`"],
    ),
    "a part without a name": (FORM, disposition(b'filename="a.jpg"'), ["no name", "`image`"]),
    "a part without headers": (FORM, part(), ["Content-Disposition"]),
    "an address": (
        FORM,
        part(b'Content-Disposition: form-data; name="image"', data=b"https://x.test/cat.jpg"),
        ["text", '{"url"', "@"],
    ),
    "a data: address": (
        FORM,
        part(b'Content-Disposition: form-data; name="image"', data=b"data:image/png;base64,AA=="),
        ["text", '{"image"'],
    ),
    "two pictures": (
        FORM,
        HEAD + RED + b"\r\n" + HEAD + RED + END,
        ["/api/v1/classify/batch"],
    ),
    "a length of the part that is not true": (
        FORM,
        part(NAMED, b"Content-Length: 7"),
        ["Content-Length"],
    ),
    "base64 that is none": (
        FORM,
        part(NAMED, b"Content-Transfer-Encoding: base64", data=b"A"),
        ["base64"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_said_of_forms_that_cannot_be_read(world: World, fault: str) -> None:
    content_type, body, words = FAULTS[fault]
    status, problem = send(world, content_type, body)
    assert (status, problem["code"]) == (400, "invalid_request"), problem
    for word in words:
        assert word in str(problem["detail"])
