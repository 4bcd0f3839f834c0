// Reads and writes PNG files without a library, so that what is asserted is the file itself.

import zlib from "node:zlib";
import { expect } from "./checks.mjs";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Bytes per pixel by PNG colour type, at eight bits a channel. */
const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 };

function* chunks(file) {
  expect(file.subarray(0, 8).equals(SIGNATURE), `not a PNG: ${file.subarray(0, 16).toString("hex")}`);
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + length);
    expect(zlib.crc32(file.subarray(at + 4, at + 8 + length)) === file.readUInt32BE(at + 8 + length), type);
    yield { type, data };
    at += 12 + length;
  }
}

/** Width, height and all pixels of an eight-bit PNG; every checksum is checked. */
export function decodePng(file) {
  const all = [...chunks(file)];
  expect(all[0].type === "IHDR" && all.at(-1).type === "IEND", all.map((chunk) => chunk.type));
  const [width, height] = [all[0].data.readUInt32BE(0), all[0].data.readUInt32BE(4)];
  const [depth, colour, , , interlace] = all[0].data.subarray(8);
  const channels = CHANNELS[colour];
  expect(depth === 8 && channels && interlace === 0, { depth, colour, interlace });
  const parts = all.filter((chunk) => chunk.type === "IDAT").map((chunk) => chunk.data);
  const rows = zlib.inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  expect(rows.length === (stride + 1) * height, `${rows.length} bytes for ${width}x${height}`);
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const left = x < channels ? 0 : pixels[y * stride + x - channels];
      const up = y === 0 ? 0 : pixels[(y - 1) * stride + x];
      const corner = x < channels || y === 0 ? 0 : pixels[(y - 1) * stride + x - channels];
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      pixels[y * stride + x] = rows[y * (stride + 1) + 1 + x] + guess;
    }
  }
  return { width, height, channels, pixels };
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(zlib.crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** An RGBA PNG whose pixels are what `paint(x, y)` says: four numbers from 0 to 255. */
export function encodePng(width, height, paint) {
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows.set(paint(x, y), y * (width * 4 + 1) + 1 + x * 4);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const parts = [chunk("IHDR", header), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

/** The bytes of base64, which has to be bare and whole. */
export function fromBase64(text) {
  const bytes = Buffer.from(text, "base64");
  expect(bytes.toString("base64") === text, `not base64: ${text.slice(0, 40)}`);
  return bytes;
}

/** `png`, `jpeg` or `webp`, by the first bytes, and the width and height that the file itself says. */
export function inspect(file) {
  if (file.subarray(0, 8).equals(SIGNATURE)) {
    return { format: "png", width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  }
  if (file.readUInt16BE(0) === 0xffd8) {
    for (let at = 2; at < file.length; at += 2 + file.readUInt16BE(at + 2)) {
      const marker = file[at + 1]; // the frame headers are C0 to CF, without C4, C8 and CC
      if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
        return { format: "jpeg", width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
      }
    }
  }
  if (file.toString("latin1", 0, 4) === "RIFF" && file.toString("latin1", 8, 12) === "WEBP") {
    return { format: "webp" };
  }
  throw new Error(`no known image: ${file.subarray(0, 16).toString("hex")}`);
}
