/** An agent, as far as a task sees one: inputs and connections as variables, logging commands on standard output. */

import { spawn } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

const TASK = path.join(__dirname, '..', '..');

export interface Ran {
  log: string;
  /** Variables that were set. */
  set: Record<string, string>;
  failed: boolean;
}

export class Agent {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'agent-'));
  readonly environment: Record<string, string> = {};

  constructor(inputs: Record<string, string> = {}) {
    for (const [name, value] of Object.entries(inputs)) {
      this.input(name, value);
    }
  }

  input(name: string, value: string): this {
    this.environment[`INPUT_${name.toUpperCase()}`] = value;
    return this;
  }

  /** A service connection, as the agent hands one to a task. */
  connection(id: string, scheme: string, parameters: Record<string, string>, data: Record<string, string>): this {
    this.environment[`ENDPOINT_AUTH_SCHEME_${id}`] = scheme;
    this.environment[`ENDPOINT_AUTH_${id}`] = JSON.stringify({ scheme, parameters });
    for (const [name, value] of Object.entries(parameters)) {
      this.environment[`ENDPOINT_AUTH_PARAMETER_${id}_${name.toUpperCase()}`] = value;
    }
    for (const [name, value] of Object.entries(data)) {
      this.environment[`ENDPOINT_DATA_${id}_${name.toUpperCase()}`] = value;
    }
    return this;
  }

  /** A program in the agent's folder that is this script of Node, and its path. */
  program(script: string): string {
    const file = path.join(this.folder, 'a program');
    fs.writeFileSync(file, `#!${process.execPath}\n${script}\n`, { mode: 0o755 });
    return file;
  }

  /** A program that writes down how it was started. */
  recorder(): string {
    const file = JSON.stringify(path.join(this.folder, 'recorded'));
    return this.program(
      `require('fs').writeFileSync(${file}, JSON.stringify({ words: process.argv.slice(2), env: process.env }));`,
    );
  }

  recorded(): { words: string[]; env: Record<string, string> } {
    return JSON.parse(fs.readFileSync(path.join(this.folder, 'recorded'), 'utf8'));
  }

  /** Runs the task, or another script that runs it, in the agent's folder. */
  async run(script = path.join(TASK, 'dist', 'src', 'index.js')): Promise<Ran> {
    const folders = { AGENT_TEMPDIRECTORY: 'a temp', AGENT_TOOLSDIRECTORY: 'tools', AGENT_WORKFOLDER: 'work' };
    const environment: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: this.folder, ...this.environment };
    for (const [name, folder] of Object.entries(folders)) {
      environment[name] = path.join(this.folder, folder);
      fs.mkdirSync(environment[name]!, { recursive: true });
    }
    const child = spawn(process.execPath, [script], { cwd: this.folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    child.stdout.on('data', (chunk) => (log += chunk));
    child.stderr.on('data', (chunk) => (log += chunk));
    await new Promise((resolve) => child.on('close', resolve));
    const set = [...log.matchAll(/^##vso\[task\.setvariable variable=(\w+);[^\]]*\](.*)$/gm)];
    return {
      log,
      set: Object.fromEntries(set.map(([, name, value]) => [name, value])),
      failed: /^##vso\[task\.complete result=Failed;/m.test(log),
    };
  }

  planted(): boolean {
    return fs.existsSync(path.join(this.folder, 'planted'));
  }
}
