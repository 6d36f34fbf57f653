/** What the command line answers to wrong use, before anything is loaded: sentences and exit codes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { main } from '../../../../sdk/src/cli/main.ts'

let root: string
let printed: { out: string; err: string }

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cli-'))
  printed = { out: '', err: '' }
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.err += text
    return true
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(root, { recursive: true, force: true })
})

const commands = [
  'quickstart',
  'train',
  'jobs',
  'evaluate',
  'compare',
  'push',
  'export',
  'models',
  'alias',
  'predict',
  'transform',
  'serve',
  'doctor',
]

describe('maas', () => {
  it.each(commands)('shows examples for %s and ends with 0', async (command) => {
    expect(await main([command, '--help'])).toBe(0)
    expect(printed.out).toContain('Examples:')
    expect(printed.out).toContain('--json')
  })

  it.each([
    [['nonsense'], 'unknown command'],
    [['train', '--epochs', 'many'], 'whole number'],
    [['train', '--name', 'x'], '--data'],
    [['train', '--data', '/nowhere/at/all', '--name', 'x'], 'does not exist'],
    [['train', '--data', '.'], '--name'],
    [['transform', '--model', 'm', '--input', '/nowhere', '--output', 'o.jsonl'], 'does not exist'],
    [['transform', '--model', 'm', '--input', '.', '--output', 'o.parquet'], 'neither .jsonl nor .csv'],
    [['transform', '--model', 'm', '--input', '.', '--url', 'http://127.0.0.1:1', '--output', 'o.csv'], 'maas upload'],
    [['predict', 'model'], 'image files or --input'],
    [['predict', 'model', 'notes.txt'], 'not a JPEG, PNG or WebP'],
    [['predict', 'model', '--input', 'photo.jpg'], 'npx maas predict model photo.jpg'],
    [['alias', 'm', 'production', '1', '--rollback'], 'one of VERSION'],
    [['models', '--delete', 'm'], 'name one version'],
    [['push', 'package.json', '--name', 'm', '--golden', 'x.npy'], 'give two files'],
    [['push', 'package.json', '--name', 'm', '--golden', 'x.npy', 'y.csv'], 'y.csv is neither .npy nor .npz'],
    [['export', 'm', '--format', 'docx'], 'Allowed choices'],
    [['serve', '--port', '99999'], '65535'],
  ])('refuses %j with exit code 2 and says why', async (args, reason) => {
    expect(await main([...args, ...(args[0] === 'nonsense' ? [] : ['--root', root])])).toBe(2)
    expect(printed.err).toContain(reason)
    expect(printed.err).not.toContain('    at ')
  })

  it.each([
    [['train', '--remote', '--data', '.', '--name', 'x'], 'which service'],
    [['train', '--remote', '--url', 'http://s', '--data', '.', '--name', 'x'], 'tar -czf'],
    [['train', '--remote', '--url', 'http://s', '--resume', 'x'], 'by itself'],
    [['train', '--data', '.', '--name', 'x', '--detach'], '--remote'],
    [['train', '--data', '.', '--name', 'x', '--url', 'http://s'], '--remote'],
    [['train', '--remote', '--instance-type', 'ml.p4'], 'ml.m5.large'],
    [['jobs', 'list'], 'which service'],
    [['jobs', 'list', '--status', 'Lost'], 'Completed'],
    [['jobs', 'show'], 'missing required argument'],
  ])('refuses %j, which a service has to do, with exit code 2', async (args, reason) => {
    expect(await main(args)).toBe(2)
    expect(printed.err).toContain(reason)
  })

  it('ends with 1 and names what exists when a model is unknown', async () => {
    expect(await main(['models', 'nope', '--root', root])).toBe(1)
    expect(printed.err).toContain('nope')
  })

  it('lists an empty registry with what to do next, and creates nothing', async () => {
    expect(await main(['models', '--root', join(root, 'none')])).toBe(0)
    expect(printed.out).toContain('quickstart')
  })

  it('prints failures as JSON for machines', async () => {
    expect(await main(['models', 'nope', '--root', root, '--json'])).toBe(1)
    expect(JSON.parse(printed.out)).toMatchObject({ error: { code: 'not_found' } })
    expect(printed.err).toBe('')
  })

  it.each(['../x', 'A', 'a/b', 'a b', ''])('refuses the model name %j before it becomes a path', async (name) => {
    expect(await main(['models', name, '--root', root])).toBe(1)
    expect(printed.err).toContain('model')
  })
})
