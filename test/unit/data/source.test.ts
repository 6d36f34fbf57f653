import { once } from 'node:events'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, MaasError, NotFoundError } from '@maas/core/errors'
import { zipSync } from 'fflate'
import tar from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { openSource, type Source } from '../../../layers/core/data/source/index.ts'
import { asFile, asFolder, asTar, asZip } from './helpers.ts'

const all = async (source: Source, maxBytes?: number) => {
  const files: Record<string, string> = {}
  const options = maxBytes === undefined ? {} : { maxBytes }
  for await (const file of source.read(() => true, options)) {
    files[file.path] = 'problem' in file ? `problem: ${file.problem}` : Buffer.from(file.bytes).toString()
  }
  return files
}
const refusalOf = async (location: string): Promise<string> => {
  const refusal = await openSource(location).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(MaasError)
  return String(refusal)
}
/** Writes over every place where `from` stands. */
const patched = (bytes: Uint8Array, from: Buffer, to: Buffer): Buffer => {
  const copy = Buffer.from(bytes)
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) to.copy(copy, at)
  return copy
}
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

describe('openSource', () => {
  const files = { 'a/one.txt': 'one', 'b/two.txt': 'two'.repeat(1000), 'three.txt': '' }

  it.each([
    ['a folder', () => asFolder(files)],
    ['a stored zip', () => asZip(files, 0)],
    ['a deflated zip', () => asZip(files, 6)],
    ['a tar', () => asTar(files)],
    ['a gzipped tar', () => asTar(files, { gzip: true })],
  ])('lists and reads %s', async (_, make) => {
    const source = await openSource(await make())
    expect(source.entries.map((entry) => entry.path).sort()).toEqual(['a/one.txt', 'b/two.txt', 'three.txt'])
    expect(await all(source)).toEqual(files)
  })

  it.each([
    ['zip', (name: string) => asFile('slip.zip', zipSync({ [name]: Buffer.from('x') }))],
    ['tar', (name: string) => asTar({ [name]: 'x' })],
  ])('refuses names in a %s that point outside of it', async (_, make) => {
    for (const name of ['../evil.jpg', 'a/../../evil.jpg', '/etc/evil.jpg', 'C:/evil.jpg', '..\\evil.jpg']) {
      expect(await refusalOf(await make(name))).toMatch(/is refused: '.*evil\.jpg' points outside of it/)
    }
  })

  it('refuses links wherever they are', async () => {
    const zip = zipSync({ 'a/link.jpg': [Buffer.from('/etc/passwd'), { os: 3, attrs: (0o120777 << 16) >>> 0 }] })
    expect(await refusalOf(await asFile('link.zip', zip))).toContain("'a/link.jpg' is a link. Links are not followed")
    expect(await refusalOf(await asTar({}, { links: { 'a/link.jpg': '/etc/passwd' } }))).toContain(
      "'a/link.jpg' is a link",
    )
    const folder = await asFolder({ 'a/1.jpg': 'x', 'a/2.jpg': 'x' })
    await symlink('/etc/passwd', join(folder, 'a/link.jpg'))
    expect(await refusalOf(folder)).toContain("'a/link.jpg' is a link")
  })

  it('refuses the same name twice', async () => {
    const zip = zipSync({ 'a/1.jpg': Buffer.from('x'), 'a/2.jpg': Buffer.from('y') })
    expect(
      await refusalOf(await asFile('twice.zip', patched(zip, Buffer.from('a/2.jpg'), Buffer.from('a/1.jpg')))),
    ).toContain("'a/1.jpg' is in it twice")
  })

  it('unpacks no more than a zip declares', async () => {
    const bomb = Buffer.alloc(1_000_000)
    const zip = zipSync({ 'bomb.jpg': bomb, 'fine.jpg': Buffer.from('fine') }, { level: 9 })
    const files = await all(await openSource(await asFile('bomb.zip', patched(zip, u32(1_000_000), u32(100)))))
    expect(files['bomb.jpg']).toMatch(/^problem: it cannot be unpacked/)
    expect(files['fine.jpg']).toBe('fine')
  })

  it('finds a declared size that is too large wrong', async () => {
    const zip = zipSync({ 'big.jpg': Buffer.alloc(5000) }, { level: 9 })
    const files = await all(await openSource(await asFile('big.zip', patched(zip, u32(5000), u32(6000)))))
    expect(files['big.jpg']).toBe('problem: it holds 5000 bytes where the archive says 6000')
  })

  it('refuses zips whose members overlap', async () => {
    const one = zipSync({ 'a.jpg': Buffer.alloc(4000, 'x'), 'b.jpg': Buffer.from('y') }, { level: 0 })
    // The small member claims the size of the large one: more content than the file has bytes.
    const directory = Buffer.from(one).lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'))
    const overlapping = Buffer.from(one)
    overlapping.writeUInt32LE(4000, directory + 20)
    overlapping.writeUInt32LE(4000, directory + 24)
    expect(await refusalOf(await asFile('overlap.zip', overlapping))).toContain('its members overlap, as in a zip bomb')
  })

  it('reports a flipped bit in one member and reads the others', async () => {
    const zip = zipSync({ 'a.jpg': Buffer.from('content of a'), 'b.jpg': Buffer.from('content of b') }, { level: 0 })
    const files = await all(
      await openSource(
        await asFile('flip.zip', patched(zip, Buffer.from('content of a'), Buffer.from('Content of a'))),
      ),
    )
    expect(files).toEqual({
      'a.jpg': 'problem: it is damaged: its checksum (CRC-32) does not fit',
      'b.jpg': 'content of b',
    })
  })

  it('reports files over the limit without unpacking them', async () => {
    for (const location of [await asZip(files), await asTar(files), await asFolder(files)]) {
      const read = await all(await openSource(location), 100)
      expect(read['b/two.txt']).toBe('problem: it holds 3000 bytes, more than the 100 allowed for one file')
      expect(read['a/one.txt']).toBe('one')
    }
  })

  it('refuses a tar that declares more than can be meant, before unpacking it', async () => {
    const pack = tar.pack()
    pack.entry({ name: 'huge.jpg', size: 100 * 1024 ** 3 })
    const [header] = await once(pack, 'data')
    pack.on('error', () => undefined).destroy()
    expect(await refusalOf(await asFile('huge.tar', header))).toContain('unpacks to more than 64 GiB')
  })

  it('says what is wrong with archives that are cut off', async () => {
    const zip = zipSync({ 'a.jpg': Buffer.alloc(3000, 'abc') })
    expect(await refusalOf(await asFile('cut.zip', zip.subarray(0, zip.length / 2)))).toContain(
      'cannot be read as a zip',
    )
    const tar = await asTar({ 'a.jpg': 'x'.repeat(5000) }, { gzip: true })
    const { readFile } = await import('node:fs/promises')
    const bytes = await readFile(tar)
    expect(await refusalOf(await asFile('cut.tar.gz', bytes.subarray(0, bytes.length - 20)))).toContain(
      'cannot be read as a tar',
    )
  })

  it('names what it is where it is no data, and what is allowed', async () => {
    await expect(openSource('/no/such/data')).rejects.toBeInstanceOf(NotFoundError)
    for (const [content, said] of [
      ['BZh91AY', 'bzip2'],
      ['\xfd7zXZ', 'xz'],
      ['7z\xbc\xaf', '7z'],
      ['Rar!', 'rar'],
      ['plain text', 'no data set in a known format'],
    ] as const) {
      const refusal = await refusalOf(await asFile('data.bin', Buffer.from(content, 'latin1')))
      expect(refusal).toContain(said)
      expect(refusal).toContain('Allowed: a folder, .zip, .tar, .tar.gz, .npz, .npy or .csv')
    }
    await expect(openSource(await asFile('text.gz', Buffer.from('1f8b0800', 'hex')))).rejects.toBeInstanceOf(
      InvalidInputError,
    )
  })
})
