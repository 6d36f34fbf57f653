// A vitest reporter that writes what a summary needs: how many passed, and what failed or was skipped and why.
// @ts-check
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

/**
 * @typedef {object} Report
 * @property {number} passed
 * @property {string[]} failed a line per failed test, unreadable file or error outside tests
 * @property {{ test: string, reason: string }[]} skipped
 */

/** @implements {Partial<import('vitest/reporters').Reporter>} */
class CountingReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    /** @type {Report} */
    const report = { passed: 0, failed: [], skipped: [] }
    for (const module of modules) {
      const file = relative(process.cwd(), module.moduleId)
      for (const error of module.errors()) report.failed.push(`${file}: ${error.message}`)
      for (const test of module.children.allTests()) {
        const name = `${file}: ${test.fullName}`
        const result = test.result()
        if (result.state === 'passed') report.passed++
        else if (result.state === 'skipped')
          report.skipped.push({ test: name, reason: result.note ?? 'no reason stated' })
        else report.failed.push(result.state === 'pending' ? `${name}: never finished` : name)
      }
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) report.failed.push(`${file}: ${suite.fullName}: ${error.message}`)
      }
    }
    for (const error of unhandled) {
      report.failed.push(`outside any test: ${/** @type {{ message?: string }} */ (error).message ?? error}`)
    }
    writeFileSync(/** @type {string} */ (process.env.MAAS_TEST_REPORT), JSON.stringify(report))
  }
}

// biome-ignore lint/style/noDefaultExport: vitest takes a reporter file's default export
export { CountingReporter as default }
