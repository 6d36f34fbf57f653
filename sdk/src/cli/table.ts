/** Plain text tables that fit a terminal: numbers to the right, the widest column cut first. */

const isNumeric = (cell: string): boolean => /^[-+]?[\d.,]+(e[-+]?\d+)?( ?(%|ms|us|s|MB|KB|B))?$|^-?$/.test(cell)

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

/** Lines of a table with a rule under its header; `columns` is the terminal's width in characters. */
export const table = (header: readonly string[], rows: readonly (readonly string[])[], columns: number): string => {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const total = (): number => widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1)
  while (total() > columns) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] ?? 0) <= 6) break
    widths[widest] = (widths[widest] ?? 0) - 1
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
