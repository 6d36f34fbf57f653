/** The CDK app: reads the configuration and instantiates the stacks. */
import { fileURLToPath } from 'node:url'
import { readArtifacts } from './artifacts.ts'
import { readConfig } from './config.ts'
import { createApp, createStacks } from './stacks/index.ts'

const app = createApp()
const config = readConfig(app.node.tryGetContext('maas'))
createStacks(app, config, readArtifacts(fileURLToPath(new URL('..', import.meta.url)), config.architecture))
