/** From the task's inputs to pullgate's arguments: each value is one argument, and none is ever evaluated. */

/** Reads an input; `undefined` when it is empty. */
export type Read = (name: string) => string | undefined;

/** Inputs with one value. */
export const SINGLE = [
  'subscription', 'resourceGroup', 'location', 'tenant', 'deploymentName', 'cloud', 'app', 'job', 'revision', 'record',
  'evidence', 'failOn', 'config', 'baseline', 'lock', 'timeout', 'concurrency', 'caFile',
];
/** Inputs with a value a line. */
export const LISTS = [
  'parameters', 'waitFor', 'image', 'report', 'ignore', 'allowUnverified', 'connectTo', 'plainHttp',
];
/** Inputs that are true or false. */
export const FLAGS = ['env', 'offline', 'noConfig', 'verifySecrets'];

/**
 * The arguments of `pullgate check`. `--flag=value` is one word, so that no value is taken for another flag; manifests come
 * after `--`. `defaults` holds values for inputs that are empty; `reports` what the task itself wants written.
 */
export function argumentsOf(read: Read, defaults: Record<string, string>, reports: string[]): string[] {
  const found = ['check'];
  for (const name of SINGLE) {
    const value = read(name) ?? defaults[name];
    if (value) {
      found.push(`--${flag(name)}=${value}`);
    }
  }
  for (const name of LISTS) {
    const value = read(name);
    if (name === 'allowUnverified' && (value === 'true' || value === 'false')) {
      found.push(...(value === 'true' ? ['--allow-unverified'] : []));
      continue;
    }
    found.push(...lines(value).map((line) => `--${flag(name)}=${line}`));
  }
  found.push(...FLAGS.filter((name) => isTrue(name, read(name))).map((name) => `--${flag(name)}`));
  found.push(...lines(read('arguments')));
  found.push(...reports.map((report) => `--report=${report}`));
  return [...found, '--', ...lines(read('manifest'))];
}

/** `resourceGroup` is `resource-group` to pullgate. */
function flag(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The lines that hold something. */
function lines(text: string | undefined): string[] {
  return (text ?? '').split(/\r?\n/).filter((line) => line.trim() !== '');
}

function isTrue(name: string, value: string | undefined): boolean {
  switch (value?.toLowerCase()) {
    case 'true':
      return true;
    case 'false':
    case undefined:
      return false;
    default:
      throw new Error(`the input \`${name}\` is \`true\` or \`false\``);
  }
}
