/** Archives that lie about themselves: refused in words, before what they claim is unpacked. */
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { strToU8, zipSync } from 'fflate'
import tarStream, { type Header } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { openArchive } from '../../../../layers/core/formats/container/archive.ts'

const maxBytes = 10_000_000
const open = (bytes: Uint8Array) => openArchive(Buffer.from(bytes), { maxBytes })

/** Where the list of entries of a zip holds one of this name. */
const listed = (zip: Buffer, name: string): number => zip.lastIndexOf(name) - 46

const zipped = (size: number, change: (zip: Buffer) => void = () => {}): Buffer => {
  const zip = Buffer.from(zipSync({ 'model.json': new Uint8Array(size) }, { level: 9 }))
  change(zip)
  return zip
}

const tarred = async (header: Partial<Header> & { readonly name: string }, content = '{}'): Promise<Buffer> => {
  const pack = tarStream.pack()
  pack.entry(header, header.type === undefined ? content : '')
  pack.finalize()
  return buffer(pack)
}

describe('a zip', () => {
  it('is read when it says the truth', async () => {
    expect((await open(zipped(100))).get('model.json')).toEqual(Buffer.alloc(100))
  })

  it('that says it holds less than it does is refused', async () => {
    const zip = zipped(5_000_000, (bytes) => void bytes.writeUInt32LE(10, listed(bytes, 'model.json') + 24))
    await expect(open(zip)).rejects.toMatchObject({ code: expect.stringMatching(/invalid_input|too_large/) })
  })

  it('that says it holds more than may be unpacked is refused', async () => {
    const zip = zipped(100, (bytes) => void bytes.writeUInt32LE(0xfffffff0, listed(bytes, 'model.json') + 24))
    await expect(open(zip)).rejects.toMatchObject({ code: 'too_large' })
  })

  it('whose entries share their content is refused', async () => {
    const noise = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251)
    const zip = Buffer.from(zipSync({ a: noise, b: noise, c: noise }, { level: 0 }))
    // All three begin at the first one's place, and each claims nearly all of the file.
    for (const name of ['a', 'b', 'c']) {
      const at = zip.lastIndexOf(name, name === 'a' ? zip.lastIndexOf('b') - 1 : undefined) - 46
      zip.writeUInt32LE(0, at + 42)
      zip.writeUInt32LE(zip.length - 100, at + 20)
    }
    await expect(open(zip)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it.each(['/etc/passwd', '../model.json', 'C:/model.json', 'a/../../model.json'])(
    'with %s is refused',
    async (path) => {
      await expect(open(zipSync({ [path]: strToU8('x') }))).rejects.toMatchObject({ code: 'invalid_input' })
    },
  )

  it('with a link is refused', async () => {
    const zip = zipped(10, (bytes) => void bytes.writeUInt32LE(0o120777 * 65536, listed(bytes, 'model.json') + 38))
    await expect(open(zip)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/is a link/),
    })
  })
})

describe('a tar', () => {
  it('is read when it holds files alone, packed or not', async () => {
    const tar = await tarred({ name: 'model.json' })
    for (const bytes of [tar, gzipSync(tar)]) expect([...(await open(bytes)).keys()]).toEqual(['model.json'])
  })

  it.each(['symlink', 'link'] as const)('with a %s is refused', async (type) => {
    const tar = await tarred({ name: 'model.json', type, linkname: '/etc/passwd' })
    await expect(open(tar)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/is a link/),
    })
  })

  it('that unpacks to more than it may is refused', async () => {
    const bomb = gzipSync(await tarred({ name: 'model.json' }, ' '.repeat(20_000_000)))
    expect(bomb.length).toBeLessThan(100_000)
    await expect(open(bomb)).rejects.toMatchObject({ code: 'too_large' })
  })

  it('that climbs out is refused', async () => {
    await expect(open(await tarred({ name: '../model.json' }))).rejects.toMatchObject({ code: 'invalid_input' })
  })
})
