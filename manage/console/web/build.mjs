// Builds the page: bundles and minifies src, puts a hash into each name, and
// compresses what is embedded. "node build.mjs [directory]"; default ../dist.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

process.chdir(import.meta.dirname);
const out = process.argv[2] ?? "../dist";

const result = await build({
  entryPoints: ["src/app.js", "src/console.css", "src/icon.svg"],
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none", // licenses.txt has the whole texts
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  loader: { ".svg": "copy" },
  outdir: "out",
  write: false,
  metafile: true,
  logLevel: "warning",
});

const files = new Map(result.outputFiles.map((f) => [basename(f.path), Buffer.from(f.contents)]));
files.set("index.html", Buffer.from(index([...files.keys()])));
files.set("licenses.txt", Buffer.from(licenses(Object.keys(result.metafile.inputs))));

mkdirSync(out, { recursive: true });
for (const old of readdirSync(out)) {
  if (old.endsWith(".gz")) rmSync(join(out, old));
}
const names = [...files.keys()].sort();
for (const name of names) writeFileSync(join(out, `${name}.gz`), gzipSync(files.get(name), { level: 9 }));
writeFileSync(join(out, "SHA256SUMS"), names.map((name) => `${sum(files.get(name))}  ${name}\n`).join(""));
for (const name of names) {
  console.log(`${name}: ${files.get(name).length} bytes, ${gzipSync(files.get(name), { level: 9 }).length} compressed`);
}

function sum(content) {
  return createHash("sha256").update(content).digest("hex");
}

// index is the page with the names that have hashes.
function index(built) {
  return readFileSync("src/index.html", "utf8").replace(/"\.\/(app|console|icon)\.(js|css|svg)"/g, (_, name, kind) => {
    const found = built.find((b) => b.startsWith(`${name}-`) && b.endsWith(`.${kind}`));
    return `"./${found}"`;
  });
}

// licenses has the licence of every package that the page contains.
function licenses(inputs) {
  const names = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean);
  return [...new Set(names)].sort().map((name) => {
    const dir = join("node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt"].map((f) => join(dir, f)).find((f) => existsSync(f));
    if (!file) throw new Error(`${name} has no licence text`);
    return `${name} ${version}, ${license}\n\n${readFileSync(file, "utf8").trim()}\n`;
  }).join(`\n${"-".repeat(72)}\n\n`);
}
