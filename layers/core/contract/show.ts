/** A value as an error message shows it: short whatever was sent, and never walking deep into it. */

const most = 60

export const shown = (value: unknown): string => {
  if (typeof value === 'string')
    return value.length > most ? `${JSON.stringify(value.slice(0, most))}…` : JSON.stringify(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value !== 'object' || value === null) return String(value)
  const keys = Object.keys(value)
  if (keys.length === 0) return 'an empty object'
  const named = keys.slice(0, 5).map((key) => JSON.stringify(key.slice(0, most)))
  return `an object with ${named.join(', ')}${keys.length > named.length ? ', …' : ''}`
}
