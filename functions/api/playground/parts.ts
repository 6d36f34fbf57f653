/** Parts that several pages have: headings with a way back, states as pills, times, figures, tables, code to copy. */
import { type Child, h } from './dom.ts'
import { when } from './format.ts'

export interface Heading {
  readonly title: string
  /** The page above this one. */
  readonly back?: { readonly href: string; readonly text: string }
  readonly about?: Child
  readonly actions?: readonly Child[]
}

export const pageHead = ({ title, back, about, actions = [] }: Heading): HTMLElement =>
  h(
    'div',
    { class: 'head' },
    back && h('p', { class: 'back' }, h('a', { href: back.href }, h('span', { 'aria-hidden': true }, '← '), back.text)),
    h('div', { class: 'title' }, h('h1', {}, title), h('div', { class: 'buttons' }, ...actions)),
    about !== undefined && h('p', { class: 'soft' }, about),
  )

export type Tone = 'accent' | 'good' | 'bad' | 'plain'

export const pill = (text: string, tone: Tone = 'plain'): HTMLElement => h('span', { class: `pill ${tone}` }, text)

const tones: Readonly<Record<string, Tone>> = {
  InProgress: 'accent',
  Stopping: 'accent',
  Completed: 'good',
  Failed: 'bad',
}

/** A job's status, and what it does just now where that says more. */
export const statusPill = (status: string, now: string = status): HTMLElement =>
  pill(status === 'InProgress' ? now.replace('InProgress', 'In progress') : status, tones[status])

export const time = (iso: string): HTMLElement => h('time', { datetime: iso }, when(iso))

/** Names and values, the values in front of the eye. */
export const facts = (rows: readonly (readonly [name: string, value: Child] | false)[]): HTMLElement =>
  h(
    'dl',
    { class: 'facts' },
    ...rows.filter((row) => row !== false).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  )

/** Scrolls sideways by itself where it is wider than the page. */
export const table = (label: string, columns: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement =>
  h(
    'div',
    { class: 'card scroll', tabindex: 0, role: 'region', 'aria-label': label },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...columns.map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...rows.map((cells) => h('tr', {}, ...cells.map((cell) => h('td', {}, cell))))),
    ),
  )

/** What a page says in place of a list that has nothing in it. */
export const empty = (...children: readonly Child[]): HTMLElement => h('div', { class: 'empty' }, ...children)

const COPIED_MS = 2000

/** Text to take along; the button is absent where the browser lets nobody write to the clipboard. */
export const code = (text: string): HTMLElement => {
  const copy = h(
    'button',
    {
      type: 'button',
      class: 'small',
      click: async () => {
        const done = await navigator.clipboard.writeText(text).then(
          () => 'Copied',
          () => 'Not allowed',
        )
        copy.textContent = done
        setTimeout(() => {
          copy.textContent = 'Copy'
        }, COPIED_MS)
      },
    },
    'Copy',
  )
  return h('div', { class: 'code' }, h('pre', {}, text), navigator.clipboard !== undefined && copy)
}
