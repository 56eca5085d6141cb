import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { chunk, readPng, SIGNATURE, writePng } from './compress-png.mjs'

/** A picture as a browser may write it: one row for each way to predict a point from those around it. */
function picture(filters) {
  const width = 3
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(filters.length, 4)
  header.set([8, 6], 8)
  const rows = filters.map((filter, row) =>
    Buffer.from([filter, ...Array.from({ length: width * 4 }, (_, index) => (index * 37 + row * 11) % 256)]),
  )
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

test('undoes what each row was predicted from', () => {
  const { width, height, rgb } = readPng(picture([0, 1, 2, 3, 4]))
  expect([width, height]).toEqual([3, 5])
  // The first row is as written, without its alpha; the second adds up from the left.
  expect([...rgb.subarray(0, 9)]).toEqual([0, 37, 74, 148, 185, 222, 40, 77, 114])
  expect([...rgb.subarray(9, 15)]).toEqual([11, 48, 85, 11 + 159, (48 + 196) % 256, (85 + 233) % 256])
})

test('what is compressed already is left alone', () => {
  expect(readPng(writePng(readPng(picture([0, 4]))))).toBeUndefined()
})
