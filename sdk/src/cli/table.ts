/** Plain text tables that fit a terminal: numbers to the right, the widest column of text cut first. */

const isNumeric = (cell: string): boolean => /^[-+]?[\d.,]+(e[-+]?\d+)?( ?(%|ms|us|s|MB|KB|B))?$|^-?$/.test(cell)

/** What means nothing when it is cut: numbers and times. */
const isWhole = (cell: string): boolean => isNumeric(cell) || /^\d{4}-\d\d-\d\d( \d\d:\d\d)?/.test(cell)

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

/** Characters that a column keeps. */
const narrowest = 8

/** Lines of a table with a rule under its header; `columns` is the terminal's width in characters. */
export const table = (header: readonly string[], rows: readonly (readonly string[])[], columns: number): string => {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1)
  const text = header.map((_, i) => rows.some((row) => !isWhole(row[i] ?? '')))
  while (total() > columns) {
    const wide = widths.map((width, i) => (text[i] && width > narrowest ? width : 0))
    const widest = Math.max(...wide)
    if (widest === 0) break
    widths[wide.indexOf(widest)] = widest - 1
  }
  const right = header.map((_, i) => rows.length > 0 && rows.every((row) => isNumeric(row[i] ?? '')))
  const format = (cells: readonly string[]): string =>
    widths
      .map((width, i) => {
        const cell = cut(cells[i] ?? '', width)
        return right[i] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [format(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(format)].join('\n')
}
