import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { removeProfile, writeProfile } from '../../../sdk/src/cli/aws/profile-file.ts'
import { resolveService } from '../../../sdk/src/environment.ts'
import { readProfile } from '../../../sdk/src/profile.ts'

const profile = { url: 'https://aws.example.org/', apiKey: 'maas_x', stack: 'maas-dev' }
let env: Record<string, string>
beforeEach(() => {
  env = { XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), 'config-')) }
})

describe('the profile of maas login', () => {
  it('is a file that only its owner may read, also when it replaces one that others could', async () => {
    const path = await writeProfile(profile, env)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(path, '{}', { mode: 0o644 })
    expect(await writeProfile(profile, env)).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(profile)
    expect(readProfile(env)).toEqual(profile)
    await removeProfile(env)
    expect(readProfile(env)).toBeUndefined()
  })

  it('that is damaged says so and what to do', async () => {
    writeFileSync(await writeProfile(profile, env), '{"url": 1}')
    expect(() => readProfile(env)).toThrow('is damaged. Run: npx maas login')
  })

  it('stands in only where neither a service nor a folder is named', async () => {
    await writeProfile(profile, env)
    expect(resolveService({}, env)).toEqual({ url: profile.url, apiKey: profile.apiKey })
    expect(resolveService({ root: '.maas' }, env)).toBeUndefined()
    expect(resolveService({}, { ...env, MAAS_ROOT: '.maas' })).toBeUndefined()
  })

  it('never gives its key to another service', async () => {
    await writeProfile(profile, env)
    expect(resolveService({ url: 'https://other.example.org' }, env)?.apiKey).toBeUndefined()
    expect(resolveService({}, { ...env, MAAS_URL: 'https://other.example.org' })?.apiKey).toBeUndefined()
  })
})
