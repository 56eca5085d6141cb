import type { Tap } from './call-state'

/**
 * What browsers only let a page begin while somebody presses something: to ask for the microphone, and to be heard. All of it is
 * begun at once, before the code of calls is here.
 */
export function tapped(): Tap {
  const player = new Audio()
  // Told to play now, it may play later.
  player.srcObject = new MediaStream()
  player.play().catch(() => {})
  return { player, context: audioContext(), microphone: askForMicrophone() }
}

/** Lets go of what a press began, where no call comes of it. */
export function letGo({ microphone, context }: Tap): void {
  microphone.then(
    (stream) => {
      for (const track of stream.getTracks()) track.stop()
    },
    () => {},
  )
  void context?.close()
}

async function askForMicrophone(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  })
}

/** The level meter's. Without one the call goes on without a meter. */
function audioContext(): AudioContext | undefined {
  try {
    const context = new AudioContext()
    void context.resume()
    return context
  } catch {
    return undefined
  }
}
