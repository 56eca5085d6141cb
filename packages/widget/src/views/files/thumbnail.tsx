import { useEffect, useRef } from 'react'
import { Icon } from '../../ui/icon'
import * as icons from './icons'

/** Points of a side, and pixels for the densest screens. */
const SIDE = 44
const PIXELS = SIDE * 2

/**
 * A picture in small, or a sign for what it is. Drawn on a canvas: an image element would need the page's Content Security Policy to
 * allow one more thing.
 */
export function Thumbnail({ picture, mediaType }: { picture?: File | undefined; mediaType: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!picture || !context) return
    let gone = false
    createImageBitmap(picture).then(
      (bitmap) => {
        if (gone) return
        const side = Math.min(bitmap.width, bitmap.height)
        const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2]
        context.drawImage(bitmap, left, top, side, side, 0, 0, PIXELS, PIXELS)
        bitmap.close()
      },
      // What the browser cannot draw, the server has refused already or will.
      () => {},
    )
    return () => {
      gone = true
    }
  }, [picture])
  return (
    <span className="file-picture" aria-hidden="true">
      {picture ? (
        <canvas ref={canvas} width={PIXELS} height={PIXELS} />
      ) : (
        <Icon path={mediaType.startsWith('image/') ? icons.picture : icons.paper} size={22} />
      )}
    </span>
  )
}
