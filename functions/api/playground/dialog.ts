/** Questions in front of the page: a form that closes when its errand is done and says what kept it from that. */
import { type Child, failure, h } from './dom.ts'

export interface Question {
  readonly id: string
  readonly title: string
  readonly content: readonly Child[]
  /** What the button says that goes on. */
  readonly confirm: string
  readonly run: () => Promise<void>
}

/** Escape and Cancel close it, and nothing has happened. */
export const askFor = ({ id, title, content, confirm, run }: Question): void => {
  const said = h('div', {})
  const go = h('button', { class: 'primary' }, confirm)
  const dialog = h(
    'dialog',
    { 'aria-labelledby': id, close: () => dialog.remove() },
    h(
      'form',
      {
        submit: async (event: SubmitEvent) => {
          event.preventDefault()
          go.disabled = true
          try {
            await run()
            dialog.close()
          } catch (error) {
            said.replaceChildren(failure(error))
            go.disabled = false
          }
        },
      },
      h('h2', { id }, title),
      content,
      said,
      h('div', { class: 'buttons end' }, h('button', { type: 'button', click: () => dialog.close() }, 'Cancel'), go),
    ),
  )
  document.body.append(dialog)
  dialog.showModal()
}

/** A labelled input; the hint stands below it. */
export const field = (id: string, label: string, input: HTMLElement, hint?: Child): HTMLElement => {
  input.id = id
  if (hint !== undefined) input.setAttribute('aria-describedby', `${id}-hint`)
  return h(
    'div',
    {},
    h('label', { for: id }, label),
    input,
    hint !== undefined && h('p', { class: 'hint', id: `${id}-hint` }, hint),
  )
}
