import { createElement, Fragment, memo, type ReactNode } from 'react'
import styles from '../styles/prose.css?inline'
import { type Block, type Inline, parseMarkdown, plainText } from './parse'

export { styles }

/** What a screen reader is told of an answer. */
export const spoken = (text: string): string => plainText(parseMarkdown(text))

/** An answer as elements: text nodes and a fixed set of tags, never markup from outside. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose" dir="auto">
      {blocks(parseMarkdown(text))}
    </div>
  )
})

// Positions are the identity here: an answer only grows at its end.
const each = <T,>(list: T[], draw: (item: T, index: number) => ReactNode): ReactNode =>
  list.map((item, index) => createElement(Fragment, { key: index }, draw(item, index)))
const blocks = (list: Block[]) => each(list, drawBlock)
const inlines = (list: Inline[]) => each(list, drawInline)

function drawBlock(block: Block): ReactNode {
  switch (block.kind) {
    case 'paragraph':
      return <p>{inlines(block.children)}</p>
    case 'heading':
      // The panel's own headings are levels 1 and 2.
      return createElement(`h${Math.min(block.level + 2, 6)}`, null, inlines(block.children))
    case 'quote':
      return <blockquote>{blocks(block.children)}</blockquote>
    case 'code':
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      )
    case 'list': {
      const items = block.items.map((item, index) => createElement('li', { key: index }, tight(item)))
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>
    }
  }
}

/** An item's first paragraph needs no paragraph of its own. */
function tight([first, ...rest]: Block[]): ReactNode {
  if (first?.kind !== 'paragraph') return blocks(first ? [first, ...rest] : [])
  return (
    <>
      {inlines(first.children)}
      {blocks(rest)}
    </>
  )
}

/** What may be a number to call: on two lines it is hard to read, and it runs from left to right in every language. */
const PHONE = /(\(?\+?\d[\d(). -]{5,18}\d)/

function drawInline(node: Inline): ReactNode {
  if (typeof node === 'string')
    return each(node.split(PHONE), (text, index) =>
      index % 2 ? (
        <span className="phone" dir="ltr">
          {text}
        </span>
      ) : (
        text
      ),
    )
  switch (node.kind) {
    case 'bold':
      return <strong>{inlines(node.children)}</strong>
    case 'italic':
      return <em>{inlines(node.children)}</em>
    case 'code':
      return <code>{node.text}</code>
    case 'link':
      return (
        <a href={node.href} target="_blank" rel="noopener noreferrer">
          {inlines(node.children)}
        </a>
      )
  }
}
