/**
 * Makes what vite built ready for the binary: `node pack.mjs pack WEB DIST OUT`, or `node pack.mjs hash WEB`.
 *
 * Each html gets `<meta name="sangdam-web" content=HASH>`: by it a test sees that a server shows the pages of this very
 * tree. HASH is the first 16 hexadecimal digits of the SHA-256 of what `sha256sum` prints for the files directly in web/
 * and those below web/public, web/sdk and web/src, sorted by the bytes of their path:
 *
 *     cd web && git ls-files -z | grep -zvE '^(dev|e2e|scripts)/' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
 *
 * The same sources give the same bytes: no time, no path and no order of a folder gets in.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** As in build.rs. */
const SOURCES = ["public", "sdk", "src"];

const MIME = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".mp3": "audio/mpeg",
  ".ogg": "audio/ogg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wav": "audio/wav",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** Compressed already; doing it again makes them longer. */
const DENSE = new Set([".mp3", ".ogg", ".png", ".webp", ".woff2"]);

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Byte order, which for paths is that of `LC_ALL=C sort`. */
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Files below a folder, with `/`, from that folder. */
function below(folder, prefix = "") {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix + entry.name;
    return entry.isDirectory() ? below(folder, `${path}/`) : entry.isFile() ? [path] : [];
  });
}

function hash(web) {
  const files = readdirSync(web, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SOURCES.includes(entry.name) ? below(web, `${entry.name}/`) : [];
    return entry.isFile() ? [entry.name] : [];
  });
  const lines = files.sort(byBytes).map((path) => `${sha256(readFileSync(join(web, path)))}  ${path}\n`);
  return sha256(lines.join("")).slice(0, 16);
}

/** Whether the name itself changes with the content: vite's `assets/name-HASH.js`, and `name.HASH.js`. */
const isHashed = (path) => /^assets\/.*-[\w-]{8}\.\w+$/.test(path) || /\.[\w-]{8}\.(css|js)$/.test(path);

function pack(web, dist, out) {
  const mark = hash(web);
  rmSync(out, { recursive: true, force: true });
  const rows = below(dist).sort(byBytes).map((path) => {
    const end = extname(path);
    const mime = MIME[end];
    if (!mime) throw new Error(`${path}: pack.mjs knows no type for ${end}`);
    let bytes = readFileSync(join(dist, path));
    if (end === ".html") {
      const html = bytes.toString();
      const marked = html.replace(/<head>/i, `<head><meta name="sangdam-web" content="${mark}">`);
      if (marked === html) throw new Error(`${path}: has no <head> to put the hash into`);
      bytes = Buffer.from(marked);
    }
    const write = (name, content) => {
      mkdirSync(dirname(join(out, name)), { recursive: true });
      writeFileSync(join(out, name), content);
    };
    write(path, bytes);
    const forms = { br: () => brotli(bytes), gz: () => gzipSync(bytes, { level: 9 }) };
    const there = Object.entries(forms).map(([form, make]) => {
      const small = DENSE.has(end) ? bytes : make();
      if (small.length >= bytes.length) return 0;
      write(`${path}.${form}`, small);
      return 1;
    });
    return [`/${path}`, mime, isHashed(path) ? 1 : 0, sha256(bytes).slice(0, 16), ...there].join("\t");
  });
  writeFileSync(join(out, "manifest.tsv"), [`hash\t${mark}`, ...rows, ""].join("\n"));
}

function brotli(bytes) {
  const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_SIZE_HINT: size } = constants;
  return brotliCompressSync(bytes, { params: { [quality]: 11, [size]: bytes.length } });
}

const [verb, ...args] = process.argv.slice(2);
if (verb === "pack" && args.length === 3) pack(...args);
else if (verb === "hash" && args.length === 1) console.log(hash(args[0]));
else throw new Error("pack.mjs pack WEB DIST OUT | pack.mjs hash WEB");
