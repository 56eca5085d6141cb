import { type AttachedFile, takeBackFile, upload } from '../../client/uploading'
import type { Controller } from '../../controller'
import { named, sizeInWords, fileWords as words } from './use-file-words'

/** What a browser says of a file goes for a first look; the server looks into it. */
export const KINDS = ['image/jpeg', 'image/png', 'image/webp', 'application/pdf']

/** What this page has of files that it sent: to send one again, to stop one, and to show one without fetching it. */
interface OnItsWay {
  file: File
  stop: AbortController
}
const onTheirWay = new Map<number, OnItsWay>()
const pictures = new Map<string, File>()
const MOST_PICTURES = 20
let keys = 0

/** The picture behind an attached or sent file, where this page has it. */
export function pictureOf({ fileId, key }: AttachedFile): File | undefined {
  const file = (key !== undefined && onTheirWay.get(key)?.file) || pictures.get(fileId ?? '')
  return file?.type.startsWith('image/') ? file : undefined
}

/** Sends files that the visitor chose, dropped or pasted. Those that would be refused are told so at once. */
export function attach(controller: Controller, files: Iterable<File>): void {
  const { session } = controller.conversation.state.getState()
  const { bytesPerFile = 0, filesPerMessage = 1 } = session?.uploads ?? {}
  for (const file of files) {
    if (controller.store.getState().attached.length >= filesPerMessage) {
      controller.announce(controller.count(words(controller).tooMany, filesPerMessage))
      return
    }
    keys += 1
    const key = keys
    onTheirWay.set(key, { file, stop: new AbortController() })
    const problem = !KINDS.includes(file.type)
      ? 'FILE_KIND'
      : file.size > bytesPerFile
        ? 'TOO_LARGE'
        : undefined
    const attached: AttachedFile = { key, name: file.name, mediaType: file.type, size: file.size }
    controller.store.setState((state) => ({
      attached: [...state.attached, problem ? { ...attached, problem } : attached],
    }))
    if (problem) controller.announce(problemInWords(controller, problem))
    else void send(controller, key)
  }
}

/** Sends a file again that did not arrive. */
export function again(controller: Controller, { key }: AttachedFile): void {
  if (key !== undefined) void send(controller, key)
}

async function send(controller: Controller, key: number): Promise<void> {
  const { kept } = controller.conversation
  const there = onTheirWay.get(key)
  if (!kept || !there) return change(controller, key, { problem: 'UNREACHABLE' })
  change(controller, key, { problem: undefined, progress: 0 })
  try {
    const sent = await upload(
      controller.settings.apiBaseUrl,
      kept,
      there.file,
      there.stop.signal,
      (progress) => change(controller, key, { progress }),
    )
    const isWanted = controller.store.getState().attached.some((file) => file.key === key)
    // Removed while its last bytes were on their way; or another conversation has begun.
    if (!isWanted) return takeBackFile(controller.settings.apiBaseUrl, kept, sent.fileId)
    pictures.set(sent.fileId, there.file)
    if (pictures.size > MOST_PICTURES) pictures.delete(pictures.keys().next().value as string)
    change(controller, key, { ...sent, progress: undefined })
    controller.announce(named(words(controller).ready, sent.name))
    onTheirWay.delete(key)
  } catch (error) {
    const problem = (error as { code?: string }).code ?? 'UNREACHABLE'
    change(controller, key, { problem, progress: undefined })
    if (!there.stop.signal.aborted) controller.announce(problemInWords(controller, problem))
  }
}

/** Takes a file back, wherever it is. */
export function detach(controller: Controller, gone: AttachedFile): void {
  const { kept } = controller.conversation
  controller.store.setState(({ attached }) => ({ attached: attached.filter((file) => file !== gone) }))
  if (gone.key !== undefined) {
    onTheirWay.get(gone.key)?.stop.abort()
    onTheirWay.delete(gone.key)
  }
  if (gone.fileId && kept) takeBackFile(controller.settings.apiBaseUrl, kept, gone.fileId)
  controller.announce(named(words(controller).removed, gone.name))
}

function change(
  controller: Controller,
  key: number,
  changes: { [Field in keyof AttachedFile]?: AttachedFile[Field] | undefined },
): void {
  controller.store.setState(({ attached }) => ({
    attached: attached.map((file) => (file.key === key ? ({ ...file, ...changes } as AttachedFile) : file)),
  }))
}

/** Whether sending it again could help. */
export const canBeTriedAgain = (problem: string) =>
  ['UNREACHABLE', 'UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL', 'INVALID_BODY', 'UNKNOWN'].includes(problem)

export function problemInWords(controller: Controller, problem: string): string {
  const { wrongKind, tooLarge, unreadable, unsafe, full, notSent } = words(controller)
  const { bytesPerFile = 0 } = controller.conversation.state.getState().session?.uploads ?? {}
  const { speech, locale } = controller.store.getState()
  switch (problem) {
    case 'FILE_KIND':
      return wrongKind
    case 'TOO_LARGE':
      return named(tooLarge, sizeInWords(bytesPerFile, speech?.locale ?? locale))
    case 'FILE_UNREADABLE':
      return unreadable
    case 'FILE_UNSAFE':
      return unsafe
    case 'FILES_FULL':
      return full
    case 'RATE_LIMITED':
      return controller.wording.tooMany
    default:
      return notSent
  }
}
