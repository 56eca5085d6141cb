/** What a call says in English; it brings it along when it is begun. */
export const enCall = {
  call: 'Call',
  phases: {
    asking: 'Starting…',
    connecting: 'Connecting…',
    reconnecting: 'Reconnecting…',
    listening: 'Listening',
    thinking: 'Thinking…',
    speaking: 'Speaking',
  },
  askingHint: 'Please allow the microphone in your browser.',
  listeningHint: 'Speak, or type.',
  speakingHint: 'You can interrupt.',
  microphoneOff: 'Microphone off',
  mute: 'Turn the microphone off',
  unmute: 'Turn the microphone on',
  devices: 'Microphone and loudspeaker',
  microphone: 'Microphone',
  loudspeaker: 'Loudspeaker',
  deviceRefused: 'That device cannot be used.',
  captions: 'Captions',
  begun: 'You are connected. Speak when you are ready.',
  ended: 'The call has ended. You can go on typing.',
  callAgain: 'Call again',
  problems: {
    blocked:
      'The microphone is blocked. Allow it in your browser’s settings for this page, or type your question.',
    noMicrophone: 'No microphone was found. Connect one, or type your question.',
    microphoneInUse:
      'The microphone cannot be used; another program may have it. You can type your question.',
    notSecure: 'This page is not secure, so your browser gives it no microphone. You can type your question.',
    unavailable: 'Calls are not available at the moment. You can type your question.',
    linesBusy: 'All lines are busy. Try again in a few minutes, or type your question.',
    providerFailed: 'The call was cut off. Call again, or type your question.',
    noSound: 'Your network lets no sound through. You can type your question.',
    lost: 'The connection was lost. Call again, or type your question.',
    silence: 'The call has ended because nothing was said for a while.',
    tooLong: 'The call has ended because it reached its longest time. You can call again.',
    elsewhere: 'The call goes on in another window.',
  },
}

export type CallWording = typeof enCall
