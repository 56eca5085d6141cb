import type { HostPage } from '../environment/host-site'

/** What the page has seen and heard so far; times are milliseconds since it was loaded. */
export interface Course {
  frames: ({ at: number; type: string } & Record<string, unknown>)[]
  /** When something began and ceased to be heard: by the microphone, and from the other side. */
  sounds: { who: 'patient' | 'voice'; from: number; to: number }[]
  connection: string
  closed?: number
}

/** A plain page that calls, with no more than a browser has: what the widget's own button will do. */
export function callingPage(server: string, projectId: string): HostPage {
  return {
    html: `<!doctype html><html lang="en"><title>Calling</title><button>Call</button><button>End</button><script type="module">
const loud = 0.01, quietFor = 250
const course = (window.course = { frames: [], sounds: [], connection: 'new' })
const now = () => Math.round(performance.now())
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

function listen(context, who, stream) {
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  let sound
  setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
    if (level > loud) {
      if (!sound || now() - sound.to > quietFor) course.sounds.push((sound = { who, from: now(), to: now() }))
      sound.to = now()
    }
  }, 10)
}

callButton.onclick = async () => {
  const { sessionId, token, voice } = await session()
  course.session = sessionId
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } })
  const context = new AudioContext()
  const peer = (window.peer = new RTCPeerConnection(voice.rtcConfig))
  for (const track of microphone.getTracks()) peer.addTrack(track, microphone)
  peer.onconnectionstatechange = () => (course.connection = peer.connectionState)
  peer.ontrack = ({ streams: [stream] }) => {
    // Chromium decodes what is played only.
    const player = new Audio()
    player.srcObject = stream
    player.muted = true
    player.play()
    listen(context, 'voice', stream)
  }
  listen(context, 'patient', microphone)
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
    if (!candidate) return
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
