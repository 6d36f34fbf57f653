import { createHash } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type DataSet, decodeImage } from '@maas/core/data'
import { InvalidInputError, MaasError, TooLargeError } from '@maas/core/errors'
import { describe, expect, it } from 'vitest'
import {
  asFile,
  asFolder,
  asTar,
  asZip,
  type Files,
  imageFiles,
  jpeg,
  picture,
  png,
  read,
  readFixture,
} from './helpers.ts'

const classes = ['cat', 'dog', 'eel']

/** Everything that must not depend on how the files were packed. */
const contentOf = ({ train, validation, test, labels, preprocess, report }: DataSet) => ({
  pixels: [train, validation, test].map((part) => createHash('sha256').update(part.features).digest('hex')),
  targets: [train, validation, test].map((part) => [...part.targets]),
  labels,
  preprocess,
  fingerprint: report.fingerprint,
  balance: report.balance,
})

describe('readDataSet on image folders', () => {
  it('gives the same pixels, order and fingerprint from a folder, a zip, a deflated zip, a tar and a tar.gz, in any order of files', async () => {
    const files = await imageFiles(classes)
    const reversed: Files = Object.fromEntries(Object.entries(files).reverse())
    const folded: Files = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`pets/${path}`, bytes]))
    const options = { validationSplit: 0.34 }
    const [first, ...others] = await Promise.all(
      [
        asFolder(files),
        asZip(files),
        asZip(reversed, 6),
        asTar(reversed),
        asTar(files, { gzip: true }),
        asFolder(folded),
        asZip({
          ...folded,
          'pets/README.md': 'read me',
          '__MACOSX/pets/train/cat/._0.jpg': 'fork',
          'pets/.DS_Store': 'x',
        }),
      ].map(async (location) => contentOf(await read(await location, options))),
    )
    expect(first?.balance).toEqual({ train: [4, 4, 4], validation: [2, 2, 2], test: [2, 2, 2] })
    for (const other of others) expect(other).toEqual(first)
  })

  it('changes the fingerprint when one byte, one name or one class changes', async () => {
    const files = await imageFiles(classes)
    const original = (await read(await asZip(files))).report.fingerprint
    const { 'train/cat/0.jpg': cat = new Uint8Array(), ...rest } = files
    const touched = Buffer.from(cat)
    touched[touched.length - 1] = 0xd8
    for (const changed of [
      { ...rest, 'train/cat/0.jpg': await jpeg(99) },
      { ...rest, 'train/cat/zero.jpg': cat },
      { ...rest, 'train/dog/zero.jpg': cat },
    ]) {
      expect((await read(await asZip(changed))).report.fingerprint).not.toBe(original)
    }
  })

  it('holds in each row what decodeImage gives for that file', async () => {
    const files = await imageFiles(classes)
    const { train, labels, preprocess } = await read(await asZip(files))
    expect(labels).toEqual(classes)
    expect(train.rowShape).toEqual([8, 8, 3])
    for (const [row, source] of (train.sources ?? []).entries()) {
      if (preprocess.kind !== 'image') throw new Error('expected images')
      const pixels = await decodeImage(files[source] ?? new Uint8Array(), preprocess, {})
      expect(train.features.subarray(row * 192, (row + 1) * 192)).toEqual(pixels)
      expect(labels[train.targets[row] ?? -1]).toBe(source.split('/')[1])
    }
  })

  it('takes class folders alone and splits them by class and seed', async () => {
    const { ...files } = await imageFiles(classes, { train: 10, test: 0 })
    const plain = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path.replace('train/', ''), bytes]))
    const location = await asZip(plain)
    const options = { testSplit: 0.2, validationSplit: 0.25, seed: 3 }
    const { report, test, ...rest } = await read(location, options)
    expect(report.balance).toEqual({ train: [6, 6, 6], validation: [2, 2, 2], test: [2, 2, 2] })
    expect(report.split).toBe('seeded: test 20 % of train, validation 25 % of train, seed 3')
    const all = [rest.train, rest.validation, test].flatMap((part) => part.sources ?? [])
    expect(new Set(all).size).toBe(30)
    expect((await read(location, options)).test.sources).toEqual(test.sources)
    expect((await read(location, { ...options, seed: 4 })).test.sources).not.toEqual(test.sources)
    expect((await read(location, { ...options, validationSplit: 0 })).test.sources).toEqual(test.sources)
  })

  it('reads val, valid and Validation folders, and JPEG, PNG and WebP side by side', async () => {
    for (const name of ['val', 'valid', 'Validation']) {
      const { validation, report } = await read(
        await asZip({
          'train/a/1.jpeg': await jpeg(1),
          'train/b/1.PNG': await png(2),
          [`${name}/a/1.webp`]: await picture(3).webp().toBuffer(),
          [`${name}/b/deeper/1.jpg`]: await jpeg(4),
        }),
      )
      expect(validation.examples).toBe(2)
      expect(report.split).toBe('given: no test, validation given')
    }
  })

  it('knows a class called train from a part called train', async () => {
    const { labels } = await read(
      await asZip({ 'car/1.jpg': await jpeg(1), 'train/1.jpg': await jpeg(2), 'bus/1.jpg': await jpeg(3) }),
    )
    expect(labels).toEqual(['bus', 'car', 'train'])
  })

  it('takes parts from locations of their own', async () => {
    const files = await imageFiles(classes)
    const of = (part: string) =>
      Object.fromEntries(
        Object.entries(files).flatMap(([path, bytes]) =>
          path.startsWith(part) ? [[path.slice(part.length + 1), bytes]] : [],
        ),
      )
    const apart = await read(await asZip(of('train')), {}, { test: await asFolder(of('test')) })
    const together = await read(await asZip(files))
    expect(contentOf(apart)).toEqual(contentOf(together))
    const chosen = await read(await asZip(files), {}, { test: await asZip(files) })
    expect(contentOf(chosen)).toEqual(contentOf(together))
    expect(chosen.report.warnings.join()).toContain(
      "6 images in the train data's own test or validation folder are left out",
    )
  })

  it('opens the one archive that a channel folder holds', async () => {
    const zip = await asZip(await imageFiles(classes))
    const folder = await asFolder({ '.hidden': '' })
    await rename(zip, join(folder, 'data.zip'))
    expect((await read(folder)).report.name).toBe('data.zip')
  })

  it('takes the most frequent size, resizes the rest, and says so', async () => {
    const { preprocess, report } = await read(
      await asZip({
        'a/1.jpg': await jpeg(1, { width: 12, height: 10 }),
        'a/2.jpg': await jpeg(2, { width: 12, height: 10 }),
        'b/1.jpg': await jpeg(3, { width: 30, height: 20 }),
      }),
    )
    expect(preprocess).toMatchObject({ width: 12, height: 10, channels: 3, scale: 1 / 255 })
    expect(report.warnings).toContain('Sizes differ: 1 image of 3 were resized to 12 x 10.')
  })

  it('takes size, channels and other fields of the spec from the options', async () => {
    const { train, preprocess } = await read(await asZip(await imageFiles(classes)), {
      imageSize: { height: 4, width: 6 },
      channels: 1,
      preprocess: { crop: 'center', mean: [0.5] },
    })
    expect(train.rowShape).toEqual([4, 6, 1])
    expect(preprocess).toMatchObject({
      height: 4,
      width: 6,
      channels: 1,
      crop: 'center',
      mean: [0.5],
      interpolation: 'bilinear',
    })
  })

  it('sees that all images are grey', async () => {
    const grey = await readFixture('grey.jpg')
    const { train } = await read(await asZip({ 'a/1.jpg': grey, 'b/1.jpg': grey }))
    expect(train.rowShape).toEqual([17, 21, 1])
  })

  it('counts and lists damaged files, leaves them out, and keeps every other row in place', async () => {
    const files = await imageFiles(classes)
    const damaged = { ...files, 'train/cat/3.jpg': await readFixture('truncated.jpg'), 'test/dog/1.jpg': 'no picture' }
    const { train, test, report, labels } = await read(await asZip(damaged), { maxBadFiles: 2 })
    expect(report.badFileCount).toBe(2)
    expect(report.badFiles.map((bad) => bad.path).sort()).toEqual(['test/dog/1.jpg', 'train/cat/3.jpg'])
    expect(report.badFiles.map((bad) => bad.reason).join()).toMatch(
      /damaged.*JPEG, PNG and WebP|JPEG, PNG and WebP.*damaged/,
    )
    expect([train.examples, train.features.length, train.targets.length]).toEqual([17, 17 * 192, 17])
    expect(test.examples).toBe(5)
    const { train: whole } = await read(await asZip(files))
    const [kept, all] = [train.sources ?? [], whole.sources ?? []]
    for (const [row, source] of kept.entries()) {
      const before = all.indexOf(source)
      expect(labels[train.targets[row] ?? -1]).toBe(source.split('/')[1])
      expect(train.features.subarray(row * 192, (row + 1) * 192)).toEqual(
        whole.features.subarray(before * 192, (before + 1) * 192),
      )
    }
  })

  it('gives up beyond max_bad_files and shows the first of them', async () => {
    const damaged = { ...(await imageFiles(classes)), 'train/cat/0.jpg': 'x', 'train/cat/1.jpg': 'y' }
    const refusal = await read(await asZip(damaged), { maxBadFiles: 1 }).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InvalidInputError)
    expect(String(refusal)).toMatch(/More than 1 file could not be read.*max_bad_files.*\n {2}train\/cat\/\d\.jpg: /)
  })

  it('says how unbalanced classes are', async () => {
    const files = await imageFiles(['few'], { train: 2 })
    const many = await imageFiles(['many'], { train: 9 })
    const { report } = await read(await asZip({ ...files, ...many }))
    expect(report.warnings.join()).toContain("'many' has 9 examples to train on, 'few' 2 (5 times fewer)")
    expect(report.warnings).toContain('There is no validation part: overfitting cannot be seen.')
  })

  it('says which class a seeded part has no example of', async () => {
    const files = { ...(await imageFiles(['few'], { train: 1 })), ...(await imageFiles(['many'], { train: 9 })) }
    const { report } = await read(await asZip(files), { validationSplit: 0.3 })
    expect(report.warnings).toContain("The validation part has no example of 'few'.")
  })

  it('counts up to the number of images', async () => {
    const told: (number | undefined)[][] = []
    await read(await asZip(await imageFiles(classes)), { onProgress: (done, total) => void told.push([done, total]) })
    expect(told.at(-1)).toEqual([24, 24])
  })

  it('stops when the signal says so', async () => {
    const controller = new AbortController()
    const reading = read(await asZip(await imageFiles(classes, { train: 40 })), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    await expect(reading).rejects.toMatchObject({ code: 'canceled' } satisfies Partial<MaasError>)
  })
})

describe('what is refused in an image folder', () => {
  const refusalOf = async (files: Files | string, parts = {}) => {
    const refusal = await read(typeof files === 'string' ? files : await asZip(files), {}, parts).catch(
      (error: unknown) => error,
    )
    expect(refusal).toBeInstanceOf(MaasError)
    return String(refusal)
  }

  it('a single class', async () => {
    expect(await refusalOf(await imageFiles(['cat']))).toContain(
      "only one class, 'cat': there is nothing to tell apart",
    )
    expect(await refusalOf({ 'cat/1.jpg': await jpeg(1) })).toContain('only one class')
  })

  it('a test part that lacks classes, and a train part that lacks classes', async () => {
    const names = ['bird', 'cat', 'deer', 'dog']
    const files = Object.entries(await imageFiles(names))
    const without = (part: string) =>
      Object.fromEntries(files.filter(([path]) => !new RegExp(`^${part}/(cat|dog)/`).test(path)))
    expect(await refusalOf(without('test'))).toContain(
      "The test data lacks 2 of 4 classes, 'cat' and 'dog', which the train data has",
    )
    expect(await refusalOf(without('train'))).toContain(
      "The train data lacks 2 of 4 classes, 'cat' and 'dog', which the test data has",
    )
  })

  it('an empty class folder', async () => {
    const folder = await asFolder({ ...(await imageFiles(['cat', 'dog'])), 'train/eel/': '' })
    expect(await refusalOf(folder)).toContain("class folders without any image: 'train/eel'")
  })

  it('nothing at all', async () => {
    expect(await refusalOf(await asFolder({ 'a/': '', 'b/': '' }))).toContain('holds no files')
    expect(await refusalOf({ 'README.md': 'x' })).toContain("only '.md' files")
    expect(await refusalOf(await asFile('empty.zip', ''))).toContain('is empty')
  })

  it('images without class folders', async () => {
    expect(await refusalOf({ 'train/1.jpg': await jpeg(1), 'test/1.jpg': await jpeg(2) })).toContain(
      'Expected train/CLASS/*.jpg',
    )
    expect(await refusalOf({ '1.jpg': await jpeg(1), '2.jpg': await jpeg(2) })).toContain('Expected train/CLASS/*.jpg')
  })

  it('images of which none can be read', async () => {
    expect(await refusalOf({ 'a/1.jpg': 'x', 'b/1.jpg': 'y' })).toMatch(
      /None of 2 images looked at can be read. .*JPEG, PNG and WebP/,
    )
  })

  it('more pixels than there is memory for', async () => {
    const { readDataSet } = await import('@maas/core/data')
    const location = { train: await asZip(await imageFiles(classes)) }
    const options = {
      validationSplit: 0,
      testSplit: 0,
      seed: 1,
      maxBadFiles: 0,
      imageSize: { height: 4096, width: 4096 },
    }
    const reading = readDataSet(location, options, { kernels: {}, memoryBytes: 1024 ** 3 })
    await expect(reading).rejects.toBeInstanceOf(TooLargeError)
    await expect(reading).rejects.toThrow(
      '24 images of 4096 x 4096 pixels would take 1.1 GiB of memory; 1.0 GiB can be used',
    )
  })

  it('parts of different kinds', async () => {
    const refusal = await refusalOf(await imageFiles(classes), { test: await asFile('test.csv', 'a,b\n1,2\n') })
    expect(refusal).toContain('data.zip is image-folder, test.csv is csv')
  })
})
