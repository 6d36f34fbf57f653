/** Asks before an alias moves: from where to where, and why. */
import type { AliasRecord, AliasTarget } from '@maas/core/contract'
import { askFor, field } from './dialog.ts'
import { h } from './dom.ts'
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
  const name = h('input', { required: true, pattern: '[a-z0-9_]{1,63}', title: 'a-z, 0-9 and _, at most 63' })
  const version = h(
    'select',
    {},
    ...options.versions.map((number) => h('option', { value: number }, `version ${number}`)),
  )
  const reason = h('input', { maxlength: 500 })
  askFor({
    id: 'alias-title',
    title: record === undefined ? 'New alias' : `${back === undefined ? 'Move' : 'Roll back'} ${record.alias}`,
    content: [
      record === undefined
        ? field('alias-name', 'Name', name, 'What callers put after the @, such as production.')
        : h(
            'p',
            {},
            `Now: ${targets(record.targets)}. Callers of ${record.name}@${record.alias} follow within seconds.`,
          ),
      back === undefined ? field('alias-version', 'To', version) : h('p', {}, `Back to: ${targets(back)}.`),
      field('alias-reason', 'Why (kept in the history)', reason),
    ],
    confirm: record === undefined ? 'Create it' : back === undefined ? 'Move it' : 'Roll it back',
    run: () => {
      const to = back === undefined ? [{ version: Number(version.value), weight: 100 }] : [...back]
      return 'create' in options ? options.create(name.value, to, reason.value) : options.move(to, reason.value)
    },
  })
}
