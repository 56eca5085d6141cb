import type { WireAttachment } from '../generated/wire'
import type { KeptConversation } from './device-record'

/** Under the server's own patience. */
const TIMEOUT_MS = 170_000

/** The server did not take it. `code` is the stable one of its problem document. */
export class NotTaken extends Error {
  constructor(readonly code: string) {
    super(code)
  }
}

/** A file that goes with the next message. With a `fileId` the server has it. */
export interface AttachedFile extends Omit<WireAttachment, 'fileId'> {
  fileId?: string
  /** Tells those apart that the server does not have yet. */
  key?: number
  /** How much of it was sent, from 0 to 1. */
  progress?: number
  /** Why the server does not have it. */
  problem?: string
}

/** Sends a file. With `XMLHttpRequest`, because `fetch` does not say how far it is. Rejects with `NotTaken`. */
export function upload(
  baseUrl: string,
  { sessionId, token }: KeptConversation,
  file: File,
  signal: AbortSignal,
  onProgress: (progress: number) => void,
): Promise<WireAttachment> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const failed = (code = 'UNREACHABLE') => reject(new NotTaken(code))
    request.open('POST', `${baseUrl.replace(/\/+$/, '')}/v1/sessions/${encodeURIComponent(sessionId)}/files`)
    request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.responseType = 'json'
    request.timeout = TIMEOUT_MS
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0)
    request.onload = () =>
      request.status === 201 ? resolve(request.response) : failed(request.response?.code)
    request.onerror = request.ontimeout = request.onabort = () => failed()
    signal.addEventListener('abort', () => request.abort())
    const form = new FormData()
    form.append('file', file)
    request.send(form)
  })
}

/** Takes back a file that no message took along. What does not arrive is gone after a day. */
export function takeBackFile(baseUrl: string, of: KeptConversation, fileId: string): void {
  fetch(fileAddress(baseUrl, of, fileId), { ...asOwner(of), method: 'DELETE', keepalive: true }).catch(
    () => {},
  )
}

/** A file of the conversation. */
export async function downloadFile(baseUrl: string, of: KeptConversation, fileId: string): Promise<Blob> {
  const response = await fetch(fileAddress(baseUrl, of, fileId), asOwner(of))
  if (!response.ok) throw new NotTaken('UNKNOWN')
  return response.blob()
}

const fileAddress = (baseUrl: string, { sessionId }: KeptConversation, fileId: string) =>
  `${baseUrl.replace(/\/+$/, '')}/v1/sessions/${encodeURIComponent(sessionId)}/files/${encodeURIComponent(fileId)}`

const asOwner = ({ token }: KeptConversation): RequestInit => ({
  headers: { Authorization: `Bearer ${token}` },
  credentials: 'omit',
  cache: 'no-store',
})
