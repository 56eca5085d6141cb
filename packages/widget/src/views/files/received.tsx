import { useLayoutEffect, useState } from 'react'
import { downloadFile } from '../../client/uploading'
import type { WireAttachment } from '../../generated/wire'
import styles from '../../styles/files.css?inline'
import { adopt } from '../../ui/adopt'
import { useController, useLocale, useStore, useWidget } from '../../widget-context'
import { otherViews } from '../other-views'

import { pictureOf } from './attaching'
import { Thumbnail } from './thumbnail'
import { named, sizeInWords, useFileWords } from './use-file-words'

/** The files that came with a message, each to be kept by whoever wants to open it. */
export function Received({ files }: { files: readonly WireAttachment[] }) {
  const { root } = useController().host
  useLayoutEffect(() => adopt(root, styles), [root])
  return (
    <ul className="file-list">
      {files.map((file) => (
        <One key={file.fileId} file={file} />
      ))}
    </ul>
  )
}

function One({ file }: { file: WireAttachment }) {
  const controller = useController()
  const words = useFileWords()
  const locale = useLocale()

  const { part } = useStore(otherViews.state, (now) => now)
  const [failed, setFailed] = useState(false)
  // An earlier conversation has a token of its own.
  const place = useWidget(({ places }) => places[places.length - 1])
  const { fileId, name, size, mediaType } = file
  if (!words) return null
  const get = async () => {
    const of = place?.name === 'conversation' ? place.kept : controller.conversation.kept
    try {
      if (!of || !part) throw new Error('there is no conversation')
      part.download(await downloadFile(controller.settings.apiBaseUrl, of, fileId), name)
      setFailed(false)
    } catch {
      setFailed(true)
      controller.announce(words.downloadFailed)
    }
  }
  return (
    <li>
      <button type="button" className="file file-received" onClick={get}>
        <span className="sr-only">{named(words.download, '')}</span>
        <Thumbnail picture={pictureOf(file)} mediaType={mediaType} />
        <span className="file-text">
          <bdi className="file-name">{name}</bdi>{' '}
          <span className="file-detail">{failed ? words.downloadFailed : sizeInWords(size, locale)}</span>
        </span>
      </button>
    </li>
  )
}
