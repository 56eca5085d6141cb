import { describe, expect, test, vi } from 'vitest'
import { connected, settle, storage } from '../testing/conversation'
import { installFakeServer, latestSocket, sessionStarted, sockets, stored } from '../testing/fake-server'
import { KEPT, listener } from '../testing/kept-conversation'
import { DeviceStorage } from './device-record'

describe('ending', () => {
  test('a new conversation keeps the key to the one before it', async () => {
    let count = 0
    installFakeServer(() => {
      count += 1
      return { status: 201, json: sessionStarted({ sessionId: `sess_${count}`, token: `token-${count}` }) }
    })
    const { conversation, socket, state } = await connected()
    socket.push({ type: 'message', ...stored(1, 'assistant', 'Hello') })
    conversation.startNew()
    await settle()
    expect(storage.read()).toMatchObject({
      current: { sessionId: 'sess_2' },
      earlier: [{ sessionId: 'sess_1' }],
    })
    expect(state().transcript).toEqual([])
  })

  test('tabs that follow to a new conversation never see an end', async () => {
    let count = 0
    installFakeServer(() => {
      count += 1
      return { status: 201, json: sessionStarted({ sessionId: `sess_${count}` }) }
    })
    const { conversation } = await connected()
    const update = vi.spyOn(storage, 'update')
    conversation.startNew()
    await settle()
    const currents = update.mock.calls
      .filter(([changes]) => 'current' in changes)
      .map(([{ current }]) => current?.sessionId)
    expect(currents).toEqual(['sess_2'])
  })

  test('a conversation in which nothing was said is not kept', async () => {
    installFakeServer()
    const { conversation } = await connected()
    conversation.startNew()
    expect(storage.read().earlier).toEqual([])
  })

  test('erases every conversation of the device, on the server first', async () => {
    const { requests } = installFakeServer(({ path }) => (path.endsWith('/end') ? { json: {} } : undefined))
    const { conversation, state } = await connected()
    storage.update({ earlier: [{ ...KEPT, sessionId: 'sess_0', token: 'old-token' }] })
    await conversation.endAndErase()
    expect(requests.filter(({ path }) => path.endsWith('/end'))).toMatchObject([
      { path: '/v1/sessions/sess_1/end', token: 'token-1', body: { erase: true } },
      { path: '/v1/sessions/sess_0/end', token: 'old-token', body: { erase: true } },
    ])
    expect(localStorage.length).toBe(0)
    expect(state()).toMatchObject({ refusal: 'ended', transcript: [] })
    expect(listener.onSession).toHaveBeenLastCalledWith(null, false)
    expect(listener.onForgotten).toHaveBeenCalledOnce()
  })

  test('who begins again after erasing is somebody new', async () => {
    const { requests } = installFakeServer(({ path }) => (path.endsWith('/end') ? { json: {} } : undefined))
    const { conversation } = await connected()
    await conversation.endAndErase()
    conversation.startNew()
    await settle()
    const [first, second] = requests
      .filter(({ path }) => path.endsWith('/init'))
      .map(({ body, token }) => ({ token, id: (body as { widgetInstanceId: string }).widgetInstanceId }))
    expect(second?.token).toBeUndefined()
    expect(second?.id).toMatch(/^wgt_/)
    expect(second?.id).not.toBe(first?.id)
    expect(storage.read()).toMatchObject({ widgetInstanceId: second?.id, current: { sessionId: 'sess_1' } })
  })

  test('forgets nothing while the server cannot be told to erase it', async () => {
    installFakeServer(({ path }) => (path.endsWith('/end') ? 'unreachable' : undefined))
    const { conversation } = await connected()
    await expect(conversation.endAndErase()).rejects.toThrow()
    expect(storage.read().current?.sessionId).toBe('sess_1')
  })

  test('ended elsewhere: close code 4008 clears what was said and stops trying', async () => {
    installFakeServer()
    const { socket, state } = await connected()
    socket.push({ type: 'message', ...stored(1, 'assistant', 'Secret') })
    socket.drop(4008)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(state()).toMatchObject({ refusal: 'ended', transcript: [] })
    expect(storage.read().current).toBeUndefined()
    expect(sockets).toHaveLength(1)
  })

  test('follows another tab to a new conversation, or to its end', async () => {
    installFakeServer()
    const { conversation, state } = await connected()
    const otherTab = new DeviceStorage('key')
    otherTab.update({ current: { ...KEPT, sessionId: 'sess_2' } })
    conversation.followDevice()
    await settle()
    latestSocket().accept()
    await settle()
    otherTab.update({ current: undefined })
    conversation.followDevice()
    expect(state()).toMatchObject({ refusal: 'ended', transcript: [] })
  })
})
