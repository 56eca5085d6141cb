import { expect, test, vi } from 'vitest'
import { elements, launcherOf, loadOn, settled } from './testing/load.js'

test('a page that calls init later hears nothing until then', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue()
  const kuzushi = await loadOn({ config: null })
  expect(elements()).toEqual([])
  kuzushi('init', { projectId: 'later', apiBaseUrl: 'https://api.test' })
  await settled()
  expect(launcherOf(elements()[0])).toBeTruthy()
  expect(error).not.toHaveBeenCalled()
})
