/** Prebinding: a library's references to itself are bound, answer as before, and those that others may answer stay open. */
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { prebindLibrary } from '../../../../layers/tfjs-node/build/prebind.mjs'
import { temporaryFolder } from './support.ts'

/** `shared` is in both libraries, so that the one loaded first answers for both; `own` and `table` are in one. */
const library = `
  #include <cstdio>
  #include <functional>
  namespace tensorflow { struct Own { int value; }; }
  int shared() { return 1; }
  int own(int value) { return value + 1; }
  int (*table[])(int) = { own, own };
  extern "C" int answer() {
    std::function<int(tensorflow::Own)> times = [](tensorflow::Own it) { return it.value * 10; };
    return 1000 * shared() + times({own(1)}) + table[1](2);
  }`
const other = 'int shared() { return 2; }'
const program = `
  #include <cstdio>
  extern "C" int answer();
  int main() { std::printf("%d", answer()); }`

it('binds calls and addresses inside a library, with the same answers, also where the loader binds at once', async (context) => {
  if (process.platform !== 'linux' || spawnSync('g++', ['--version']).status !== 0) {
    return context.skip('g++ and ELF libraries are needed')
  }
  const folder = temporaryFolder()
  const path = (name: string) => join(folder, name)
  const compile = (name: string, source: string, ...options: string[]) => {
    writeFileSync(path(`${name}.cc`), source)
    execFileSync('g++', ['-O0', '-std=c++17', path(`${name}.cc`), '-o', path(name), ...options])
  }
  const shared = ['-shared', '-fPIC', '-Wl,-z,lazy', '-Wl,-z,norelro']
  compile('libother.so', other, ...shared)
  compile('liblibrary.so', library, ...shared)
  // The other library comes first: what both define, it answers.
  const libraries = ['-Wl,--no-as-needed', `-L${folder}`, '-lother', '-llibrary', `-Wl,-rpath,${folder}`]
  compile('program', program, ...libraries)
  const answer = (env = {}) => execFileSync(path('program'), { encoding: 'utf8', env: { ...process.env, ...env } })
  const before = answer()
  expect(before).toBe('2023')

  expect(await prebindLibrary(path('liblibrary.so'), path('libother.so'))).toBeGreaterThan(5)
  expect(answer()).toBe(before)
  expect(answer({ LD_BIND_NOW: '1' })).toBe(before)
  expect(await prebindLibrary(path('program.cc'), path('libother.so'))).toBe(0)

  // Nobody said that the other library has it too: now it is bound, and the other one is not asked.
  compile('liblibrary.so', library, ...shared)
  await prebindLibrary(path('liblibrary.so'), path('program'))
  expect(answer()).toBe('1023')
})
