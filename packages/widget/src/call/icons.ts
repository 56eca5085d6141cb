/** Line icons on a 24-pixel grid: what only a call shows, and brings along. */

export const microphone =
  'M12 4a3 3 0 0 0-3 3v4.5a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5'
export const microphoneOff =
  'm4 4 16 16M9 9v2.5a3 3 0 0 0 4.8 2.4M15 11V7a3 3 0 0 0-5.7-1.3M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5a6.5 6.5 0 0 1-.5 2.5M12 18v2.5'
export const sliders = 'M4 8h8M18 8h2M15 5v6M4 16h2M12 16h8M9 13v6'
export const hangUp = 'm6.5 6.5 11 11M17.5 6.5l-11 11'
export const voice = 'M4 10.5v3M8 7.5v9M12 4.5v15M16 8.5v7M20 10.5v3'
