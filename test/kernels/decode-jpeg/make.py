"""Makes jpegs.json: small JPEGs of each kind that data sets hold, with the SHA-256 of Pillow's pixels. Needs pillow==13.0.0."""
import base64, hashlib, io, json, math, pathlib
from PIL import Image


def picture(width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height))
    image.putdata([
        (int(127 + 120 * math.sin(x / 3 + y / 7)), (x * 9 + y * 5) % 256, 255 if (x // 5 + y // 4) % 2 else 20)
        for y in range(height) for x in range(width)
    ])
    return image


def sample(name: str, image: Image.Image, channels: int, **options) -> dict:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", **options)
    decoded = Image.open(io.BytesIO(encoded.getvalue())).convert("RGB" if channels == 3 else "L")
    return {
        "name": name, "channels": channels, "height": decoded.height, "width": decoded.width,
        "jpeg": base64.b64encode(encoded.getvalue()).decode(),
        "pixels": hashlib.sha256(decoded.tobytes()).hexdigest(),
    }


samples = [
    sample("32x32 4:2:0, as in CIFAR-10", picture(32, 32), 3, quality=95),
    sample("odd size 33x17 4:2:0", picture(33, 17), 3, quality=75),
    sample("4:2:2", picture(40, 24), 3, quality=85, subsampling="4:2:2"),
    sample("4:4:4", picture(40, 24), 3, quality=85, subsampling="4:4:4"),
    sample("progressive", picture(48, 48), 3, quality=60, progressive=True),
    sample("grey read as grey", picture(31, 29).convert("L"), 1, quality=80),
    sample("grey read as colour", picture(31, 29).convert("L"), 3, quality=80),
]
pathlib.Path(__file__).with_name("jpegs.json").write_text(json.dumps(samples, indent=1) + "\n")
