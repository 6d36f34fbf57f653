/** What the registry must do over every object store. */
import { ConflictError, InvalidInputError, NotFoundError, StorageError, TooLargeError } from '@maas/core/errors'
import { createRegistry, type Registry, registryKeys } from '@maas/core/registry'
import type { ObjectStore } from '@maas/core/store'
import { beforeEach, describe, expect, it } from 'vitest'
import { change, newVersion, only } from './samples.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Every file of every version, its hash checked by the registry itself. */
export const rehash = async (registry: Registry, name: string): Promise<readonly number[]> => {
  const manifests = await registry.versions(name)
  for (const manifest of manifests) {
    for (const { path, size } of manifest.files) expect((await registry.file(manifest, path)).length).toBe(size)
  }
  return manifests.map(({ version }) => version).toReversed()
}

/** `open` gives an empty store each time. */
export const describeRegistry = (title: string, open: () => Promise<ObjectStore>): void => {
  describe(title, () => {
    let store: ObjectStore
    let registry: Registry
    let now: Date
    beforeEach(async () => {
      now = new Date()
      store = await open()
      registry = createRegistry(store, { now: () => now, random: () => 0.5 })
    })
    const hours = (count: number) => {
      now = new Date(now.getTime() + count * 3600_000)
    }

    describe('versions', () => {
      it('keep all that was registered', async () => {
        const manifest = await registry.register('cifar10', { ...newVersion('w'), description: 'the first' })
        expect(manifest).toMatchObject({ schema: 1, name: 'cifar10', version: 1, createdAt: now.toISOString() })
        expect(manifest).toMatchObject({ description: 'the first', metrics: { test_accuracy: 0.65 } })
        expect(manifest.lineage).toEqual(newVersion('w').lineage)
        expect(await registry.manifest('cifar10', 1)).toEqual(manifest)
        expect(Buffer.from(await registry.file(manifest, 'weights.bin')).toString()).toBe('w')
        expect(await rehash(registry, 'cifar10')).toEqual([1])
      })

      it('share the files that they have in common', async () => {
        await registry.register('a', newVersion('w'))
        await registry.register('a', newVersion('w'))
        await registry.register('b', newVersion('w'))
        expect((await store.list(registryKeys.blobsPrefix)).objects).toHaveLength(3)
      })

      it('get 16 distinct numbers from 16 creators, and each keeps its own files', async () => {
        const made = await Promise.all(numbers(16).map((at) => registry.register('m', newVersion(`creator ${at}`))))
        expect(made.map(({ version }) => version).sort((a, b) => a - b)).toEqual(numbers(16).map((at) => at + 1))
        for (const [at, manifest] of made.entries()) {
          const stored = await registry.manifest('m', manifest.version)
          expect(Buffer.from(await registry.file(stored, 'weights.bin')).toString()).toBe(`creator ${at}`)
        }
        expect(await rehash(registry, 'm')).toHaveLength(16)
      })

      it('are listed newest first, with the models and aliases they belong to', async () => {
        for (const content of ['1', '2', '3']) await registry.register('b-model', newVersion(content))
        await registry.register('a-model', newVersion('1'))
        await registry.setAlias('b-model', 'production', only(2), change)
        expect((await registry.versions('b-model')).map(({ version }) => version)).toEqual([3, 2, 1])
        expect(await registry.models()).toEqual([
          { name: 'a-model', versions: [1], aliases: {} },
          { name: 'b-model', versions: [1, 2, 3], aliases: { production: only(2) } },
        ])
        expect(await registry.model('a-model')).toEqual({ name: 'a-model', versions: [1], aliases: {} })
      })

      it.each(['../x', 'a/b', '', 'Upper', 'a'.repeat(64), '-a', 'a b', 'a\0'])(
        'refuse the model name %j',
        async (name) => {
          await expect(registry.register(name, newVersion('w'))).rejects.toThrow(InvalidInputError)
          await expect(registry.versions(name)).rejects.toThrow(InvalidInputError)
          await expect(registry.resolve({ name })).rejects.toThrow(InvalidInputError)
          await expect(registry.deleteVersion(name, 1)).rejects.toThrow(InvalidInputError)
        },
      )

      it.each(['../../etc/passwd', '/abs', 'a//b', 'a\\b', '', 'a/../b', 'nul\0'])(
        'refuse the file path %j',
        async (path) => {
          const files = { 'model.json': Buffer.from('{}'), [path]: Buffer.from('x') }
          await expect(registry.register('m', { ...newVersion('w'), files })).rejects.toThrow(InvalidInputError)
          expect((await store.list('')).objects).toEqual([])
        },
      )

      it('refuse what a manifest cannot hold', async () => {
        const good = newVersion('w')
        await expect(registry.register('m', { ...good, files: {} })).rejects.toThrow(/at least one file/)
        await expect(registry.register('m', { ...good, metrics: { loss: Number.NaN } })).rejects.toThrow(
          /version.metrics.loss/,
        )
        await expect(registry.register('m', { ...good, description: 'x'.repeat(2001) })).rejects.toThrow(/description/)
        const many = Object.fromEntries(numbers(1001).map((at) => [`f${at}`, new Uint8Array()]))
        await expect(registry.register('m', { ...good, files: many })).rejects.toThrow(TooLargeError)
        expect((await store.list('')).objects).toEqual([])
      })

      it('tell of a damaged, truncated or missing file', async () => {
        const manifest = await registry.register('m', newVersion('weights'))
        const key = registryKeys.blobKey(manifest.files.find(({ path }) => path === 'weights.bin')?.sha256 ?? '')
        await store.put(key, Buffer.from('weightz'))
        await expect(registry.file(manifest, 'weights.bin')).rejects.toThrow(StorageError)
        await expect(registry.file(manifest, 'weights.bin')).rejects.toThrow(
          /"weights.bin" of m:1 is damaged: its SHA-256/,
        )
        await store.put(key, Buffer.from('weight'))
        await expect(registry.file(manifest, 'weights.bin')).rejects.toThrow(/it has 6 bytes, the manifest says 7/)
        await store.delete(key)
        await expect(registry.file(manifest, 'weights.bin')).rejects.toThrow(/its content is missing/)
        await registry.register('m', newVersion('weights'))
        expect(Buffer.from(await registry.file(manifest, 'weights.bin')).toString()).toBe('weights')
      })

      it('tell of a damaged manifest', async () => {
        await registry.register('m', newVersion('w'))
        await store.put(registryKeys.manifestKey('m', 1), Buffer.from('{"schema":1,'))
        await expect(registry.manifest('m', 1)).rejects.toThrow(/"models\/m\/versions\/1\/manifest.json" is damaged/)
        const other = await registry.register('other', newVersion('w'))
        await store.put(registryKeys.manifestKey('m', 1), Buffer.from(JSON.stringify(other)))
        await expect(registry.manifest('m', 1)).rejects.toThrow(/it describes other:1/)
      })
    })

    describe('what is not there', () => {
      it('is named along with what is', async () => {
        await expect(registry.model('cifar10')).rejects.toThrow('no model is registered yet')
        await registry.register('cifar10', newVersion('w'))
        await registry.register('mnist', newVersion('w'))
        await registry.register('mnist', newVersion('w'))
        await expect(registry.resolve({ name: 'cifar' })).rejects.toThrow(
          'there is no model "cifar"; there are: cifar10, mnist',
        )
        await expect(registry.resolve({ name: 'cifar1o' })).rejects.toThrow('did you mean "cifar10"?')
        await expect(registry.manifest('mnist', 9)).rejects.toThrow('model "mnist" has no version 9; it has: 2, 1')
        await expect(registry.resolve({ name: 'mnist', version: 9 })).rejects.toThrow('it has: 2, 1')
        await expect(registry.alias('mnist', 'prod')).rejects.toThrow(
          'model "mnist" has no alias "prod"; it has none yet',
        )
        await registry.setAlias('mnist', 'production', only(1), change)
        await registry.setAlias('mnist', 'canary', only(2), change)
        await expect(registry.resolve({ name: 'mnist', alias: 'prod' })).rejects.toThrow(
          'model "mnist" has no alias "prod"; it has: canary, production',
        )
        await expect(registry.resolve({ name: 'mnist', alias: 'canari' })).rejects.toThrow('did you mean "canary"?')
        await expect(registry.deleteAlias('mnist', 'nope')).rejects.toThrow(NotFoundError)
        await expect(registry.setAlias('mnist', 'canary', only(3), change)).rejects.toThrow(NotFoundError)
        await expect(registry.setAlias('nothere', 'canary', only(1), change)).rejects.toThrow(
          'there is no model "nothere"',
        )
        const manifest = await registry.manifest('mnist', 1)
        await expect(registry.file(manifest, 'weight.bin')).rejects.toThrow(
          /mnist:1 has no file "weight.bin"; it has: weights.bin, .* did you mean "weights.bin"\?/,
        )
      })
    })

    describe('aliases', () => {
      beforeEach(async () => {
        for (const content of ['1', '2', '3']) await registry.register('m', newVersion(content))
      })

      it('move, and remember who moved them when, why and whence', async () => {
        const first = await registry.setAlias('m', 'production', only(1), { by: 'ann', why: 'first' })
        hours(1)
        const second = await registry.setAlias('m', 'production', only(2), { by: 'ben', why: 'better' })
        expect([first.generation, second.generation]).toEqual([1, 2])
        expect(second).toMatchObject({ schema: 1, name: 'm', alias: 'production', targets: only(2) })
        expect(second.history).toEqual([
          { at: first.history[0]?.at, by: 'ann', why: 'first', from: [], to: only(1) },
          { at: now.toISOString(), by: 'ben', why: 'better', from: only(1), to: only(2) },
        ])
        expect(await registry.alias('m', 'production')).toEqual(second)
        expect(await registry.aliases('m')).toEqual([second])
        expect(await registry.resolve({ name: 'm', alias: 'production' })).toBe(2)
      })

      it('move only from the generation that the caller has seen', async () => {
        const guarded = (generation: number) => registry.setAlias('m', 'p', only(1), { ...change, generation })
        await expect(guarded(1)).rejects.toThrow(ConflictError)
        await guarded(0)
        await expect(guarded(0)).rejects.toThrow(/is at generation 1, not 0/)
        await guarded(1)
        await expect(guarded(1)).rejects.toThrow(ConflictError)
      })

      it('let one of 16 movers from the same generation win', async () => {
        const { generation } = await registry.setAlias('m', 'p', only(1), change)
        const results = await Promise.allSettled(
          numbers(16).map((at) =>
            registry.setAlias('m', 'p', only((at % 3) + 1), { by: `${at}`, why: '', generation }),
          ),
        )
        const winners = results.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []))
        expect(winners).toHaveLength(1)
        expect((await registry.alias('m', 'p')).history.at(-1)?.by).toBe(`${winners[0]}`)
      })

      it('take all of 8 moves that name no generation, one after another', async () => {
        const live = createRegistry(store)
        await Promise.all(numbers(8).map((at) => live.setAlias('m', 'p', only((at % 3) + 1), { by: `${at}`, why: '' })))
        const { generation, history } = await registry.alias('m', 'p')
        expect(generation).toBe(8)
        expect(history.map(({ by }) => by).sort()).toEqual(numbers(8).map(String))
        for (const [at, { from }] of history.entries()) expect(from).toEqual(history[at - 1]?.to ?? [])
      })

      it('keep the last 200 moves', async () => {
        const key = registryKeys.aliasKey('m', 'p')
        const record = await registry.setAlias('m', 'p', only(1), change)
        const history = numbers(200).map((at) => ({ at: '', by: `${at}`, why: '', from: only(1), to: only(1) }))
        await store.put(key, Buffer.from(JSON.stringify({ ...record, history })))
        const moved = await registry.setAlias('m', 'p', only(2), { by: 'last', why: '' })
        expect(moved.history).toHaveLength(200)
        expect([moved.history[0]?.by, moved.history.at(-1)?.by]).toEqual(['1', 'last'])
      })

      it('split traffic by weight', async () => {
        await registry.setAlias(
          'm',
          'p',
          [
            { version: 1, weight: 90 },
            { version: 3, weight: 10 },
          ],
          change,
        )
        const at = (point: number) => registry.resolve({ name: 'm', alias: 'p' }, () => point)
        expect([await at(0), await at(0.89), await at(0.9), await at(0.999), await at(1)]).toEqual([1, 1, 3, 3, 3])
        await registry.setAlias(
          'm',
          'p',
          [
            { version: 1, weight: 100 },
            { version: 3, weight: 0 },
          ],
          change,
        )
        expect([await at(0), await at(1)]).toEqual([1, 1])
      })

      it.each([
        [[], /at least one target/],
        [[{ version: 1, weight: 1 }], /add up to 100/],
        [
          [
            { version: 1, weight: 50 },
            { version: 1, weight: 50 },
          ],
          /named twice/,
        ],
        [[{ version: 1, weight: Number.NaN }], /targets/],
        [[{ version: 1.5, weight: 100 }], /targets/],
      ])('refuse the targets %j', async (targets, message) => {
        await expect(registry.setAlias('m', 'p', targets, change)).rejects.toThrow(message)
      })

      it.each(['latest', '123', '../x', '', 'A', 'a/b'])('refuse the name %j', async (alias) => {
        await expect(registry.setAlias('m', alias, only(1), change)).rejects.toThrow(InvalidInputError)
        await expect(registry.resolve({ name: 'm', alias })).rejects.toThrow(InvalidInputError)
      })

      it('are not needed: a bare name means the highest version', async () => {
        expect(await registry.resolve({ name: 'm' })).toBe(3)
        await registry.deleteVersion('m', 3)
        expect(await registry.resolve({ name: 'm' })).toBe(2)
      })

      it('can be deleted, and made again', async () => {
        await registry.setAlias('m', 'p', only(1), change)
        await registry.deleteAlias('m', 'p')
        await expect(registry.alias('m', 'p')).rejects.toThrow(NotFoundError)
        expect(await registry.aliases('m')).toEqual([])
        expect((await registry.setAlias('m', 'p', only(2), change)).generation).toBe(1)
      })
    })

    describe('deleting', () => {
      it('refuses a version while an alias points at it, even in part or as a shadow', async () => {
        for (const content of ['1', '2', '3']) await registry.register('m', newVersion(content))
        const record = await registry.setAlias(
          'm',
          'p',
          [
            { version: 1, weight: 99 },
            { version: 2, weight: 1 },
          ],
          change,
        )
        await store.put(registryKeys.aliasKey('m', 'p'), Buffer.from(JSON.stringify({ ...record, shadow: 3 })))
        for (const version of [1, 2, 3]) {
          await expect(registry.deleteVersion('m', version)).rejects.toThrow(ConflictError)
          await expect(registry.deleteVersion('m', version)).rejects.toThrow(`m:${version} is in use by m@p`)
        }
        expect(await rehash(registry, 'm')).toEqual([1, 2, 3])
        await registry.setAlias('m', 'p', only(2), change)
        await registry.deleteVersion('m', 1)
        expect(await rehash(registry, 'm')).toEqual([2, 3])
      })

      it('never gives a number away again, the highest included', async () => {
        for (const content of ['1', '2']) await registry.register('m', newVersion(content))
        await registry.deleteVersion('m', 2)
        expect((await registry.register('m', newVersion('3'))).version).toBe(3)
        await registry.deleteVersion('m', 3)
        await registry.deleteVersion('m', 1)
        await expect(registry.model('m')).rejects.toThrow(NotFoundError)
        expect(await registry.models()).toEqual([])
        expect((await registry.register('m', newVersion('4'))).version).toBe(4)
        await expect(registry.manifest('m', 2)).rejects.toThrow(/has no version 2; it has: 4/)
        await expect(registry.deleteVersion('m', 2)).rejects.toThrow(NotFoundError)
      })

      it('takes derived files and, after an hour, blobs that no version uses', async () => {
        const [first] = [await registry.register('m', newVersion('1')), await registry.register('m', newVersion('2'))]
        await store.put(`${registryKeys.derivedPrefix('m', 1)}x64-abc/graph.pb`, Buffer.from('graph'))
        await store.put(`${registryKeys.derivedPrefix('m', 10)}x64-abc/graph.pb`, Buffer.from('graph'))
        await registry.deleteVersion('m', 1)
        expect((await store.list('models/m/derived/')).objects.map(({ key }) => key)).toEqual([
          'models/m/derived/10/x64-abc/graph.pb',
        ])
        const blobs = async () => (await store.list(registryKeys.blobsPrefix)).objects.map(({ key }) => key)
        expect(await blobs()).toHaveLength(4)
        await registry.register('other', newVersion('2'))
        await registry.register('other', newVersion('3'))
        hours(2)
        await registry.deleteVersion('other', 2)
        const weightsOf1 = first?.files.find(({ path }) => path === 'weights.bin')?.sha256
        expect(await blobs()).toHaveLength(3)
        expect(await blobs()).not.toContain(registryKeys.blobKey(weightsOf1 ?? ''))
        expect(await rehash(registry, 'm')).toEqual([2])
        expect(await rehash(registry, 'other')).toEqual([1])
      })

      it('leaves no lease behind, refused or not', async () => {
        for (const content of ['1', '2']) await registry.register('m', newVersion(content))
        await registry.setAlias('m', 'p', only(1), change)
        hours(2)
        await registry.deleteVersion('m', 2)
        await expect(registry.deleteVersion('m', 1)).rejects.toThrow(ConflictError)
        const keys = (await store.list('')).objects.map(({ key }) => key)
        expect(keys.filter((key) => key.startsWith('gc/') || key.includes('/deleting/'))).toEqual([])
      })
    })
  })
}
