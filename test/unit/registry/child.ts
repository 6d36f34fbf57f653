/** A process of its own that does one thing to a registry on files, and may be told to die at a certain change of the disk. */
import { ConflictError } from '@maas/core/errors'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { dyingFs } from '../store/faults.ts'
import { newVersion, only } from './samples.ts'

/** `hoursAhead` sets the clock forward. */
export type Command = { readonly hoursAhead?: number } & (
  | { readonly do: 'register'; readonly times: number; readonly content: string }
  | { readonly do: 'move' | 'delete'; readonly version: number }
  | { readonly do: 'count'; readonly times: number }
)
export type Order = Command & { readonly root: string; readonly diesAt?: number }

const order = JSON.parse(process.argv[2] ?? '') as Order
const store = createFileStore(order.root, order.diesAt === undefined ? {} : { fs: dyingFs(order.diesAt) })
const registry = createRegistry(store, { now: () => new Date(Date.now() + (order.hoursAhead ?? 0) * 3600_000) })

const addOne = async (): Promise<void> => {
  for (;;) {
    const { body, info } = await store.get('count')
    try {
      await store.put('count', Buffer.from(String(Number(Buffer.from(body)) + 1)), { ifMatch: info.etag })
      return
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
}

const carryOut = async (): Promise<unknown> => {
  switch (order.do) {
    case 'register': {
      const copies = Array.from({ length: order.times }, (_, copy) => newVersion(`${order.content} ${copy}`))
      const manifests = await Promise.all(copies.map((copy) => registry.register('m', copy)))
      return manifests.map(({ version }) => version)
    }
    case 'move':
      return registry.setAlias('m', 'production', only(order.version), { by: 'child', why: 'test' })
    case 'delete':
      return registry.deleteVersion('m', order.version)
    case 'count':
      for (let turn = 0; turn < order.times; turn++) await addOne()
      return 'counted'
  }
}

console.log(JSON.stringify((await carryOut()) ?? null))
