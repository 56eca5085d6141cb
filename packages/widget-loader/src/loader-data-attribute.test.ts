import { expect, test, vi } from 'vitest'
import { elements, launcherOf, loadOn, settled } from './testing/load.js'

test('takes the project from the script tag, and says when the bundle cannot be reached', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue()
  const kuzushi = await loadOn({
    dataset: { projectId: 'from-the-tag', apiBaseUrl: 'https://api.test' },
    bundle: 'widget-missing.js',
  })
  const launcher = launcherOf(elements()[0])
  expect(launcher).toBeTruthy()
  kuzushi('show')
  await settled()
  expect(error).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^Kuzushi: .*Error/))
  expect(launcher?.title).toBe('Chat cannot be reached')
})
