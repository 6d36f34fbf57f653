/** Asks before an alias moves: from where to where, and why. */
import type { AliasRecord, AliasTarget } from '@maas/core/contract'
import { failure, h } from './dom.ts'
import { targets } from './format.ts'

export type Move =
  | {
      readonly record: AliasRecord
      readonly versions: readonly number[]
      readonly move: (to: AliasTarget[], reason: string) => Promise<void>
      /** Given: no choice, it goes back there. */
      readonly back?: readonly AliasTarget[]
    }
  | {
      readonly versions: readonly number[]
      readonly create: (alias: string, to: AliasTarget[], reason: string) => Promise<void>
    }

export const confirmMove = (options: Move): void => {
  const record = 'record' in options ? options.record : undefined
  const back = 'back' in options ? options.back : undefined
  const heading = record === undefined ? 'New alias' : `${back === undefined ? 'Move' : 'Roll back'} ${record.alias}`
  const name = h('input', {
    id: 'alias-name',
    required: true,
    pattern: '[a-z0-9_]{1,63}',
    title: 'a-z, 0-9 and _, at most 63',
  })
  const version = h(
    'select',
    { id: 'alias-version' },
    ...options.versions.map((number) => h('option', { value: number }, `version ${number}`)),
  )
  const reason = h('input', { id: 'alias-reason', maxlength: 500 })
  const said = h('div', {})
  const confirm = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const to = back === undefined ? [{ version: Number(version.value), weight: 100 }] : [...back]
    try {
      if ('create' in options) await options.create(name.value, to, reason.value)
      else await options.move(to, reason.value)
      dialog.close()
    } catch (error) {
      said.replaceChildren(failure(error))
    }
  }
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'alias-title', close: () => dialog.remove() },
    h(
      'form',
      { submit: confirm },
      h('h2', { id: 'alias-title' }, heading),
      record === undefined
        ? [h('label', { for: 'alias-name' }, 'Name'), name]
        : h(
            'p',
            {},
            `Now: ${targets(record.targets)}. Callers of ${record.name}@${record.alias} follow within seconds.`,
          ),
      back === undefined
        ? [h('label', { for: 'alias-version' }, 'To'), version]
        : h('p', {}, `Back to: ${targets(back)}.`),
      h('label', { for: 'alias-reason' }, 'Why (kept in the history)'),
      reason,
      said,
      h(
        'div',
        { class: 'buttons' },
        h(
          'button',
          { class: 'primary' },
          record === undefined ? 'Create it' : back === undefined ? 'Move it' : 'Roll it back',
        ),
        h('button', { type: 'button', click: () => dialog.close() }, 'Cancel'),
      ),
    ),
  )
  document.body.append(dialog)
  dialog.showModal()
}
