/** Line icons on a 24-pixel grid: what the first view shows of them. */

export const assistant = 'M12 4v16M4 12h16M7 7l10 10M17 7 7 17'
export const history = 'M4 5v4h4M4.6 9A8 8 0 1 1 4 12.5M12 8v4.3l3 1.7'
export const settings =
  'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM9 14.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z'
export const close = 'm6 9.5 6 6 6-6'
export const send = 'M12 19V5.5M6 11l6-6 6 6'
export const stop = 'M6.5 6.5h11v11h-11z'
export const down = 'M12 5v13.5M6 13l6 6 6-6'
export const article = 'M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 12h5M10 15.5h5'
export const warning = 'M12 4.5 3.5 19.5h17zM12 10.5v4M12 17v.01'
export const offline =
  'm4 4 16 16M8.5 16.5a5 5 0 0 1 7 0M5 12.8a10 10 0 0 1 4.5-2.4M19 12.8a10 10 0 0 0-4.6-2.5M12 20v.01'
export const clock = 'M12 7.5v5l3 2M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Z'
export const check = 'm5 12.5 4.5 4.5L19 7.5'
export const checkTwice = 'm2 12.5 4.5 4.5L16 7.5M12 16.2l.8.8L22.3 7.5'
export const phone =
  'M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4.5 6.2 2 2 0 0 1 6.5 4Z'
