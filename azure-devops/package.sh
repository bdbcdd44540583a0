#!/usr/bin/env bash
# Builds the task and packs the extension: azure-devops/out/*.vsix. Needs Node, and `tfx` (npm: tfx-cli).
set -euo pipefail
cd "$(dirname "$0")"

rm -rf out
mkdir -p out/Pullgate/dist
(cd task && npm ci --no-fund --no-audit && npm run build)
cp vss-extension.json overview.md icon.png out/
cp task/task.json task/package.json task/package-lock.json task/icon.png out/Pullgate/
# Only what runs: no tests, no compiler.
cp -r task/dist/src out/Pullgate/dist/src
(cd out/Pullgate && npm ci --omit=dev --no-fund --no-audit && rm package-lock.json)
"${TFX:-tfx}" extension create --root out --manifest-globs vss-extension.json --output-path "$PWD/out" --no-prompt
