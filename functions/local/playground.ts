/** The playground on one machine: its script is bundled when the page is first asked for. */
import { type Assets, folderAssets } from '@maas/api/assets'
import { bundlePlayground, playgroundFolder } from '@maas/api/build-playground'

export const localAssets = (): Assets => {
  const plain = folderAssets(playgroundFolder)
  let script: Promise<Uint8Array> | undefined
  return (name) => {
    if (name !== 'app.js') return name.endsWith('.js') ? Promise.resolve(undefined) : plain(name)
    script ??= bundlePlayground()
    return script
  }
}
