import type { HostPage } from '../environment/host-site'
import { LISTEN, type Sound } from './hearing'

/** What the page has seen and heard so far; times are milliseconds since it was loaded. */
export interface Course {
  frames: ({ at: number; type: string } & Record<string, unknown>)[]
  /** When something began and ceased to be heard: by the microphone, and from the other side. */
  sounds: Sound[]
  connection: string
  closed?: number
  /** It knows all the ways on which it may be reached. */
  hasLooked?: boolean
}

/**
 * A plain page that calls, with no more than a browser has.
 * @param change script: the `voice` of a session as the page is to take it, such as one with other credentials.
 */
export function callingPage(server: string, projectId: string, change = 'voice'): HostPage {
  return {
    html: `<!doctype html><html lang="en"><title>Calling</title><button>Call</button><button>End</button><script type="module">
${LISTEN}
const course = (window.course = { frames: [], sounds: [], connection: 'new' })
const [callButton, endButton] = document.querySelectorAll('button')
const key = 'session'

async function session() {
  const token = sessionStorage.getItem(key)
  const response = await fetch('${server}/v1/widget/session/init', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: 'Bearer ' + token }) },
    body: JSON.stringify({ projectId: '${projectId}', locale: 'en-US' }),
  })
  const started = await response.json()
  sessionStorage.setItem(key, started.token)
  return (window.session = started)
}

callButton.onclick = async () => {
  const { sessionId, token, voice } = await session()
  course.session = sessionId
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })
  const context = new AudioContext()
  const peer = (window.peer = new RTCPeerConnection((${change}).rtcConfig))
  for (const track of microphone.getTracks()) peer.addTrack(track, microphone)
  peer.onconnectionstatechange = () => (course.connection = peer.connectionState)
  peer.ontrack = ({ streams: [stream] }) => {
    // Chromium decodes what is played only.
    const player = new Audio()
    player.srcObject = stream
    player.muted = true
    player.play()
    listen(context, 'voice', stream, course.sounds)
  }
  listen(context, 'patient', microphone, course.sounds)
  const socket = (window.socket = new WebSocket(voice.signalingUrl))
  const send = (frame) => socket.send(JSON.stringify(frame))
  socket.onclose = ({ code }) => (course.closed = code)
  socket.onmessage = async ({ data }) => {
    const frame = JSON.parse(data)
    course.frames.push({ at: now(), ...frame })
    if (frame.type === 'answer') await peer.setRemoteDescription(frame.sdp)
    if (frame.type === 'ice-candidate') await peer.addIceCandidate(frame.candidate)
  }
  await new Promise((resolve) => (socket.onopen = resolve))
  send({ type: 'auth', token, sessionId })
  const early = []
  let isOffered = false
  peer.onicecandidate = ({ candidate }) => {
    if (!candidate) return void (course.hasLooked = true)
    const frame = { type: 'ice-candidate', candidate: candidate.toJSON(), sessionId }
    if (isOffered) send(frame)
    else early.push(frame)
  }
  await peer.setLocalDescription()
  send({ type: 'offer', sdp: peer.localDescription, sessionId })
  isOffered = true
  early.forEach(send)
  endButton.onclick = () => send({ type: 'end' })
}
</script></html>`,
  }
}
