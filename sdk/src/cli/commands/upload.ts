/** `maas upload`: a data set into a store, where training jobs read it. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { Maas } from '../../client.ts'
import { announce } from '../../uploads/send.ts'
import { formatBytes } from '../format.ts'
import { CliCommand, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'
import { storeDirectory } from '../target.ts'

interface UploadOptions extends TargetOptions {
  readonly name?: string
}

const intoFolder = async (file: string, dataset: string, root: string, output: Output) => {
  const { openLocalImports } = await import('@maas/local')
  const { files, uploads } = openLocalImports(storeDirectory(root), (text) => output.note(text))
  const { id, key, size, sha256, part_bytes: partBytes } = await uploads.create({ dataset, ...(await announce(file)) })
  await files.store({ key, size, sha256, partBytes, token: '' }, createReadStream(file, { highWaterMark: 1 << 20 }))
  return uploads.complete(id)
}

export const uploadCommand = (output: Output): Command =>
  new CliCommand('upload')
    .description('put a data set where training jobs read it')
    .argument('<file>', 'archive, .npz or .csv')
    .option('--name <path>', 'its name below datasets/; the file’s own when absent')
    .addTargetOptions()
    .addHelpText(
      'after',
      `
The file goes in parts, straight to the store, each with its checksum; the same command again goes on where it was.
A name that is taken is refused: what a job was trained on stays what it was.

Examples:
  $ npx maas upload birds.zip --url https://models.example.com
  $ npx maas upload birds.zip --name birds-2026-11.zip`,
    )
    .action(async (file: string, { root, url, apiKey, name }: UploadOptions) => {
      const dataset = name ?? basename(file)
      const bar = createBar(output)
      const onProgress = (done: number, total: number) =>
        bar.show('sending', done, total, `${formatBytes(done)} of ${formatBytes(total)}`)
      try {
        const upload =
          url === undefined
            ? await intoFolder(file, dataset, root, output)
            : await new Maas({ url, apiKey }).uploads.send(file, dataset, { onProgress })
        bar.clear()
        output.data(upload)
        output.line(`${upload.key}: ${formatBytes(upload.size)}, SHA-256 ${upload.sha256.slice(0, 12)}…`)
      } finally {
        bar.clear()
      }
    })
