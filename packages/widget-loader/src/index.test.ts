import { expect, test } from 'vitest'
import { loadKuzushi } from './index.js'

test.each([
  ['projectId', { apiBaseUrl: 'https://api.test' }],
  ['apiBaseUrl', { projectId: 'project' }],
  ['apiBaseUrl', { projectId: 'project', apiBaseUrl: 'api.test' }],
  ['projectId', undefined],
])('rejects and names %s: %j', async (field, config) => {
  await expect(loadKuzushi(config as never)).rejects.toThrow(field)
  expect(window.Kuzushi).toBeUndefined()
})

test('rejects when the server cannot be reached', async () => {
  await expect(loadKuzushi({ projectId: 'project', apiBaseUrl: 'https://api.invalid' })).rejects.toThrow()
})
