import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { test } from 'node:test';
import { harmless } from '../src/harmless';
import { FLAGS, LISTS, SINGLE } from '../src/inputs';
import { target } from '../src/install';
import { Agent } from './agent';

const HOSTILE = 'a b\'"$(touch planted)`touch planted`;touch planted;%TEMP%|touch planted&*?~\\';
const LINES = `${HOSTILE}\nsecond line\r\n\n-third`;
const PULLGATE = process.env.PULLGATE_BINARY;
const APP = 'type: Microsoft.App/containerApps\nname: api\nproperties:\n  template:\n    containers:\n      - name: api\n        image: ';

/** The log without what the library itself says when debugging is on: there the agent masks what it handed out as secret. */
function shown(log: string): string {
  return log.split('\n').filter((line) => !line.startsWith('##vso[task.debug]')).join('\n');
}

/** What pullgate is told for these inputs, without the task's own reports. */
async function words(inputs: Record<string, string>): Promise<string[]> {
  const agent = new Agent({ manifest: 'app.yaml', ...inputs });
  const { log } = await agent.input('binary', agent.recorder()).run();
  assert.ok(!agent.planted(), `an input was executed: ${log}`);
  return agent.recorded().words.filter((word) => !/^--report=.*pullgate\.\w+$/.test(word));
}

test('an input reaches pullgate as one argument, whatever is in it', async () => {
  for (const name of [...SINGLE, ...LISTS]) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const values = LISTS.includes(name) ? [HOSTILE, 'second line', '-third'] : [LINES];
    const expected = values.map((value) => `--${flag}=${value}`);
    assert.deepEqual(await words({ [name]: LINES }), ['check', ...expected, '--', 'app.yaml'], name);
  }
});

test('manifests are never taken for options', async () => {
  const told = await words({ manifest: `--offline\n${HOSTILE}\n  two words.json` });
  assert.deepEqual(told, ['check', '--', '--offline', HOSTILE, '  two words.json']);
});

test('flags are true or false', async () => {
  assert.deepEqual(await words({ offline: 'true', env: 'True', verifySecrets: 'false' }), ['check', '--env', '--offline', '--', 'app.yaml']);
  assert.deepEqual(await words({ allowUnverified: 'true' }), ['check', '--allow-unverified', '--', 'app.yaml']);
  for (const name of FLAGS) {
    const ran = await new Agent({ manifest: 'app.yaml', [name]: 'yes', binary: '/bin/true' }).run();
    assert.ok(ran.failed, ran.log);
    assert.equal(ran.set.verdict, 'error');
  }
});

test('inputs that are not for pullgate are not executed either', async () => {
  for (const name of ['version', 'checksum', 'releases', 'binary', 'azureSubscription', 'publishTests', 'arguments']) {
    const agent = new Agent({ manifest: 'app.yaml', releases: 'http://127.0.0.1:1', [name]: HOSTILE });
    const ran = await agent.run();
    assert.ok(ran.failed && !agent.planted(), `${name}: ${ran.log}`);
  }
});

test('every input is used', () => {
  const task = JSON.parse(fs.readFileSync(path.join(__dirname, '..', '..', 'task.json'), 'utf8'));
  const own = ['manifest', 'azureSubscription', 'publishTests', 'publishSarif', 'arguments', 'version', 'checksum', 'releases', 'binary'];
  const declared = task.inputs.map((input: { name: string }) => input.name).sort();
  assert.deepEqual(declared, [...own, ...SINGLE, ...LISTS, ...FLAGS].sort());
});

const TENANT = '11111111-1111-1111-1111-111111111111';
const CLIENT = '22222222-2222-2222-2222-222222222222';
const DATA = { SubscriptionId: '33333333-3333-3333-3333-333333333333', environment: 'AzureUSGovernment' };

test('a federated connection is handed on by its id and the job\'s token', async () => {
  const agent = new Agent({ manifest: 'app.yaml', azureSubscription: 'conn' });
  agent.connection('conn', 'WorkloadIdentityFederation', { TenantId: TENANT, ServicePrincipalId: CLIENT }, DATA);
  agent.connection('SYSTEMVSSCONNECTION', 'OAuth', { AccessToken: 'job-token' }, {});
  agent.environment.SYSTEM_OIDCREQUESTURI = 'https://dev.azure.example/oidc';
  agent.environment.AZURE_CLIENT_SECRET = 'of somebody else';
  const ran = await agent.input('binary', agent.recorder()).run();
  const { env, words } = agent.recorded();
  assert.equal(env.AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, 'conn');
  assert.equal(env.AZURESUBSCRIPTION_TENANT_ID, TENANT);
  assert.equal(env.AZURESUBSCRIPTION_CLIENT_ID, CLIENT);
  assert.equal(env.SYSTEM_ACCESSTOKEN, 'job-token');
  assert.equal(env.SYSTEM_OIDCREQUESTURI, 'https://dev.azure.example/oidc');
  assert.equal(env.AZURE_CLIENT_SECRET, undefined);
  assert.ok(!shown(ran.log).includes('job-token') && !words.join(' ').includes('job-token'));
  assert.ok(words.includes(`--subscription=${DATA.SubscriptionId}`) && words.includes('--cloud=usgov'), words.join(' '));
});

test('a connection with a secret is handed on through the environment only', async () => {
  const agent = new Agent({ manifest: 'app.yaml', azureSubscription: 'conn', subscription: 'mine' });
  const parameters = { TenantId: TENANT, ServicePrincipalId: CLIENT, ServicePrincipalKey: 's3cret', AuthenticationType: 'spnKey' };
  agent.connection('conn', 'ServicePrincipal', parameters, DATA);
  const ran = await agent.input('binary', agent.recorder()).run();
  const { env, words } = agent.recorded();
  assert.deepEqual([env.AZURE_TENANT_ID, env.AZURE_CLIENT_ID, env.AZURE_CLIENT_SECRET], [TENANT, CLIENT, 's3cret']);
  assert.equal(env.AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, undefined);
  assert.ok(words.includes('--subscription=mine'));
  assert.ok(!shown(ran.log).includes('s3cret') && !words.join(' ').includes('s3cret'));
});

test('a connection with a certificate says what to do', async () => {
  const agent = new Agent({ manifest: 'app.yaml', azureSubscription: 'conn' });
  agent.connection('conn', 'ServicePrincipal', { AuthenticationType: 'spnCertificate' }, DATA);
  const ran = await agent.input('binary', agent.recorder()).run();
  assert.ok(ran.failed && ran.log.includes('workload identity federation'), ran.log);
});

test('nothing that pullgate prints is a logging command', async () => {
  assert.equal(harmless('x ##vso[task.setvariable]y ##[error]z ##VSO[a]'), 'x # #vso[task.setvariable]y # #[error]z # #VSO[a]');
  const agent = new Agent({ manifest: 'app.yaml' });
  const forged = "console.log('23 | ##vso[task.setvariable variable=forged;]x'); process.exitCode = 1;";
  const ran = await agent.input('binary', agent.program(forged)).run();
  assert.ok(ran.failed && !ran.log.includes('##vso[task.setvariable variable=forged'), ran.log);
});

test('the task library\'s mock runner runs the task to its end', async () => {
  const agent = new Agent();
  const ran = await agent.run(path.join(__dirname, 'mock.js'));
  assert.ok(ran.log.includes('##vso[task.complete result=Succeeded;]every image can be pulled'), ran.log);
});

test('the verdict of the real program is handed on', { skip: PULLGATE ? false : 'PULLGATE_BINARY is not set' }, async () => {
  const cases: [string, Record<string, string>, string, boolean][] = [
    ['mcr.microsoft.com/k8se/quickstart:1.0', { offline: 'true' }, 'pass', false],
    ['https://acme.azurecr.io/Api:v1', { offline: 'true' }, 'fail', true],
    ['acme.azurecr.io/api:v1', { connectTo: '::127.0.0.1:1', timeout: '20' }, 'unverified', true],
  ];
  for (const [image, inputs, verdict, failed] of cases) {
    const agent = new Agent({ manifest: 'app one.yaml', binary: PULLGATE!, ...inputs });
    fs.writeFileSync(path.join(agent.folder, 'app one.yaml'), `${APP}${image}\n`);
    const { log, set, failed: found } = await agent.run();
    assert.equal(set.verdict, verdict, log);
    assert.equal(found, failed, log);
    assert.match(log, /^##vso\[task\.uploadsummary\].*pullgate\.md$/m);
    assert.match(log, /^##vso\[results\.publish type=JUnit;.*pullgate\.xml/m);
    for (const report of ['reportJson', 'reportJunit', 'reportSarif']) {
      assert.ok(fs.existsSync(set[report]), `${report}: ${log}`);
    }
    if (verdict === 'fail') {
      assert.match(log, /^##vso\[task\.logissue type=error;sourcepath=app one\.yaml;linenumber=7;columnnumber=\d+;code=/m);
    }
  }
});

/** Releases behind HTTP on loopback; `tampered` changes the archive after its checksum was taken. */
async function serve(tampered: boolean, use: (url: string) => Promise<void>): Promise<void> {
  const agent = new Agent();
  const recorder = "#!/bin/sh\nprintf '%s\\n' \"$@\" > started\n";
  fs.writeFileSync(path.join(agent.folder, 'pullgate'), recorder, { mode: 0o755 });
  const name = `pullgate-${target()}.tar.gz`;
  execFileSync('tar', ['-czf', name, 'pullgate'], { cwd: agent.folder });
  const archive = fs.readFileSync(path.join(agent.folder, name));
  const sum = crypto.createHash('sha256').update(archive).digest('hex');
  const files: Record<string, Buffer> = {
    [name]: tampered ? Buffer.concat([archive, Buffer.from('x')]) : archive,
    SHA256SUMS: Buffer.from(`${'0'.repeat(64)}  other.tar.gz\n${sum}  ${name}\n`),
  };
  const server = http.createServer((request, response) => {
    const found = /^\/download\/v0\.1\.0\/(.*)$/.exec(request.url ?? '')?.[1] ?? '';
    response.writeHead(files[found] ? 200 : 404).end(files[found]);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

test('the task\'s own release is fetched once', async () => {
  const agent = new Agent({ manifest: 'app.yaml' });
  const started = path.join(agent.folder, 'started');
  await serve(false, async (url) => {
    const ran = await agent.input('releases', url).run();
    assert.ok(!ran.failed, ran.log);
    fs.rmSync(started);
  });
  const again = await agent.run();
  assert.ok(!again.failed && fs.existsSync(started), again.log);
});

test('a release whose checksum differs is refused', async () => {
  await serve(true, async (url) => {
    const agent = new Agent({ manifest: 'app.yaml', releases: url });
    const ran = await agent.run();
    assert.ok(ran.failed && ran.log.includes('nothing was installed'), ran.log);
    assert.ok(!fs.existsSync(path.join(agent.folder, 'started')));
  });
  await serve(false, async (url) => {
    const agent = new Agent({ manifest: 'app.yaml', releases: url, checksum: '0'.repeat(64) });
    const ran = await agent.run();
    assert.ok(ran.failed && ran.log.includes('nothing was installed'), ran.log);
  });
  const ran = await new Agent({ manifest: 'app.yaml', releases: 'http://mirror.example' }).run();
  assert.ok(ran.failed && ran.log.includes('is an https address'), ran.log);
});
