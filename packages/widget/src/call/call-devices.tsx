import { useCallback, useEffect, useState } from 'react'
import type { CallWording } from '../wording/en-call'
import type { Device, Devices, Microphone } from './microphone'

/** Which microphone hears, and which loudspeaker is heard, as far as the browser lets one choose. */
export function CallDevices({ microphone, words }: { microphone: Microphone; words: CallWording }) {
  const [devices, setDevices] = useState<Devices>()
  const [refused, setRefused] = useState(false)
  const look = useCallback(() => {
    microphone.devices().then(setDevices, () => setRefused(true))
  }, [microphone])
  useEffect(() => {
    look()
    // One is plugged in, or out.
    navigator.mediaDevices.addEventListener('devicechange', look)
    return () => navigator.mediaDevices.removeEventListener('devicechange', look)
  }, [look])
  const choose = (chosen: Promise<void>) => {
    setRefused(false)
    chosen.catch(() => setRefused(true)).finally(look)
  }
  if (!devices) return null
  return (
    <div className="call-devices">
      <DeviceChoice
        label={words.microphone}
        devices={devices.microphones}
        value={devices.microphone}
        onChoose={(id) => choose(microphone.chooseMicrophone(id))}
      />
      <DeviceChoice
        label={words.loudspeaker}
        devices={devices.loudspeakers}
        value={devices.loudspeaker}
        onChoose={(id) => choose(microphone.chooseLoudspeaker(id))}
      />
      <p role="status" className="problem">
        {refused && words.deviceRefused}
      </p>
    </div>
  )
}

interface DeviceChoiceProps {
  label: string
  devices: readonly Device[]
  value: string
  onChoose: (id: string) => void
}

function DeviceChoice({ label, devices, value, onChoose }: DeviceChoiceProps) {
  if (!devices.length) return null
  return (
    <label>
      <span>{label}</span>
      {/* Browsers do not always name the one in use as they list it. */}
      <select
        value={devices.some(({ id }) => id === value) ? value : devices[0]?.id}
        onInput={({ currentTarget }) => onChoose(currentTarget.value)}
      >
        {devices.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
