/** What somebody does with the package, each step by its own programs: compile, synth, serve, apply, status, deploy. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ADMIN_TOKEN, bridgeEnvironment } from '../support/bridge';
import { startCoderDouble } from '../support/coder-double';
import { type Ran, Terraform } from '../support/terraform';
import { type Project } from './project';

const run = promisify(execFile);

/** A program that reads documents, beside the stack of the README. */
const READER = `import { MappingStateError, type MappingStateInput, parseMappingState } from 'coder-scim/mapping-state';

const state: MappingStateInput = { version: 1, app: 'by-hand', roleMappings: { admins: { idpGroup: 'a', role: 'owner' } } };
try {
  if (parseMappingState(state).policies.leaving !== 'suspend') process.exitCode = 1;
} catch (error) {
  console.error(error instanceof MappingStateError ? error.issues : error);
}
`;

/** Settings of the compiler that users have: Node's, what `cdktf init` writes, a bundler's. */
const SETTINGS: Readonly<Record<string, object>> = {
  node: { module: 'node20', target: 'es2023', exactOptionalPropertyTypes: true, outDir: 'out' },
  cdktf: { module: 'CommonJS', target: 'ES2018', lib: ['es2018'], declaration: true, noEmit: true },
  bundler: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', noEmit: true },
};

/** @throws Error with what the compiler says of our types, or anybody's */
export async function compile(project: Project, node: string, tsc: string): Promise<void> {
  project.copy('examples/quick-start/main.ts', 'main.ts');
  project.write('reader.ts', READER);
  for (const [name, settings] of Object.entries(SETTINGS)) {
    const compilerOptions = { strict: true, skipLibCheck: false, types: ['node'], ...settings };
    const file = project.write(`tsconfig.${name}.json`, { compilerOptions, files: ['main.ts', 'reader.ts'] });
    await run(node, [tsc, '-p', file]).catch((error: { stdout: string }) => {
      throw new Error(`with settings ${name}:\n${error.stdout}`);
    });
  }
}

/** The stack as JSON and as HCL, and the program that reads documents. @throws Error with what they say */
export async function synth(project: Project, node: string): Promise<void> {
  const cwd = project.folder;
  await run(node, ['out/main.js'], { cwd });
  // As the frameworks' command lines do for `synth --hcl`.
  const env = { ...process.env, SYNTH_HCL_OUTPUT: 'true', CDKTF_OUTDIR: `${cwd}/hcl` };
  await run(node, ['out/main.js'], { cwd, env });
  await run(node, ['out/reader.js'], { cwd });
}

/** A bridge on the project's own SQLite, a document applied, its status, and the stack deployed by Terraform. */
export async function serveAndDeploy(project: Project, node: string): Promise<void> {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  const databaseUrl = `sqlite:${project.folder}/state/bridge.db`;
  const bridge = await serve(project, node, {
    ...bridgeEnvironment({ coderUrl: coder.url, coderToken: coder.issueToken('bridge'), databaseUrl }),
  });
  try {
    const asClient = { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN };
    const coderScim = (...args: string[]) =>
      run(node, [project.coderScim, ...args], { env: environment(node, asClient) });
    const mapping = { idpGroup: 'auditors', role: 'auditor' };
    const document = { version: 1, app: 'by-hand', tokens: {}, roleMappings: { auditors: mapping } };
    await coderScim('apply', project.write('state.json', document));
    const { stdout } = await coderScim('status', '--json');
    const { apps } = JSON.parse(stdout) as { apps: { app: string; converged: boolean }[] };
    if (apps.find(({ app }) => app === 'by-hand')?.converged !== true) throw new Error(`not converged: ${stdout}`);
    await deployThenLeave(project, node, asClient);
  } finally {
    await bridge.stop();
    await coder.close();
  }
}

/** Terraform plans and applies the stack as JSON, and has nothing to change when it goes on as HCL. @throws Error with what it says */
async function deployThenLeave(project: Project, node: string, asClient: Readonly<Record<string, string>>) {
  const [json, hcl] = ['cdktf.out', 'hcl'].map(
    out => new Terraform(`${project.folder}/${out}/stacks/coder-access`, environment(node, asClient)),
  ) as [Terraform, Terraform];
  const expectCode = async (code: number, ran: Promise<Ran>) => {
    const { code: got, output } = await ran;
    if (got !== code) throw new Error(`terraform ended with ${got}, wanted ${code}:\n${output}`);
  };
  try {
    await expectCode(0, json.init());
    await expectCode(2, json.plan());
    await expectCode(0, json.applyPlan());
    await expectCode(0, hcl.init());
    await expectCode(0, hcl.plan());
  } finally {
    json.remove();
    hcl.remove();
  }
}

export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws Error with what it said, when it ends before it is ready */
export async function serve(
  project: Project,
  node: string,
  variables: Readonly<Record<string, string>>,
): Promise<Served> {
  const child = spawn(node, [project.coderScim, 'serve'], {
    cwd: project.folder,
    env: environment(node, variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said += part.toString()));
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`;
    const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
    if (msg !== 'ready' || url === undefined) continue;
    child.stdout.resume();
    return {
      url,
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }
  await exited;
  throw new Error(said);
}

/** The few variables of somebody's shell, and a PATH on which `node` is this one. */
function environment(node: string, variables: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'] ?? '', ...variables };
}
