// Builds one bundle for each module that exports a widget's `render`, into dist/, and writes down
// what it was built of. `npm run build`, or `make front`.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const FRONT = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = join(FRONT, "src");
const DIST = process.argv[2] ?? join(FRONT, "dist");

const read = (name) => readFileSync(join(SOURCES, name), "utf8").replaceAll("\r\n", "\n");

const sources = readdirSync(SOURCES, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".js"))
  .sort();
const widgets = sources.filter((name) => read(name).includes("\nexport default { render"));

rmSync(DIST, { recursive: true, force: true });
await build({
  absWorkingDir: SOURCES,
  bundle: true,
  charset: "utf8",
  entryPoints: Object.fromEntries(widgets.map((name) => [posix.basename(name, ".js"), name])),
  format: "esm",
  legalComments: "none",
  minify: true,
  outdir: DIST,
  target: "es2022",
});

// The same sum as in tests/app/test_front.py, which knows a stale bundle where there is no Node.
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\0${read(name)}\0`);
writeFileSync(join(DIST, "sources.sha256"), `${digest.digest("hex")}\n`);
