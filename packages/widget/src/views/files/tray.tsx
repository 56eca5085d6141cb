import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { AttachedFile } from '../../client/uploading'
import styles from '../../styles/files.css?inline'
import { adopt } from '../../ui/adopt'
import { Icon } from '../../ui/icon'
import { TOUCH, useMediaQuery } from '../../ui/use-media-query'
import { useController, useLocale, useWidget } from '../../widget-context'
import { again, attach, canBeTriedAgain, detach, KINDS, pictureOf, problemInWords } from './attaching'
import * as icons from './icons'
import { Thumbnail } from './thumbnail'
import { named, sizeInWords, useFileWords } from './use-file-words'

/** Chooses files; on a phone also takes a photo. */
export function Buttons() {
  const controller = useController()
  const words = useFileWords()
  const hasCamera = useMediaQuery(TOUCH)
  if (!words) return null
  return (
    <>
      <Chooser
        path={icons.clip}
        label={words.attach}
        accept={KINDS.join()}
        onChosen={(files) => attach(controller, files)}
      />
      {hasCamera && (
        <Chooser
          path={icons.camera}
          label={words.photo}
          accept="image/jpeg"
          capture
          onChosen={(files) => attach(controller, files)}
        />
      )}
    </>
  )
}

interface ChooserProps {
  path: string
  label: string
  accept: string
  capture?: boolean
  onChosen: (files: File[]) => void
}

function Chooser({ path, label, accept, capture, onChosen }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null)
  // What React and Preact agree on is what the element itself says.
  useEffect(() => {
    const element = input.current
    if (!element) return
    const chosen = () => {
      onChosen([...(element.files ?? [])])
      // The same file again is a choice as well.
      element.value = ''
    }
    element.addEventListener('change', chosen)
    return () => element.removeEventListener('change', chosen)
  })
  return (
    <>
      <button
        type="button"
        className="file-button"
        aria-label={label}
        title={label}
        onClick={() => input.current?.click()}
      >
        <Icon path={path} size={20} />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        multiple={!capture}
        {...(capture && { capture: 'environment' as const })}
      />
    </>
  )
}

/** The files that go with the next message, and the place to drop more. */
export function Tray() {
  const controller = useController()
  const words = useFileWords()
  const attached = useWidget((state) => state.attached)
  const { root } = controller.host
  useLayoutEffect(() => adopt(root, styles), [root])
  const isOver = useDropAndPaste((files) => attach(controller, files), root)
  if (!words) return null
  return (
    <>
      {isOver && (
        <div className="file-drop">
          <Icon path={icons.paper} size={36} />
          {words.drop}
        </div>
      )}
      {attached.length > 0 && (
        <>
          <ul className="file-tray" aria-label={words.toSend}>
            {attached.map((file) => (
              <Waiting key={file.key ?? file.fileId} file={file} />
            ))}
          </ul>
          <p className="meta file-who">{words.who}</p>
        </>
      )}
    </>
  )
}

function Waiting({ file }: { file: AttachedFile }) {
  const controller = useController()
  const words = useFileWords()
  const locale = useLocale()
  const { name, size, mediaType, fileId, progress = 0, problem } = file
  const retryable = problem !== undefined && canBeTriedAgain(problem)
  const remove = () => {
    detach(controller, file)
    controller.askForFocus()
  }
  if (!words) return null
  return (
    <li className={problem ? 'file file-problem' : 'file'}>
      <Thumbnail picture={pictureOf(file)} mediaType={mediaType} />
      <span className="file-text">
        <bdi className="file-name">{name}</bdi>
        {problem ? (
          <span className="file-detail">{problemInWords(controller, problem)}</span>
        ) : fileId ? (
          <span className="file-detail">{sizeInWords(size, locale)}</span>
        ) : (
          <progress
            className="file-progress"
            max={1}
            value={progress}
            aria-label={named(words.sending, name)}
          />
        )}
      </span>
      {retryable && (
        <button
          type="button"
          className="file-action"
          aria-label={named(words.retry, name)}
          title={named(words.retry, name)}
          onClick={() => again(controller, file)}
        >
          <Icon path={icons.again} size={18} />
        </button>
      )}
      <button
        type="button"
        className="file-action"
        aria-label={named(words.remove, name)}
        title={named(words.remove, name)}
        onClick={remove}
      >
        <Icon path={icons.cross} size={18} />
      </button>
    </li>
  )
}

/** Takes files that are dropped on the panel or pasted into it. The page never hears of those. True while some hang over it. */
function useDropAndPaste(onFiles: (files: File[]) => void, root: ShadowRoot): boolean {
  const [isOver, setOver] = useState(false)
  const take = useRef(onFiles)
  take.current = onFiles
  useEffect(() => {
    const listening = new AbortController()
    const { signal } = listening
    const isInPanel = (event: Event) =>
      event.composedPath().some((one) => (one as Element).classList?.contains('panel'))
    const over = (event: DragEvent) => {
      if (!isInPanel(event) || !event.dataTransfer?.types.includes('Files')) return
      // Without this the browser leaves the page for the file.
      event.preventDefault()
      event.stopPropagation()
      setOver(true)
    }
    const away = (event: DragEvent) => {
      if (!root.contains(event.relatedTarget as Node | null)) setOver(false)
    }
    const drop = (event: DragEvent) => {
      setOver(false)
      const files = [...(event.dataTransfer?.files ?? [])]
      if (!isInPanel(event) || !files.length) return
      event.preventDefault()
      event.stopPropagation()
      take.current(files)
    }
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])]
      if (!files.length) return
      event.preventDefault()
      event.stopPropagation()
      take.current(files)
    }
    for (const [name, listener] of Object.entries({
      dragenter: over,
      dragover: over,
      dragleave: away,
      drop,
      paste,
    }))
      root.addEventListener(name, listener as EventListener, { signal })
    return () => listening.abort()
  }, [root])
  return isOver
}
