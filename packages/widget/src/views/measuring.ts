import { useEffect } from 'react'
import type { Controller } from '../controller'
import { useController } from '../widget-context'

/** The codes that are counted by name. */
const KNOWN =
  /^(AI_(ERROR|TIMEOUT)|ERASE_FAILED|IDENTITY_REFUSED|INVALID_MESSAGE|(ORIGIN_)?NOT_ALLOWED|RATE_LIMITED|SESSION_ENDED|UN(AVAILABLE|KNOWN_PROJECT|REACHABLE)|VOICE_UNAVAILABLE)$/
const MOST = 30

interface Measured {
  kind: string
  value?: number
  code?: string
}

const begun = new WeakSet<Controller>()

/** Measures how the widget fares on this page, of a sample of pages, where the hospital and the visitor's browser let it. */
export function useMeasuring(): void {
  const controller = useController()
  useEffect(() => measure(controller), [controller])
}

function measure(controller: Controller): void {
  const { conversation, host, settings } = controller
  const { session } = conversation.state.getState()
  if (!session || begun.has(controller)) return
  begun.add(controller)
  const { doNotTrack, globalPrivacyControl } = navigator as Navigator & { globalPrivacyControl?: boolean }
  if (globalPrivacyControl || doNotTrack === '1') return
  if (Math.random() * 100 >= (session.measuredPercent ?? 0)) return

  const measured: Measured[] = []
  const add = (kind: string, value: number) => measured.push({ kind, value: Math.max(Math.round(value), 0) })
  const file = performance
    .getEntriesByType('resource')
    .find(({ name }) => /\/widget\/v1\/widget-[\w-]+\.js/.test(name))
  if (file) {
    add('load', file.duration)
    add('open', controller.begun - file.startTime)
    add('connect', performance.now() - file.startTime)
  }
  let reconnects = 0
  conversation.state.subscribe((now, before) => {
    if (now.connection === 'online' && before.connection === 'reconnecting') reconnects += 1
  })
  let callSince = 0
  const { emit } = host
  // The page's listeners hear the same; this one only counts.
  Object.assign(host, {
    emit(event: string, payloadFor: () => never) {
      if (event === 'error' || event === 'voice') {
        const { code, status }: { code?: string; status?: string } = payloadFor()
        if (code) measured.push({ kind: 'error', code: KNOWN.test(code) ? code : 'OTHER' })
        if (status && /^(ended|idle|failed)$/.test(status)) {
          if (callSince) add('call', (performance.now() - callSince) / 1000)
          callSince = 0
        } else if (status && !/^(connecting|requesting)$/.test(status)) callSince ||= performance.now()
      }
      ;(emit as (event: string, payloadFor: unknown) => void)(event, payloadFor)
    },
  })
  const send = () => {
    if (!host.element.isConnected) return removeEventListener('pagehide', send)
    add('reconnects', reconnects)
    reconnects = 0
    const events = measured.splice(0).slice(-MOST)
    // The page is being left: only this outlives it, and it takes no header of ours.
    const body = JSON.stringify({ token: session.token, events })
    navigator.sendBeacon?.(
      `${settings.apiBaseUrl.replace(/\/+$/, '')}/v1/widget/events`,
      new Blob([body], { type: 'text/plain' }),
    )
  }
  addEventListener('pagehide', send)
}
