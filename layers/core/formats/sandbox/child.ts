/**
 * The program of the reading process for models of several files: files on inherited descriptors in, one checked artifact out.
 *
 * What is parsed here came from anybody. The process has an empty environment, may open no file, start nothing, and ends after
 * one model. It is built into one piece that imports nothing but Node's own modules.
 *
 * Frame on standard output: 4 bytes length of the JSON (little-endian), the JSON (a `ReaderAnswer`), then `parts` one after another.
 */
import { fstatSync, readSync, writeSync } from 'node:fs'
import { InvalidInputError, MaasError, messageOf, TooLargeError } from '../../errors.ts'
import { openArchive } from '../container/archive.ts'
import { type Answer, convertFiles } from './convert.ts'
import type { ReaderTask } from './types.ts'

const pieceBytes = 64 * 1024 * 1024

const readWhole = (descriptor: number, maxBytes: number): Buffer => {
  const { size } = fstatSync(descriptor)
  if (size > maxBytes) throw new TooLargeError(`it has ${size} bytes, at most ${maxBytes} are read`)
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0; at < size; ) {
    const read = readSync(descriptor, bytes, at, Math.min(size - at, pieceBytes), at)
    if (read === 0) throw new InvalidInputError('it became shorter while it was read')
    at += read
  }
  return bytes
}

const write = (bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at, Math.min(bytes.length - at, pieceBytes))
}

const send = ({ answer, parts }: Answer): void => {
  const json = new TextEncoder().encode(JSON.stringify(answer))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  for (const part of [length, json, ...parts]) write(part)
}

const run = async ({ files, maxBytes }: ReaderTask): Promise<Answer> => {
  const contents = files.map(({ path, descriptor }) => [path, readWhole(descriptor, maxBytes)] as const)
  const [archive] = contents
  if (files.length === 1 && files[0]?.archive && archive !== undefined) {
    return convertFiles(await openArchive(archive[1], { maxBytes }))
  }
  return convertFiles(new Map(contents))
}

try {
  send(await run(JSON.parse(process.argv[2] ?? '{}') as ReaderTask))
} catch (error) {
  const code = error instanceof MaasError ? error.code : 'invalid_input'
  const message = error instanceof MaasError ? error.message : `it is damaged: ${messageOf(error)}`
  send({ answer: { kind: 'refused', code, message, parts: [] }, parts: [] })
}
process.exit(0)
