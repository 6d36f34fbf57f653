/** The registry over an object store: versions that exist whole or not at all, and aliases that move by compare-and-swap. */
import type { AliasRecord, AliasTarget, Manifest, ModelReference, NewVersion, Replay } from '../contract/index.ts'
import type { StoredContent } from '../store/index.ts'

export interface ModelSummary {
  readonly name: string
  readonly versions: readonly number[]
  readonly aliases: Readonly<Record<string, readonly AliasTarget[]>>
}

/** Files of a version to be may lie in the store already, as `get` gave them. */
export interface VersionToRegister extends Omit<NewVersion, 'files'> {
  readonly files: Readonly<Record<string, Uint8Array | StoredContent>>
}

export interface Registry {
  /**
   * Stores blobs, takes the next free number, writes the manifest last. Numbers of deleted versions are never reused.
   * What one import brings (`lineage.import`) is registered once, however often and from wherever it is asked for.
   */
  register(name: string, version: VersionToRegister): Promise<Manifest>
  models(): Promise<readonly ModelSummary[]>
  /** NotFoundError when the model has no version. */
  model(name: string): Promise<ModelSummary>
  /** Newest first. */
  versions(name: string): Promise<readonly Manifest[]>
  manifest(name: string, version: number): Promise<Manifest>
  /** The version a reference means now; splits are resolved with `random` in 0..1. NotFoundError names what exists. */
  resolve(reference: ModelReference, random?: () => number): Promise<number>
  /** A file of a version, its hash checked; StorageError when damaged. */
  file(manifest: Manifest, path: string): Promise<Uint8Array>
  /** A rebuildable file of a version, such as its compiled graph; undefined when there is none. */
  derived(manifest: Pick<Manifest, 'name' | 'version'>, path: string): Promise<Uint8Array | undefined>
  /** Replaces it when there is one. */
  putDerived(
    manifest: Pick<Manifest, 'name' | 'version'>,
    path: string,
    content: Uint8Array | StoredContent,
  ): Promise<void>
  /** Of the version's parity certificate, newest first; one for each kernel version. */
  replays(manifest: Pick<Manifest, 'name' | 'version'>): Promise<readonly Replay[]>
  alias(name: string, alias: string): Promise<AliasRecord>
  aliases(name: string): Promise<readonly AliasRecord[]>
  /**
   * Creates or moves; every move is kept in the record's history. Weights are percentages that add up to 100.
   * ConflictError when the newest replay of a target's parity certificate failed, when `generation` is given and is not the current one (0: must not exist yet), or when races never settle.
   */
  setAlias(
    name: string,
    alias: string,
    targets: readonly AliasTarget[],
    change: {
      readonly by: string
      readonly why: string
      readonly generation?: number
      /** A version to ask beside the targets; null ends it. @default as it was */
      readonly shadow?: number | null
    },
  ): Promise<AliasRecord>
  deleteAlias(name: string, alias: string): Promise<void>
  /**
   * ConflictError while an alias points at it. Its derived files go too, and all blobs that no version uses, once they
   * are an hour old: younger ones may belong to a version that is being registered.
   */
  deleteVersion(name: string, version: number): Promise<void>
}
