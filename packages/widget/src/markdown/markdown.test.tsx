import { cleanup, render } from '@testing-library/react'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Markdown, spoken } from './markdown'
import { parseMarkdown } from './parse'
import { safeHref } from './safe-href'

afterEach(cleanup)

const html = (text: string) => render(<Markdown text={text} />).container.querySelector('.prose')?.innerHTML

describe('what answers use', () => {
  test.each([
    ['Plain & simple', '<p>Plain &amp; simple</p>'],
    ['One\n\nTwo', '<p>One</p><p>Two</p>'],
    [
      '**bold** and *italic* and __bold__ and _italic_',
      '<p><strong>bold</strong> and <em>italic</em> and <strong>bold</strong> and <em>italic</em></p>',
    ],
    ['***both***', '<p><strong><em>both</em></strong></p>'],
    ['`code *as is*`', '<p><code>code *as is*</code></p>'],
    ['# Title #\ntext', '<h3>Title</h3><p>text</p>'],
    ['- one\n- two\n  - inner', '<ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul>'],
    ['3. three\n4. four', '<ol start="3"><li>three</li><li>four</li></ol>'],
    ['- one\n\n- two', '<ul><li>one</li><li>two</li></ul>'],
    ['Intro:\n- item', '<p>Intro:</p><ul><li>item</li></ul>'],
    ['> quoted', '<blockquote><p>quoted</p></blockquote>'],
    ['```\na < b\n```', '<pre><code>a &lt; b</code></pre>'],
    ['```\nstill streaming', '<pre><code>still streaming</code></pre>'],
    [String.raw`\*not italic\*`, '<p>*not italic*</p>'],
  ])('%j', (text, expected) => {
    expect(html(text)).toBe(expected)
  })

  test.each([
    'snake_case_name',
    '2 * 3 * 4',
    '**unfinished',
    '*a',
    '[no link]',
    '[text](',
    '1.no space',
    '#no space',
    '`open',
    '****',
    '* ',
  ])('stays as typed: %j', (text) => {
    expect(render(<Markdown text={text} />).container.textContent).toBe(text.trim())
  })
})

describe('numbers to call stay in one piece', () => {
  const pieces = (text: string) =>
    [...render(<Markdown text={text} />).container.querySelectorAll('.phone')].map(
      (found) => found.textContent,
    )

  test.each([
    ['Call (419) 555-0100, day and night.', ['(419) 555-0100']],
    ['Call **419-555-0100** or 1-800-555-0199.', ['419-555-0100', '1-800-555-0199']],
    ['From abroad: +49 30 5550 0100', ['+49 30 5550 0100']],
    ['Open from 8 am to 8:30 pm, room 204, $12.50, call 911 or 988', []],
  ])('%j', (text, expected) => {
    expect(pieces(text)).toEqual(expected)
  })

  test('and nothing is lost around them', () => {
    const text = '555-0100 555 0199, (419) 555-0100'
    expect(render(<Markdown text={text} />).container.textContent).toBe(text)
  })
})

describe('links', () => {
  test('open outside, and tell the other side nothing', () => {
    const link = render(<Markdown text="[Parking](https://hospital.test/parking)" />).container.querySelector(
      'a',
    )
    expect(link?.outerHTML).toBe(
      '<a href="https://hospital.test/parking" target="_blank" rel="noopener noreferrer">Parking</a>',
    )
  })

  test('are found in plain text, without the punctuation behind them', () => {
    expect(html('See https://hospital.test/a.')).toBe(
      '<p>See <a href="https://hospital.test/a" target="_blank" rel="noopener noreferrer">https://hospital.test/a</a>.</p>',
    )
  })

  test.each(['tel:+15550100', 'mailto:a@hospital.test', 'https://hospital.test/', 'http://hospital.test/'])(
    'may be %s',
    (href) => {
      expect(safeHref(href)).toBe(href)
    },
  )

  test.each([
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'blob:https://hospital.test/1',
    'file:///etc/passwd',
    '/relative',
    '//protocol-relative.test',
    '',
  ])('are never %j', (href) => {
    expect(safeHref(href)).toBeUndefined()
    const links = render(<Markdown text={`[label](${href})`} />).container.querySelectorAll('a')
    expect([...links].map((link) => link.textContent)).not.toContain('label')
  })
})

describe('hostile input', () => {
  test.each([
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '![image](https://tracker.test/pixel.png)',
    '[x](https://a.test" onclick="alert(1))',
    '<a href="javascript:alert(1)">x</a>',
  ])('makes no element of its own: %j', (text) => {
    const { container } = render(<Markdown text={text} />)
    expect(container.querySelector('img, script, [onclick], [onerror], a[href^="javascript"]')).toBeNull()
  })

  test.each(['*', '**', '_', '[', '[[](', '`', '> ', '- ', '* a', '#', '*a **b ', '[a](b', 'http://'])(
    'twice as much of %j is twice the work, not more',
    (piece) => {
      const work = (length: number) => {
        const looks = vi.spyOn(String.prototype, 'indexOf')
        try {
          parseMarkdown(piece.repeat(Math.ceil(length / piece.length)))
          return looks.mock.calls.length
        } finally {
          looks.mockRestore()
        }
      }
      expect(work(16_000)).toBeLessThan(2.5 * work(8_000) + 10)
    },
  )
})

test('gives the words alone for a screen reader', () => {
  expect(spoken('# Hours\n\nFrom **ten** to [six](https://a.test).\n\n- one\n- `two`')).toBe(
    'Hours\nFrom ten to six.\none\ntwo',
  )
})
