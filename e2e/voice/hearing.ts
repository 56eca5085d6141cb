/** Something that began and ceased to be heard, in milliseconds since the page was loaded. */
export interface Sound {
  who: 'patient' | 'voice'
  from: number
  to: number
}

/** Script of a page: `listen(context, who, stream)` notes in `sounds` when something is heard in a stream. */
export const LISTEN = `
const loud = 0.01, quietFor = 250
const now = () => Math.round(performance.now())
function listen(context, who, stream, sounds) {
  const analyser = context.createAnalyser()
  analyser.fftSize = 1024
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  let sound
  setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
    if (level > loud) {
      if (!sound || now() - sound.to > quietFor) sounds.push((sound = { who, from: now(), to: now() }))
      sound.to = now()
    }
  }, 10)
}`
