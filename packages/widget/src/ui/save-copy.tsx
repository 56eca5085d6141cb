import { useState } from 'react'
import type { KeptConversation } from '../client/device-record'
import { useController } from '../widget-context'
import { useWords } from '../wording/use-words'
import { download } from './download'
import { printText } from './print-text'

/** Saves a conversation, as text to read or as JSON to process, or prints it. */
export function SaveCopy({ kept }: { kept: KeptConversation }) {
  const words = useWords()
  const { api, host, store } = useController()
  const [failed, setFailed] = useState(false)
  const save = (format: 'json' | 'text') =>
    api.exportConversation(kept, format).then(
      (file) => {
        setFailed(false)
        download(file, `conversation-${kept.startedAt.slice(0, 10)}.${format === 'json' ? 'json' : 'txt'}`)
      },
      () => setFailed(true),
    )
  const print = () =>
    api
      .exportConversation(kept, 'text')
      .then((file) => file.text())
      .then(
        (text) => {
          setFailed(false)
          printText(host.root, text, store.getState().speech?.language ?? 'en')
        },
        () => setFailed(true),
      )
  return (
    <section className="group">
      <h3 className="section-title">{words.saveCopy}</h3>
      <div className="side-by-side">
        <button type="button" className="button grow" onClick={() => save('text')}>
          {words.saveAsText}
        </button>
        <button type="button" className="button grow" onClick={() => save('json')}>
          {words.saveAsJson}
        </button>
        <button type="button" className="button grow" onClick={print}>
          {words.print}
        </button>
      </div>
      <p role="status" className="problem">
        {failed && words.saveFailed}
      </p>
    </section>
  )
}
