/** The one style sheet of all pages: system fonts, light and dark from one set of roles, no request to anywhere. */
import { Markup } from './html.ts'

export const style = new Markup(`
:root {
  color-scheme: light dark;
  --page: #f7f8fa; --card: #fff; --ink: #16191d; --soft: #5b6470; --line: #dfe3e8; --grid: #eceff2;
  --train: #2563c9; --validation: #c2570c; --heat: 37 99 201; --wrong: #b42318; --good: #187a41;
  --warn-back: #fff4e5; --warn-line: #e8a33d; --shade: rgb(232 163 61 / .16);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101317; --card: #181c21; --ink: #e8ebee; --soft: #9aa4b0; --line: #2c333b; --grid: #242a31;
    --train: #7aabff; --validation: #f39a56; --heat: 96 150 255; --wrong: #ff8b80; --good: #5fcf8e;
    --warn-back: #2b2214; --warn-line: #b97d25; --shade: rgb(232 163 61 / .13);
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere }
h2 { font-size: 18px; margin: 36px 0 10px }
h3 { font-size: 14px; margin: 0 0 8px; font-weight: 600 }
p { margin: 0 0 10px; max-width: 75ch }
dl + h3 { margin-top: 18px }
.soft { color: var(--soft) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; min-width: 0 }
.grid { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)) }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 20px 0 }
.tile { flex: 1 1 auto }
.tile b { display: block; font-size: 22px; line-height: 1.3; font-weight: 650; white-space: nowrap; font-variant-numeric: tabular-nums }
.tile span { color: var(--soft); font-size: 13px }
.notice { border-left: 3px solid var(--line); padding: 8px 12px; margin: 8px 0; background: var(--card); border-radius: 0 8px 8px 0; overflow-wrap: anywhere }
.notice.warning { border-color: var(--warn-line); background: var(--warn-back) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--soft); font-weight: 600; font-size: 13px }
th:first-child, td:first-child { text-align: left; max-width: 260px; overflow: hidden; text-overflow: ellipsis }
tr:last-child td { border-bottom: 0 }
.spaced { margin-top: 14px }
th.wrap, td.wrap { white-space: normal; overflow-wrap: anywhere; min-width: 9em; max-width: none; text-align: left }
.bar { display: inline-block; width: 72px; height: 8px; border-radius: 4px; background: var(--grid); margin-left: 8px; vertical-align: 1px; overflow: hidden }
.bar i { display: block; height: 100%; background: var(--train); border-radius: 4px }
svg + p { margin: 12px 0 0 }
@media (max-width: 640px) { td .bar { display: none } }
svg { display: block; width: 100%; height: auto; overflow: visible; font: 12px system-ui, sans-serif; fill: var(--ink) }
svg .soft { fill: var(--soft) }
svg .grid-line { stroke: var(--grid) } svg .axis { stroke: var(--line) }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
svg .train { stroke: var(--train) } svg .validation { stroke: var(--validation) }
svg .dot.train { fill: var(--train); stroke: none } svg .dot.validation { fill: var(--validation); stroke: none }
svg text.train { fill: var(--train); stroke: none; font-weight: 600 } svg text.validation { fill: var(--validation); stroke: none; font-weight: 600 }
svg .mark { stroke: var(--soft); stroke-dasharray: 3 3 } svg .shade { fill: var(--shade) }
svg .ideal { stroke: var(--soft); stroke-dasharray: 4 4 } svg .column { fill: var(--train); opacity: .85 }
.matrix { border-collapse: separate; border-spacing: 1px; width: auto; font-size: 12px }
.matrix th, .matrix td { border: 0; padding: 4px 2px; text-align: center; min-width: 30px }
.matrix td { border-radius: 4px; background: rgb(var(--heat) / var(--share)) }
.matrix td.strong { color: #fff }
@media (prefers-color-scheme: dark) { .matrix td.strong { color: #08101c } }
.matrix th { max-width: 110px; overflow: hidden; text-overflow: ellipsis }
.matrix th:first-child { text-align: right; padding-right: 8px }
.matrix thead th:first-child { white-space: normal; font-weight: 400 }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; max-width: none; max-height: 110px; padding: 2px 0 }
.matrix thead th:first-child { writing-mode: horizontal-tb; transform: none; vertical-align: bottom }
.matrix.dense th, .matrix.dense td { min-width: 7px; padding: 0; font-size: 0; height: 7px; border-radius: 1px }
.pictures { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)) }
figure { margin: 0; font-size: 12px; line-height: 1.35; overflow-wrap: anywhere }
figure img { width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; border-radius: 6px; background: var(--grid); margin-bottom: 4px }
.wrong { color: var(--wrong); font-weight: 600 } .good { color: var(--good); font-weight: 600 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; font-size: 14px }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; overflow-x: auto; margin: 0 }
`)
