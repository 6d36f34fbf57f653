import { createHash } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { type DataSet, downloadCifar10 } from '@maas/core/data'
import { MaasError } from '@maas/core/errors'
import { describe, expect, it, onTestFinished } from 'vitest'
import { asFolder, asTar, read, temporaryFolder } from './helpers.ts'

/** Records of given classes; pixel p of plane c in record r is (r * 50 + c * 80 + p) mod 256. */
const batch = (...classes: readonly number[]): Buffer =>
  Buffer.concat(
    classes.map((label, record) =>
      Buffer.from([
        label,
        ...Array.from({ length: 3072 }, (_, at) => (record * 50 + Math.floor(at / 1024) * 80 + (at % 1024)) % 256),
      ]),
    ),
  )
const files = {
  'cifar-10-batches-bin/batches.meta.txt': 'airplane\nautomobile\nbird\n\n',
  'cifar-10-batches-bin/data_batch_2.bin': batch(2, 1),
  'cifar-10-batches-bin/data_batch_1.bin': batch(0, 1, 2),
  'cifar-10-batches-bin/readme.html': '<html>',
  'cifar-10-batches-bin/test_batch.bin': batch(2, 0, 1),
}
const refusalOf = async (location: string, options = {}, parts = {}) => {
  const refusal = await read(location, options, parts).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(MaasError)
  return String(refusal)
}

describe('readDataSet on CIFAR-10 binary batches', () => {
  it('reads tar.gz and folder alike: classes, planes to channels, parts', async () => {
    const sets = await Promise.all(
      [asTar(files, { gzip: true }), asFolder(files)].map(async (location) => read(await location)),
    )
    const pixel = (set: DataSet, row: number, at: number) => [
      ...set.train.features.subarray(row * 3072 + at * 3, row * 3072 + at * 3 + 3),
    ]
    for (const set of sets) {
      expect([set.labels, [...set.train.targets], [...set.test.targets]]).toEqual([
        ['airplane', 'automobile', 'bird'],
        [0, 1, 2, 2, 1],
        [2, 0, 1],
      ])
      expect([pixel(set, 0, 0), pixel(set, 1, 5)]).toEqual([
        [0, 80, 160],
        [55, 135, 215],
      ])
      expect(set.train.sources).toEqual(
        [0, 1, 2].map((row) => `data_batch_1.bin#${row}`).concat(['data_batch_2.bin#0', 'data_batch_2.bin#1']),
      )
      expect(set.preprocess).toMatchObject({ kind: 'image', height: 32, width: 32, channels: 3 })
      expect(set.report.fingerprint).toBe(sets[0]?.report.fingerprint)
    }
  })

  it('refuses batches of a wrong size, unknown classes and other sizes', async () => {
    const name = 'data_batch_1.bin'
    expect(await refusalOf(await asFolder({ ...files, [name]: batch(1).subarray(0, 3000) }))).toContain(
      'no whole number of 3073-byte records',
    )
    expect(await refusalOf(await asFolder({ ...files, [name]: batch(7) }))).toContain(
      `${name}#0 is of class 7; there are 3`,
    )
    expect(await refusalOf(await asFolder(files), { imageSize: { height: 16, width: 16 } })).toContain(
      'are not resized',
    )
  })
})

describe('downloadCifar10', () => {
  const content = Buffer.from('the archive '.repeat(20_000))
  const sha256 = createHash('sha256').update(content).digest('hex')

  async function serve(handler: RequestListener): Promise<string> {
    const server = createServer(handler).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/cifar-10-binary.tar.gz`
  }
  const destinationIn = async () => join(await temporaryFolder(), 'deep/cifar-10-binary.tar.gz')
  const refusalOf = async (options: Parameters<typeof downloadCifar10>[0]) => {
    const refusal = await downloadCifar10(options).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(MaasError)
    return String(refusal)
  }

  it('downloads with progress, checks, and does not download again', async () => {
    let requests = 0
    const url = await serve((_, response) => {
      requests += 1
      response.setHeader('content-length', content.length).end(content)
    })
    const destination = await destinationIn()
    const told: (number | undefined)[][] = []
    const options = {
      destination,
      url,
      sha256,
      onProgress: (...got: (number | undefined | string)[]) => void told.push(got as number[]),
    }
    expect(await downloadCifar10(options)).toEqual({ downloaded: true })
    expect(await readFile(destination)).toEqual(content)
    expect(told.at(-1)).toEqual([content.length, content.length])
    expect(await downloadCifar10(options)).toEqual({ downloaded: false })
    expect([requests, await readdir(dirname(destination))]).toEqual([1, ['cifar-10-binary.tar.gz']])
  })

  it('goes on where a broken connection stopped', async () => {
    const ranges: (string | undefined)[] = []
    const url = await serve((request, response) => {
      ranges.push(request.headers.range)
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start })
      if (start > 0) response.end(content.subarray(start))
      else response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
    })
    const destination = await destinationIn()
    expect(await refusalOf({ destination, url, sha256 })).toMatch(
      /could not be downloaded .* Run the same command again to go on from there/,
    )
    expect((await stat(`${destination}.partial`)).size).toBe(100_000)
    await expect(stat(destination)).rejects.toThrow()
    await downloadCifar10({ destination, url, sha256 })
    expect(await readFile(destination)).toEqual(content)
    expect(ranges).toEqual([undefined, 'bytes=100000-'])
  })

  it('starts over when the server cannot resume', async () => {
    const url = await serve((_, response) => void response.end(content))
    const destination = await destinationIn()
    await asFolder({})
    const { mkdir } = await import('node:fs/promises')
    await mkdir(dirname(destination), { recursive: true })
    await writeFile(`${destination}.partial`, 'something else')
    await downloadCifar10({ destination, url, sha256 })
    expect(await readFile(destination)).toEqual(content)
  })

  it('removes what does not have the checksum, and names the published one', async () => {
    const url = await serve((_, response) => void response.end('something else'))
    const destination = await destinationIn()
    const refusal = await refusalOf({ destination, url })
    expect(refusal).toContain('not c32a1d4ab5d03f1284b67883e8d87530 as published')
    expect(await readdir(dirname(destination))).toEqual([])
  })

  it('says what the server answered, or that there is none', async () => {
    const url = await serve((_, response) => void response.writeHead(404).end())
    expect(await refusalOf({ destination: await destinationIn(), url })).toContain('the server answered 404 Not Found')
    expect(await refusalOf({ destination: await destinationIn(), url: 'http://127.0.0.1:1/x' })).toMatch(
      /ECONNREFUSED|bad port/,
    )
  })

  it('stops when the signal says so', async () => {
    const controller = new AbortController()
    const url = await serve((_, response) => void response.write(content))
    const options = {
      destination: await destinationIn(),
      url,
      sha256,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    }
    await expect(downloadCifar10(options)).rejects.toMatchObject({ code: 'canceled' })
  })
})
