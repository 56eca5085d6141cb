/** Line icons on a 24-pixel grid: what only files need. */

export const clip = 'm8.5 12.5 6-6a2.6 2.6 0 0 1 3.7 3.7l-7.8 7.8a4.4 4.4 0 0 1-6.2-6.2l7.3-7.3'
export const camera = 'M3.5 8H8l1.5-2.5h5L16 8h4.5v11h-17zM12 10a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z'
export const paper = 'M7 3.5h7l4 4v13H7zM14 3.5v4h4'
export const picture = 'M4 5.5h16v13H4zM4 15.5l4.5-4 4 3.5 3-2.5 4.5 3.5M15.5 9v.01'
export const cross = 'm7 7 10 10M17 7 7 17'
export const again = 'M19 5v4.5h-4.5M18.5 9.5A7 7 0 1 0 19 13'
