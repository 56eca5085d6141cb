import type { Behaviour } from '../pretend-server'
import * as sample from '../samples'
import { HISTORY, resuming } from './given'
import type { State } from './state'

const takingFiles: Behaviour = {
  ...HISTORY,
  session: {
    features: { textChat: true, voice: false, fileUpload: true, signIn: true, identityRequired: false },
    uploads: { bytesPerFile: 10 * 1024 * 1024, filesPerMessage: 5 },
  },
  upload(file) {
    if (file.name.startsWith('letter')) return 0.4
    if (file.name.startsWith('form')) return { status: 422, json: { code: 'FILE_UNSAFE' } }
    return { status: 201, json: sample.attachment('file_9', file.name, file.type, 381_000) }
  },
}

/** Files that are sent. */
export const FILE_STATES: Record<string, State> = {
  'files-waiting': {
    wide: true,
    title: 'Files that go with the next message: one is here, one on its way, one was refused',
    device: resuming(),
    server: takingFiles,
    act: async (visitor) => {
      await visitor.find('.file-button')
      await visitor.choose(
        await sample.photo('knee.png'),
        sample.paper('letter of my family doctor, all of its pages.pdf'),
        sample.paper('form.pdf'),
      )
      await visitor.write('.composer textarea', 'Here is what you asked for.')
      await visitor.find('.file-problem')
      await visitor.find('.file-picture canvas')
    },
  },
  'files-drop': {
    title: 'A file hangs over the panel',
    device: resuming(),
    server: takingFiles,
    act: async (visitor) => {
      await visitor.find('.file-button')
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(sample.paper('form.pdf'))
      const over = { bubbles: true, composed: true, cancelable: true, dataTransfer }
      ;(await visitor.find('.messages')).dispatchEvent(new DragEvent('dragenter', over))
      await visitor.find('.file-drop')
    },
  },
  'files-sent': {
    title: 'Files that came with messages',
    device: resuming(),
    server: { ...takingFiles, history: sample.FILES },
    act: async (visitor) => void (await visitor.find('.file-received')),
  },
}
