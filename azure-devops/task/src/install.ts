/** Fetches pullgate's release for this agent, and refuses it when its checksum is not the published one. */

import * as crypto from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import * as tool from 'azure-pipelines-tool-lib/tool';

export const RELEASES = 'https://github.com/pullgate/pullgate/releases';

export interface Wanted {
  /** Such as `v0.1.0` or `latest`. */
  version: string;
  /** Where releases are. */
  releases: string;
  /** What the archive's SHA-256 must be, whatever the release says. */
  checksum?: string;
}

/** The path of the program, fetched where it is not here yet. */
export async function install(wanted: Wanted): Promise<string> {
  const name = process.platform === 'win32' ? 'pullgate.exe' : 'pullgate';
  const version = wanted.version.replace(/^v/, '');
  if (!/^[0-9A-Za-z.+-]+$/.test(version)) {
    throw new Error(`\`${wanted.version}\` is no version`);
  }
  const newest = version === 'latest';
  // The newest release is another one tomorrow, so it is not kept.
  const kept = newest || wanted.checksum ? '' : tool.findLocalTool('pullgate', version, process.arch);
  if (kept) {
    return path.join(kept, name);
  }

  const archive = `pullgate-${target()}.tar.gz`;
  const base = place(wanted.releases, newest ? 'latest/download' : `download/v${version}`);
  const file = await tool.downloadTool(`${base}/${archive}`);
  const expected = (wanted.checksum ?? listed(await tool.downloadTool(`${base}/SHA256SUMS`), archive)).toLowerCase();
  const found = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  if (found !== expected) {
    throw new Error(`${archive} has the checksum ${found}, and the release says ${expected}; nothing was installed`);
  }
  const folder = await tool.extractTar(file);
  const stays = newest ? folder : await tool.cacheDir(folder, 'pullgate', version, process.arch);
  return path.join(stays, name);
}

/** The name that Rust gives to this machine. */
export function target(platform: string = process.platform, machine: string = os.arch()): string {
  const machines: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };
  const known = machines[machine];
  switch (platform) {
    case 'linux':
      if (known) return `${known}-unknown-linux-musl`;
      break;
    case 'darwin':
      if (known) return `${known}-apple-darwin`;
      break;
    case 'win32':
      // Windows on arm64 runs programs for x86-64.
      if (known) return 'x86_64-pc-windows-msvc';
      break;
  }
  throw new Error(`there is no release for ${platform} on ${machine}; build it, and name it in the input \`binary\``);
}

function place(releases: string, rest: string): string {
  const url = new URL(releases);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new Error('the input `releases` is an https address');
  }
  return `${releases.replace(/\/+$/, '')}/${rest}`;
}

function listed(sums: string, archive: string): string {
  const rows = fs.readFileSync(sums, 'utf8').split(/\r?\n/).map((row) => row.split(/\s+\*?/));
  const row = rows.find(([, name]) => name === archive);
  if (!row) {
    throw new Error(`the release's SHA256SUMS does not list ${archive}; nothing was installed`);
  }
  return row[0];
}
