import { type Browser, chromium } from '@playwright/test'
import { chromium as launch } from '../environment/chromium'

/** A browser whose microphone hears a recording once, from when it is opened on; without one nobody may have its microphone. */
export function browserThatHears(recording: string | undefined): Promise<Browser> {
  const allowed = ['--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${recording}%noloop`]
  return chromium.launch({
    ...launch,
    args: [
      ...(launch.args ?? []),
      '--use-fake-device-for-media-stream',
      ...(recording ? allowed : []),
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
}
