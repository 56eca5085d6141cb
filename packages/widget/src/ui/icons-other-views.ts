/** Line icons on a 24-pixel grid: what only the views beside the chat show, and bring along. */

export const up =
  'M7.5 11 11 4.5c1.6 0 2.6 1.1 2.4 2.6L13 10h4.8c1.3 0 2.2 1.2 1.9 2.4l-1.3 5.1A2 2 0 0 1 16.5 19h-9zM7.5 11v8H4v-8z'
export const down =
  'M16.5 13 13 19.5c-1.6 0-2.6-1.1-2.4-2.6L11 14H6.2c-1.3 0-2.2-1.2-1.9-2.4l1.3-5.1A2 2 0 0 1 7.5 5h9zM16.5 13V5H20v8z'
/** What points to where one came from, or goes to: the other way where the text runs the other way. */
export const back = 'm14.5 6-6 6 6 6'
export const forward = 'm9.5 6 6 6-6 6'
export const copy =
  'M9 9.5A1.5 1.5 0 0 1 10.5 8h7A1.5 1.5 0 0 1 19 9.5v9a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 9 18.5zM15 8V5.5A1.5 1.5 0 0 0 13.5 4h-7A1.5 1.5 0 0 0 5 5.5v9A1.5 1.5 0 0 0 6.5 16H9'
export const search = 'M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15 15l5 5'
export const cross = 'm6 6 12 12M18 6 6 18'
export const compose =
  'M12 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19h11a1.5 1.5 0 0 0 1.5-1.5V12M17.5 4.5l2 2L12 14l-2.7.7L10 12z'
export const microphone =
  'M12 4a3 3 0 0 0-3 3v4.5a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5'
