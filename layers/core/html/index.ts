/** Self-contained pages: text that is escaped, and one style for all of them. */
export { html, Markup } from './html.ts'
export { style } from './style.ts'
