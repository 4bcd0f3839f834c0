"""Runs the official, unchanged `openai` client against an image API at a base URL.

Usage: python check.py http://127.0.0.1:PORT/v1

One line per check, then `N passed, M failed`; the exit code is 1 where one failed.
It is meant for the sandbox, where nothing is charged; no other key than `sk-sandbox` is sent.
"""

import base64
import io
import re
import struct
import sys
import urllib.error
import urllib.request

import openai
from PIL import Image

PNG = b"\x89PNG\r\n\x1a\n"
CHECKS = []


def check(function):
    """Registers a check; its docstring is the line that is printed."""
    CHECKS.append(function)
    return function


def png_size(data):
    """Width and height from a PNG's header chunk."""
    assert data[:8] == PNG and data[12:16] == b"IHDR", f"not a PNG: {data[:16]!r}"
    return struct.unpack(">II", data[16:24])


def decoded(reply, index=0):
    """The image of a reply, which has to be bare base64."""
    return base64.b64decode(reply.data[index].b64_json, validate=True)


def image(colour, size=(256, 256), mode="RGB"):
    """A PNG file of one colour, as the client uploads it."""
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def upload(data, name="image.png"):
    return (name, data, "image/png")


def data_url(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


def download(url):
    """Fetches a link without any key, as a browser would."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as answer:
        return answer.read()


def refused(code, call):
    """Asserts that the call raises BadRequestError with this code."""
    try:
        call()
    except openai.BadRequestError as error:
        assert error.code == code, f"code {error.code!r}: {error}"
        assert error.request_id, "no request id"
        return error
    raise AssertionError(f"not refused with {code}")


@check
def generate_exact_size(client):
    """generate: one PNG of exactly the pixels asked for, with usage"""
    reply = client.images.generate(
        model="gpt-image-2", prompt="a red kite over the sea", size="1536x1024", quality="medium"
    )
    assert len(reply.data) == 1
    assert png_size(decoded(reply)) == (1536, 1024)
    assert (reply.size, reply.quality, reply.output_format) == ("1536x1024", "medium", "png")
    assert reply.usage.output_tokens == 1372, reply.usage
    assert reply.usage.input_tokens_details.text_tokens == reply.usage.input_tokens
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens
    assert reply._request_id


@check
def generate_is_repeatable(client):
    """generate: the same prompt is the same image, n images differ"""
    ask = {"model": "gpt-image-2", "prompt": "hills", "size": "1024x1024", "quality": "low", "n": 2}
    first, second = client.images.generate(**ask), client.images.generate(**ask)
    assert decoded(first) == decoded(second)
    assert decoded(first, 0) != decoded(first, 1)


@check
def generate_jpeg(client):
    """generate: output_format jpeg is a JPEG, smaller with more compression"""
    sizes = []
    for compression in (90, 20):
        reply = client.images.generate(
            model="gpt-image-2",
            prompt="a quiet city at night",
            size="1024x1024",
            quality="high",
            output_format="jpeg",
            output_compression=compression,
        )
        image = Image.open(io.BytesIO(decoded(reply)))
        assert (image.format, image.size) == ("JPEG", (1024, 1024))
        sizes.append(len(decoded(reply)))
    assert sizes[1] < sizes[0], sizes


@check
def generate_webp_transparent(client):
    """generate: webp with a transparent background has real alpha"""
    reply = client.images.generate(
        model="gpt-image-2.5-flare",
        prompt="a green balloon",
        size="1024x1024",
        quality="low",
        output_format="webp",
        background="transparent",
    )
    image = Image.open(io.BytesIO(decoded(reply)))
    assert (image.format, image.size) == ("WEBP", (1024, 1024))
    assert image.convert("RGBA").getchannel("A").getextrema() == (0, 255)
    assert reply.background == "transparent"


@check
def generate_streamed(client):
    """generate: a stream brings its partial images, then the whole one with usage"""
    events = list(
        client.images.generate(
            model="gpt-image-2",
            prompt="a boat",
            size="1024x1024",
            quality="low",
            stream=True,
            partial_images=2,
        )
    )
    kinds = [event.type for event in events]
    partial, completed = "image_generation.partial_image", "image_generation.completed"
    assert kinds == [partial, partial, completed], kinds
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert png_size(base64.b64decode(events[-1].b64_json)) == (1024, 1024)
    assert events[-1].usage.output_tokens == 196 + 200


@check
def edit_two_images(client):
    """edit: two images go in and count as input tokens"""
    images = [upload(image("red"), "a.png"), upload(image("blue"), "b.png")]
    reply = client.images.edit(
        model="gpt-image-2", prompt="put image 1 into image 2", image=images, size="1536x1024", quality="low"
    )
    assert png_size(decoded(reply)) == (1536, 1024)
    assert reply.usage.input_tokens_details.image_tokens == 2048, reply.usage
    alone = client.images.edit(
        model="gpt-image-2",
        prompt="put image 1 into image 2",
        image=images[0],
        size="1536x1024",
        quality="low",
    )
    assert decoded(alone) != decoded(reply), "the second image does not show"


def half_mask(size):
    """An alpha mask that opens the right half."""
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (size[0] // 2, 0, size[0], size[1]))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")
    return buffer.getvalue()


@check
def inpaint(client):
    """inpaint: outside the mask every pixel is the original's, inside it is painted anew"""
    size = (1024, 1024)
    original = Image.effect_noise(size, 80).convert("RGB")
    buffer = io.BytesIO()
    original.save(buffer, "PNG")
    reply = client.images.edit(
        model="gpt-image-2",
        prompt="a city at night",
        image=upload(buffer.getvalue()),
        mask=upload(half_mask(size), "mask.png"),
        size="1024x1024",
        quality="medium",
    )
    painted = Image.open(io.BytesIO(decoded(reply))).convert("RGB")
    left, right = (0, 0, 512, 1024), (512, 0, 1024, 1024)
    assert painted.crop(left).tobytes() == original.crop(left).tobytes()
    assert painted.crop(right).tobytes() != original.crop(right).tobytes()


@check
def mask_of_another_size(client):
    """refused: a mask of another size than the image"""
    ask = {"model": "gpt-image-2", "prompt": "a cat", "image": upload(image("red", (512, 512)))}
    mask = upload(half_mask((256, 256)), "mask.png")
    error = refused("invalid_mask_image_format", lambda: client.images.edit(mask=mask, **ask))
    assert "size does not match" in str(error)


@check
def unknown_parameter(client):
    """refused: a parameter that the official model does not know, by name"""
    for name, value in (("aspect_ratio", "16:9"), ("response_format", "b64_json")):
        ask = {"model": "gpt-image-2", "prompt": "a cat", "extra_body": {name: value}}
        error = refused("unknown_parameter", lambda: client.images.generate(**ask))
        assert error.param == name, error


@check
def odd_size(client):
    """refused: a size off the grid of 16"""
    ask = {"model": "gpt-image-2", "prompt": "a cat", "size": "1000x1000"}
    assert refused("invalid_value", lambda: client.images.generate(**ask)).param == "size"


@check
def not_an_image(client):
    """refused: an upload that is no image, by its number"""
    images = [upload(image("red")), upload(b"not an image at all")]
    ask = {"model": "gpt-image-2", "prompt": "a cat", "image": images}
    assert "image 2" in str(refused("invalid_image_file", lambda: client.images.edit(**ask)))


@check
def bad_key(client):
    """refused: a key that is not accepted, an unknown model"""
    try:
        client.with_options(api_key="sk-invalid").images.generate(model="gpt-image-2", prompt="a cat")
        raise AssertionError("accepted")
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key"
    try:
        client.images.generate(model="dall-e-9", prompt="a cat")
        raise AssertionError("accepted")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found"


@check
def all_as_base64(client):
    """gpt-image-2-all: base64, in the shape of the prompt's prefix"""
    reply = client.images.generate(model="gpt-image-2-all", prompt="横版 16:9, a red kite", response_format="b64_json")
    assert reply.data[0].url is None
    assert png_size(decoded(reply)) == (1672, 941)
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens


@check
def all_as_link(client):
    """gpt-image-2-all: a link that opens without a key, and only whole"""
    reply = client.images.generate(model="gpt-image-2-all", prompt="a red kite", response_format="url")
    assert reply.data[0].b64_json is None
    url = reply.data[0].url
    assert png_size(download(url)) == (1254, 1254)
    try:
        download(url.split("?")[0])
        raise AssertionError("opened without its query string")
    except urllib.error.HTTPError as error:
        assert error.code == 403


@check
def chat(client):
    """gpt-image-2-all by chat: two images in, a Markdown link out"""
    parts = [{"type": "text", "text": "Generate image: put image1 into image2"}]
    for colour in ("red", "blue"):
        parts.append({"type": "image_url", "image_url": {"url": data_url(image(colour))}})
    completion = client.chat.completions.create(
        model="gpt-image-2-all", messages=[{"role": "user", "content": parts}]
    )
    content = completion.choices[0].message.content
    link = re.fullmatch(r"!\[image\]\((\S+)\)\n\n", content)
    assert link, content
    assert Image.open(io.BytesIO(download(link[1]))).format == "PNG"
    assert completion.usage.prompt_tokens > 2048
    again = [{"type": "text", "text": "at night"}, {"type": "image_url", "image_url": {"url": link[1]}}]
    client.chat.completions.create(model="gpt-image-2-all", messages=[{"role": "user", "content": again}])


@check
def model_list(client):
    """models: the list names both families"""
    names = {model.id for model in client.models.list()}
    assert {"gpt-image-2", "gpt-image-2-all"} <= names, names


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    http = openai.DefaultHttpxClient(trust_env=False)
    client = openai.OpenAI(api_key="sk-sandbox", base_url=sys.argv[1], http_client=http, max_retries=0)
    failed = 0
    for function in CHECKS:
        try:
            function(client)
            print(f"ok      {function.__doc__}")
        except Exception as error:  # every failure is a line, whatever it is
            failed += 1
            print(f"FAILED  {function.__doc__}\n        {type(error).__name__}: {str(error)[:500]}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
