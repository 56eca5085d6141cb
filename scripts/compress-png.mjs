// Writes PNGs anew with as few bytes as their pixels need: a browser's are made for speed. `node scripts/compress-png.mjs FOLDER`.
// Nothing of a picture changes but colours that differ by less than anybody sees, and only where more than 256 are used.

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { deflateSync, inflateSync } from 'node:zlib'

/** The square of how far two colours are apart that nobody tells from each other. */
const HARDLY_DIFFERENT = 60

export const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const CRC = Int32Array.from({ length: 256 }, (_, number) => {
  let value = number
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})
const crc = (bytes) => {
  let value = -1
  for (const byte of bytes) value = CRC[(value ^ byte) & 0xff] ^ (value >>> 8)
  return ~value >>> 0
}

/** A picture of 8 bits a channel without interlacing, which is what browsers write, as RGB. */
export function readPng(file) {
  let at = SIGNATURE.length
  let header
  const data = []
  while (at < file.length) {
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const content = file.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = content
    if (type === 'IDAT') data.push(content)
    if (type === 'PLTE') return undefined
    at += length + 12
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const channels = { 2: 3, 6: 4 }[header[9]]
  if (header[8] !== 8 || !channels || header[12]) throw new Error('a PNG of another kind')
  const raw = inflateSync(Buffer.concat(data))
  const stride = width * channels
  const pixels = Buffer.alloc(height * stride)
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)]
    for (let index = 0; index < stride; index += 1) {
      const left = index >= channels ? pixels[row * stride + index - channels] : 0
      const up = row ? pixels[(row - 1) * stride + index] : 0
      const corner = row && index >= channels ? pixels[(row - 1) * stride + index - channels] : 0
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]
      pixels[row * stride + index] = raw[row * (stride + 1) + 1 + index] + predicted
    }
  }
  const rgb = Buffer.alloc(width * height * 3)
  for (let index = 0; index < width * height; index += 1)
    pixels.copy(rgb, index * 3, index * channels, index * channels + 3)
  return { width, height, rgb }
}

function paeth(left, up, corner) {
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(guess - value))
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/**
 * With a palette of 256 colours at most: those used most, without such as hardly differ from one that is in already, so that there
 * is room for the colour of a small dot. For every other one, the nearest of them.
 */
export function writePng({ width, height, rgb }) {
  const uses = new Map()
  for (let at = 0; at < rgb.length; at += 3) {
    const color = rgb.readUIntBE(at, 3)
    uses.set(color, (uses.get(color) ?? 0) + 1)
  }
  const colors = [...uses].sort(([, one], [, other]) => other - one).map(([color]) => color)
  const parts = (color) => [color >> 16, (color >> 8) & 255, color & 255]
  const kept = []
  const places = new Map()
  for (const color of colors) {
    const [red, green, blue] = parts(color)
    let best = Number.POSITIVE_INFINITY
    for (const [place, candidate] of kept.entries()) {
      const [otherRed, otherGreen, otherBlue] = parts(candidate)
      const distance = (red - otherRed) ** 2 + (green - otherGreen) ** 2 + (blue - otherBlue) ** 2
      if (distance < best) {
        best = distance
        places.set(color, place)
      }
    }
    if (best > HARDLY_DIFFERENT && kept.length < 256) {
      places.set(color, kept.length)
      kept.push(color)
    }
  }
  const rows = Buffer.alloc(height * (width + 1))
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1)
      rows[row * (width + 1) + 1 + column] = places.get(rgb.readUIntBE((row * width + column) * 3, 3))
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(kept.flatMap(parts))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

export function chunk(type, content) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const result = Buffer.alloc(body.length + 8)
  result.writeUInt32BE(content.length, 0)
  body.copy(result, 4)
  result.writeUInt32BE(crc(body), body.length + 4)
  return result
}

const [, script, folder] = process.argv
if (script === fileURLToPath(import.meta.url))
  for (const name of await readdir(folder)) {
    const picture = name.endsWith('.png') && readPng(await readFile(`${folder}/${name}`))
    if (picture) await writeFile(`${folder}/${name}`, writePng(picture))
  }
