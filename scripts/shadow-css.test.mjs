import { expect, test } from 'vitest'
import { adaptCss } from './shadow-css.mjs'

test('takes @property out, and the fallbacks from behind their guard', () => {
  const css =
    '@layer properties{@supports ((-webkit-hyphens:none)){*,:before{--tw-shadow:0 0 #0000}}}' +
    '.a{color:red}@property --tw-shadow{syntax:"*";inherits:false;initial-value:0 0 #0000}'
  expect(adaptCss(css)).toBe('@layer properties{*,:before{--tw-shadow:0 0 #0000}}.a{color:red}')
})

test('leaves everything else alone', () => {
  const css = '@layer components{.a{color:red}}@supports (color:red){.b{color:red}}'
  expect(adaptCss(css)).toBe(css)
})
