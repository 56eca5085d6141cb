import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder = `${repository}target/voice-recordings`
const speak = process.env.KUZUSHI_SPEAK ?? `${repository}target/debug/examples/speak`

/** Where the models of the built-in voice are. */
export const models = process.env.VOICE_MODELS_DIR ?? `${repository}target/voice-models`

/**
 * A WAV file in which this is said, with pauses of so many seconds in between. The built-in voice speaks it: there are no
 * recordings of people in the project.
 */
export async function recording(...script: (string | number)[]): Promise<string> {
  const name = createHash('sha256').update(JSON.stringify(script)).digest('hex').slice(0, 16)
  const file = `${folder}/${name}.wav`
  if (existsSync(file)) return file
  await mkdir(folder, { recursive: true })
  // Under its name only when it is whole: another worker may want the same one.
  const unfinished = `${file}.${process.pid}`
  await promisify(execFile)(speak, [models, unfinished, ...script.map(String)])
  await rename(unfinished, file)
  return file
}
