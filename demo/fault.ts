import { parseArgs } from 'node:util';
import { runProgram } from '../src/cli/program.ts';
import { OperatorError } from '../src/core/operatorError.ts';
import { faultKinds } from '../simulator/faultKinds.ts';
import { DEFAULT_SIMULATOR_PORT } from './addresses.ts';

/**
 * `npm run demo:fault -- <kind> [field=value …]`: turns on a fault of the running demo's simulator. `off` removes all faults; without
 * arguments it lists the kinds and the active faults.
 */
async function main(args: readonly string[]): Promise<void> {
  const { kind, fields, simulatorUrl } = readArguments(args);
  const faults = new URL('/__simulator/faults', simulatorUrl);
  if (kind === undefined) {
    console.log(`${usage()}\n\nActive: ${await request(faults, { method: 'GET' })}`);
  } else if (kind === 'off') {
    await request(faults, { method: 'DELETE' });
    console.log('All faults are off.');
  } else {
    const fault = { kind, ...requiredFields(kind), ...fields };
    const headers = { 'content-type': 'application/json' };
    await request(faults, { method: 'POST', headers, body: JSON.stringify(fault) });
    console.log(`On: ${JSON.stringify(fault)}. Turn it off: npm run demo:fault -- off`);
  }
}

interface FaultArguments {
  kind: string | undefined;
  fields: Record<string, unknown>;
  simulatorUrl: string;
}

function readArguments(args: readonly string[]): FaultArguments {
  try {
    const options = { simulator: { type: 'string' as const } };
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [kind, ...assignments] = positionals;
    return {
      kind,
      fields: Object.fromEntries(assignments.map(readField)),
      simulatorUrl: new URL(values.simulator ?? `http://127.0.0.1:${DEFAULT_SIMULATOR_PORT}`).href,
    };
  } catch {
    throw new OperatorError(['The arguments must be [<kind> | off] [field=value …] [--simulator <url>].']);
  }
}

/** Numbers and booleans are values of their own type, `at` is a path with dots, everything else is text. */
function readField(assignment: string): [name: string, value: unknown] {
  const [, name = '', text = ''] = /^(\w+)=(.*)$/.exec(assignment) ?? [];
  if (name === '') throw new TypeError('Expected field=value.');
  if (name === 'at') return [name, text.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key))];
  return [name, /^(?:-?\d+(?:\.\d+)?|true|false)$/.test(text) ? (JSON.parse(text) as unknown) : text];
}

function requiredFields(kind: string): Readonly<Record<string, unknown>> {
  return Object.hasOwn(faultKinds, kind) ? (faultKinds[kind as keyof typeof faultKinds].required ?? {}) : {};
}

function usage(): string {
  const kinds = Object.entries(faultKinds).map(([kind, { description, required, optional }]) => {
    const fields = Object.entries(required ?? {}).map(([name, value]) => `${name}=${fieldText(value)}`);
    const options = [fields.join(' '), optional && `[${optional}]`].filter(Boolean).join(' ');
    return `  ${kind.padEnd(18)} DataWorks ${description}${options && `; ${options}`}`;
  });
  return [
    'Usage: npm run demo:fault -- <kind> [field=value …], or: npm run demo:fault -- off',
    ...kinds,
    'Fields of every kind: times=<calls>, probability=<0 to 1>, action=<such as ListPipelineRuns>',
  ].join('\n');
}

function fieldText(value: unknown): string {
  return Array.isArray(value) ? value.join('.') : String(value);
}

async function request(url: URL, init: RequestInit): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new OperatorError([
      `Nothing listens at ${url.origin}. Start the demo with npm run demo. If it printed another address for its simulator, add --simulator <address>.`,
    ]);
  }
  const text = await response.text();
  if (response.ok) return text;
  const { error = `The simulator answered ${response.status}.` } = JSON.parse(text) as { error?: string };
  throw new OperatorError([error]);
}

await runProgram('demo:fault', () => main(process.argv.slice(2)));
