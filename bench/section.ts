/** Sections of a Markdown page that another command writes: put in, taken out, and kept when the page is written again. */

const pattern = (title: string): RegExp =>
  new RegExp(`\\n## ${title.replace(/[.*+?^${}()|[\\]\\\\]/g, '\\$&')}\\n[\\s\\S]*?(?=\\n## |$)`)

/** The section with its heading; undefined when the page has none. */
export const sectionOf = (page: string, title: string): string | undefined => pattern(title).exec(page)?.[0].trim()

/** Replaces the section, or puts it before the last one, which tells versions. */
export const withSection = (page: string, title: string, text: string): string => {
  const section = `\n## ${title}\n\n${text.trim()}\n`
  if (pattern(title).test(page)) return page.replace(pattern(title), () => section)
  const last = page.lastIndexOf('\n## ')
  return last === -1 ? `${page.trimEnd()}\n${section}` : `${page.slice(0, last)}${section}${page.slice(last)}`
}
