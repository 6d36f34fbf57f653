/** The stacks as templates, made from placeholder folders: nothing has to be built or staged. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nativeId } from '@maas/core/contract'
import { Validations } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import type { z } from 'zod'
import { type Artifacts, artifactsOf } from '../../infra/artifacts.ts'
import { type Config, configSchema } from '../../infra/config.ts'
import { createApp, createStacks } from '../../infra/stacks/index.ts'

/** Folders with a file each, where built kernels and staged functions would lie. */
export const placeholders = (architecture: Config['architecture'] = 'x64'): Artifacts => {
  const artifacts = artifactsOf(mkdtempSync(join(tmpdir(), 'staged-')), architecture)
  const fill = (folder: string, name: string): void => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), folder.slice(artifacts.root.length))
  }
  for (const folder of Object.values(artifacts.functions)) fill(folder, 'index.mjs')
  for (const folder of Object.values(artifacts.images)) fill(folder, 'Dockerfile')
  fill(artifacts.layer, 'packed.json')
  return { ...artifacts, kernels: nativeId('2.0.0', architecture) }
}

export const stackNames = ['storage', 'service', 'training', 'observability'] as const
export type StackName = (typeof stackNames)[number]

/** By configuration: a synthesis takes seconds, and files share this module. */
const made = new Map<string, Record<StackName, Template>>()

/** Names of stacks that CloudFormation refuses to delete, of whatever was synthesized. */
export const protectedStacks = new Set<string>()

export const synthesize = (input: z.input<typeof configSchema> = {}): Record<StackName, Template> => {
  const key = JSON.stringify(input)
  const known = made.get(key)
  if (known !== undefined) return known
  const config = configSchema.parse(input)
  const stacks = createStacks(createApp(), config, placeholders(config.architecture))
  for (const { terminationProtection, stackName } of Object.values(stacks)) {
    if (terminationProtection) protectedStacks.add(stackName)
  }
  const templates = Object.fromEntries(stackNames.map((name) => [name, Template.fromStack(stacks[name])])) as Record<
    StackName,
    Template
  >
  made.set(key, templates)
  return templates
}

/** Writes the assembly, checked by cdk-nag, and returns its folder; the process's exit code stays as it was. */
export const assemble = (): string => {
  const outdir = mkdtempSync(join(tmpdir(), 'assembly-'))
  const app = createApp({ outdir, builtinCloudFormationValidation: true })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
  createStacks(app, configSchema.parse({}), placeholders())
  const before = process.exitCode
  try {
    app.synth()
  } catch (error) {
    if (!String(error).includes('alidation')) throw error
  } finally {
    process.exitCode = before
  }
  return outdir
}
