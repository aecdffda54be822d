/**
 * The weight of each page: its JavaScript and CSS, gzipped, with everything they import; and, by itself, of what a page loads
 * only when it is first used. Fails when a page, or such a part, is over its budget. Run after a build: `npm run budget [dist folder]`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const KB = 1_000;
const BUDGETS = { "desk.html": 120, "try.html": 50, "cti.html": 50, "admin.html": 60, "wall.html": 60, "index.html": 40, "webchat.html": 40 };
/** By the beginning of their names: parts that are loaded by `import()`. */
const LATER = { "agent-": 64 };
const dist = process.argv[2] ?? "dist";

/** Names of built files in a text: imports, workers, preloads. */
const mentioned = (text) => [...text.matchAll(/["'`(]\.?\/?(?:assets\/)?([\w.-]+\.(?:js|css))["'`)]/g)].map(([, name]) => name);

const budgetOf = (name) => Object.entries(LATER).find(([begin]) => name.startsWith(begin))?.[1];
/** Names of such files; whatever else is loaded later counts as the page's own. */
const later = (text) =>
  [...text.matchAll(/import\(["'`]\.?\/?(?:assets\/)?([\w.-]+\.js)["'`]\)/g)].map(([, name]) => name).filter((name) => budgetOf(name) !== undefined);
const parts = new Map();

function weigh(page) {
  const files = new Map();
  const visit = (name) => {
    const path = join(dist, "assets", name);
    if (files.has(name) || !existsSync(path)) return;
    const bytes = readFileSync(path);
    files.set(name, gzipSync(bytes, { level: 9 }).length);
    const text = bytes.toString();
    const put = later(text);
    for (const one of put) parts.set(one, gzipSync(readFileSync(join(dist, "assets", one)), { level: 9 }).length / KB);
    mentioned(text).filter((one) => !put.includes(one)).forEach(visit);
  };
  const html = readFileSync(join(dist, page), "utf8");
  mentioned(html.replaceAll("/assets/", "")).forEach(visit);
  return [...files.values()].reduce((sum, size) => sum + size, 0) / KB;
}

let over = false;
for (const [page, budget] of Object.entries(BUDGETS)) {
  const size = weigh(page);
  if (size === 0) throw new Error(`${page}: no script found; has it been built?`);
  over ||= size > budget;
  console.log(`${page.padEnd(11)} ${size.toFixed(1).padStart(6)} KB of ${budget} KB${size > budget ? "  OVER" : ""}`);
}
for (const [name, size] of parts) {
  const budget = budgetOf(name);
  over ||= size > budget;
  console.log(`${name.padEnd(11)} ${size.toFixed(1).padStart(6)} KB of ${budget} KB${size > budget ? "  OVER" : ""}, loaded later`);
}
process.exit(over ? 1 : 0);
