/** Line icons on a 24-pixel grid: what only the views beside the chat show, and bring along. */

export const back = 'm14.5 6-6 6 6 6'
export const forward = 'm9.5 6 6 6-6 6'
export const compose =
  'M12 5H6.5A1.5 1.5 0 0 0 5 6.5v11A1.5 1.5 0 0 0 6.5 19h11a1.5 1.5 0 0 0 1.5-1.5V12M17.5 4.5l2 2L12 14l-2.7.7L10 12z'
