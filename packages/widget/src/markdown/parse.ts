/**
 * Reads the little Markdown that answers use into plain data. There is no HTML in it at any point: what is not understood
 * stays the text it was. Every loop moves forward, so hostile input costs no more than its length times the nesting allowed.
 */

import { safeHref } from './safe-href'

export type Inline =
  | string
  | { kind: 'bold' | 'italic'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; children: Inline[] }

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'code'; text: string }

const DEEPEST = 4
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])[ \t]+(?=\S)/
const HEADING = /^ {0,3}(#{1,6})[ \t]+(\S.*)$/
const FENCE = /^ {0,3}(```+|~~~+)/

export function parseMarkdown(text: string): Block[] {
  return parseBlocks(text.replace(/\r\n?/g, '\n').split('\n'), 0)
}

function parseBlocks(lines: string[], depth: number): Block[] {
  const blocks: Block[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] as string
    const fence = FENCE.exec(line)?.[1]
    const heading = HEADING.exec(line)
    if (!line.trim()) at += 1
    else if (fence) {
      const end = lines.findIndex((candidate, index) => index > at && candidate.trim().startsWith(fence))
      const last = end < 0 ? lines.length : end
      blocks.push({ kind: 'code', text: lines.slice(at + 1, last).join('\n') })
      at = last + 1
    } else if (heading) {
      const [, marks = '', content = ''] = heading
      blocks.push({
        kind: 'heading',
        level: marks.length,
        children: parseInline(withoutClosingMarks(content)),
      })
      at += 1
    } else if (depth < DEEPEST && ITEM.test(line)) {
      const list = takeList(lines, at, depth)
      blocks.push(list.block)
      at = list.next
    } else if (depth < DEEPEST && /^ {0,3}>/.test(line)) {
      const start = at
      while (at < lines.length && /^ {0,3}>/.test(lines[at] as string)) at += 1
      const quoted = lines.slice(start, at).map((quote) => quote.replace(/^ {0,3}> ?/, ''))
      blocks.push({ kind: 'quote', children: parseBlocks(quoted, depth + 1) })
    } else {
      const start = at
      at += 1
      while (at < lines.length && !interruptsParagraph(lines[at] as string, depth)) at += 1
      blocks.push({ kind: 'paragraph', children: parseInline(lines.slice(start, at).join('\n').trim()) })
    }
  }
  return blocks
}

/** A heading may end in marks as well (`## Title ##`). */
const withoutClosingMarks = (content: string) => content.trimEnd().replace(/ #+$/, '')

function interruptsParagraph(line: string, depth: number): boolean {
  if (!line.trim() || HEADING.test(line) || FENCE.test(line)) return true
  return depth < DEEPEST && (ITEM.test(line) || /^ {0,3}>/.test(line))
}

function takeList(lines: string[], start: number, depth: number): { block: Block; next: number } {
  const marker = (ITEM.exec(lines[start] as string)?.[2] ?? '-') as string
  const ordered = /\d/.test(marker)
  const items: Block[][] = []
  let at = start
  while (at < lines.length) {
    const match = ITEM.exec(lines[at] as string)
    if (!match || /\d/.test(match[2] as string) !== ordered) break
    // What is indented at least as far as the item's mark ends belongs to it; so do blank lines between such lines.
    const indent = Math.min(match[0].length, (match[1] as string).length + 2)
    const own = [(lines[at] as string).slice(match[0].length)]
    at += 1
    while (at < lines.length) {
      const line = lines[at] as string
      const belongs = line.trim()
        ? line.length - line.trimStart().length >= indent
        : (lines[at + 1] ?? '').startsWith(' '.repeat(indent))
      if (!belongs && (interruptsParagraph(line, depth) || !line.trim())) break
      own.push(belongs ? line.slice(indent) : line)
      at += 1
    }
    items.push(parseBlocks(own, depth + 1))
    // One blank line between items does not end the list.
    if (!(lines[at] ?? 'x').trim() && ITEM.test(lines[at + 1] ?? '')) at += 1
  }
  return { block: { kind: 'list', ordered, start: Number.parseInt(marker, 10) || 1, items }, next: at }
}

const SPECIAL = /[\\`*_[hm]/g

export function parseInline(text: string, depth = 0): Inline[] {
  const found: Inline[] = []
  let plain = ''
  let at = 0
  /** Marks that nothing closes any more: looked for once, not by each that opens. */
  const unclosed = new Set<string>()
  const add = (node: Inline) => {
    if (plain) found.push(plain)
    plain = ''
    found.push(node)
  }
  while (at < text.length) {
    SPECIAL.lastIndex = at
    const next = SPECIAL.exec(text)?.index ?? text.length
    plain += text.slice(at, next)
    at = next
    if (at >= text.length) break
    const rest = depth < DEEPEST ? takeInline(text, at, depth, unclosed) : undefined
    if (rest) {
      if (typeof rest.node === 'string') plain += rest.node
      else add(rest.node)
      at = rest.next
    } else {
      plain += text[at]
      at += 1
    }
  }
  if (plain) found.push(plain)
  return found
}

function takeInline(
  text: string,
  at: number,
  depth: number,
  unclosed: Set<string>,
): { node: Inline; next: number } | undefined {
  const mark = text[at] as string
  if (mark === '\\') {
    const escaped = text[at + 1] ?? ''
    return /[!-/:-@[-`{-~]/.test(escaped) ? { node: escaped, next: at + 2 } : undefined
  }
  if (mark === '`') {
    const ticks = /^`+/.exec(text.slice(at, at + 8))?.[0] ?? '`'
    const end = text.indexOf(ticks, at + ticks.length)
    return end < 0
      ? undefined
      : { node: { kind: 'code', text: text.slice(at + ticks.length, end).trim() }, next: end + ticks.length }
  }
  if (mark === '*' || mark === '_') return takeEmphasis(text, at, mark, depth, unclosed)
  if (mark === '[') return takeLink(text, at, depth)
  return takeBareUrl(text, at)
}

function takeEmphasis(text: string, at: number, mark: string, depth: number, unclosed: Set<string>) {
  const marks = text[at + 1] === mark ? mark + mark : mark
  // snake_case is not emphasis.
  if (mark === '_' && /\w/.test(text[at - 1] ?? '')) return undefined
  const start = at + marks.length
  if (unclosed.has(marks) || !/\S/.test(text[start] ?? '')) return undefined
  let end = text.indexOf(marks, start + 1)
  // The closing mark touches the word before it, and a single one is not half of a double one.
  while (end > 0 && (/\s/.test(text[end - 1] as string) || (marks.length === 1 && text[end + 1] === mark)))
    end = text.indexOf(marks, end + (text[end + 1] === mark ? 2 : 1))
  // Of three marks, the last two close what the first two opened.
  if (end > 0 && marks.length === 2 && text[end + 2] === mark) end += 1
  if (end < 0) unclosed.add(marks)
  if (end < 0 || (mark === '_' && /\w/.test(text[end + marks.length] ?? ''))) return undefined
  const node: Inline = {
    kind: marks.length === 2 ? 'bold' : 'italic',
    children: parseInline(text.slice(start, end), depth + 1),
  }
  return { node, next: end + marks.length }
}

function takeLink(text: string, at: number, depth: number) {
  const close = text.indexOf('](', at)
  if (close < 0 || text.slice(at + 1, close).includes('\n\n')) return undefined
  const end = text.indexOf(')', close)
  if (end < 0) return undefined
  const label = text.slice(at + 1, close)
  const href = label.includes('[')
    ? undefined
    : safeHref(
        text
          .slice(close + 2, end)
          .trim()
          .split(/\s/)[0] ?? '',
      )
  if (!href) return undefined
  return { node: { kind: 'link', href, children: parseInline(label, depth + 1) } as Inline, next: end + 1 }
}

function takeBareUrl(text: string, at: number) {
  if (/\w/.test(text[at - 1] ?? '')) return undefined
  const url = /^https?:\/\/[^\s<>"'`*[\]]+/i.exec(text.slice(at, at + 2048))?.[0].replace(/[.,;:!?)]+$/, '')
  const href = url && safeHref(url)
  return href ? { node: { kind: 'link', href, children: [url] } as Inline, next: at + url.length } : undefined
}

/** The words alone, for a screen reader's announcement. */
export function plainText(blocks: Block[]): string {
  const inline = (node: Inline): string => {
    if (typeof node === 'string') return node
    return node.kind === 'code' ? node.text : node.children.map(inline).join('')
  }
  const block = (node: Block): string => {
    if (node.kind === 'list') return node.items.map((item) => plainText(item)).join('\n')
    if (node.kind === 'quote') return plainText(node.children)
    return node.kind === 'code' ? node.text : node.children.map(inline).join('')
  }
  return blocks.map(block).join('\n')
}
