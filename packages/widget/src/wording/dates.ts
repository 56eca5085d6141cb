import type { Wording } from './en'

const DAY_MS = 86_400_000

/** A locale a page made up must not break a date. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locale, options)
  } catch {
    return new Intl.DateTimeFormat('en', options)
  }
}

export function timeOfDay(time: string, locale: string): string {
  return formatter(locale, { hour: 'numeric', minute: '2-digit' }).format(new Date(time))
}

/** Today, yesterday, or the date; the year only where it is not this one. */
export function dayOf(time: string, locale: string, wording: Wording, now = new Date()): string {
  const date = new Date(time)
  const midnight = (day: Date) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime()
  const daysAgo = Math.round((midnight(now) - midnight(date)) / DAY_MS)
  if (daysAgo === 0) return wording.today
  if (daysAgo === 1) return wording.yesterday
  const sameYear = date.getFullYear() === now.getFullYear()
  return formatter(locale, {
    day: 'numeric',
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(date)
}
