/** The task: fetches pullgate, runs it once, hands on what it wrote. */

import { spawn } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import * as tl from 'azure-pipelines-task-lib/task';
import { connectionOf, type Connection } from './connection';
import { harmless } from './harmless';
import { argumentsOf, type Read } from './inputs';
import { install, RELEASES } from './install';

const VERDICTS: Record<number, string> = { 0: 'pass', 1: 'fail', 3: 'unverified' };
const TITLES: Record<string, string> = {
  fail: 'the deployment could not pull its images',
  unverified: 'something that should have been verified could not be',
  error: 'pullgate could not judge',
};
/** How much of what pullgate prints is kept. */
const MOST = 4 << 20;

async function main(): Promise<void> {
  // Set first, for later steps of a run that does not come to its end.
  output('verdict', 'error');
  const read: Read = (name) => tl.getInput(name, false) || undefined;
  const id = read('azureSubscription');
  const connection: Connection = id ? connectionOf(id) : { environment: {}, defaults: {} };
  const temporary = tl.getVariable('Agent.TempDirectory') || os.tmpdir();
  const folder = fs.mkdtempSync(path.join(temporary, 'pullgate-'));
  const file = (ending: string) => path.join(folder, `pullgate.${ending}`);
  const reports = { json: 'json', junit: 'xml', sarif: 'sarif', markdown: 'md', 'azure-devops': 'txt' };
  const wanted = Object.entries(reports).map(([format, ending]) => `${format}=${file(ending)}`);
  const words = argumentsOf(read, connection.defaults, wanted);

  const program = read('binary') ?? (await install({
    version: read('version') ?? ownVersion(),
    releases: read('releases') ?? RELEASES,
    checksum: read('checksum'),
  }));
  const { code, said } = await run(program, words, environment(connection));
  process.stdout.write(harmless(said));

  const verdict = VERDICTS[code] ?? 'error';
  output('verdict', verdict);
  output('exitCode', String(code));
  if (fs.existsSync(file('json'))) {
    output('reportJson', file('json'));
    output('reportJunit', file('xml'));
    output('reportSarif', file('sarif'));
    output('digests', JSON.stringify(digests(fs.readFileSync(file('json'), 'utf8'))));
    publish(file);
  }
  if (verdict === 'pass') {
    tl.setResult(tl.TaskResult.Succeeded, 'every image can be pulled');
  } else {
    tl.setResult(tl.TaskResult.Failed, TITLES[verdict]);
  }
}

/** The task and its program are released together. */
function ownVersion(): string {
  const task = JSON.parse(fs.readFileSync(path.join(__dirname, '..', '..', 'task.json'), 'utf8'));
  return `v${task.version.Major}.${task.version.Minor}.${task.version.Patch}`;
}

function environment(connection: Connection): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = { ...process.env, ...connection.environment };
  const proxy = tl.getHttpProxyConfiguration()?.proxyFormattedUrl;
  if (proxy && !variables.HTTPS_PROXY && !variables.https_proxy) {
    variables.HTTPS_PROXY = proxy;
  }
  return variables;
}

/**
 * Runs the program with these arguments, without a shell. The task library would print them, and an argument may hold
 * a logging command.
 */
function run(program: string, words: string[], env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'], shell: false, windowsHide: true });
    const said: Buffer[] = [];
    let size = 0;
    const keep = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MOST) said.push(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => reject(new Error(`cannot start ${program}: ${error.message}`)));
    child.on('close', (code) => resolve({ code: code ?? 2, said: Buffer.concat(said).toString('utf8') }));
  });
}

function publish(file: (ending: string) => string): void {
  if (fs.existsSync(file('txt'))) {
    // This report is made of logging commands; what it quotes is escaped where it is written.
    process.stdout.write(fs.readFileSync(file('txt')));
  }
  if (fs.existsSync(file('md'))) {
    tl.uploadSummary(file('md'));
  }
  if (tl.getInput('publishTests', false) !== 'false' && fs.existsSync(file('xml'))) {
    new tl.TestPublisher('JUnit').publish([file('xml')], 'false', '', '', 'pullgate', 'true', 'pullgate');
  }
  if (tl.getInput('publishSarif', false) === 'true' && fs.existsSync(file('sarif'))) {
    // The name that the extension «SARIF SAST Scans Tab» looks for.
    tl.uploadArtifact('CodeAnalysisLogs', file('sarif'), 'CodeAnalysisLogs');
  }
}

/** From each image to the digest that its tag had. */
function digests(report: string): Record<string, string> {
  const judgements: { image: string | null; digest: string | null }[] = JSON.parse(report).judgements ?? [];
  const known = judgements.filter(({ image, digest }) => image && digest);
  return Object.fromEntries(known.map(({ image, digest }) => [image, digest]));
}

function output(name: string, value: string): void {
  tl.setVariable(name, value, false, true);
}

main().catch((error: Error) => tl.setResult(tl.TaskResult.Failed, `${TITLES.error}: ${harmless(error.message)}`));
