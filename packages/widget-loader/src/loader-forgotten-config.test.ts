import { expect, test, vi } from 'vitest'
import { elements, launcherOf, loadOn } from './testing/load.js'

test('a page that forgot its config is told so, once', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue()
  await loadOn({})
  expect(error.mock.calls).toEqual([['Kuzushi: projectId is missing or invalid']])
  expect(launcherOf(elements()[0])).toBeFalsy()
})
