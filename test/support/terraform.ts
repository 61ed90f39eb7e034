/**
 * Real Terraform or OpenTofu for tests: offline, with nothing of this machine's configuration, one working folder per
 * instance. Providers are found in the folder itself (`terraform.d/plugins`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { delimiter, dirname, join, resolve } from 'node:path';

/** What one command said. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as a person sees them. */
  readonly output: string;
}

/** One change of a plan's JSON (`terraform show -json`). */
export interface ResourceChange {
  readonly address: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Record<string, unknown> | null;
    readonly after: Record<string, unknown> | null;
    readonly after_unknown: Record<string, unknown>;
  };
}

/** Path of the binary: TERRAFORM_BINARY_NAME, or `terraform`, or `tofu` on PATH. @throws Error when there is none */
export function terraformBinary(): string {
  const named = process.env['TERRAFORM_BINARY_NAME'];
  if (named !== undefined && named !== '') return named;
  for (const name of ['terraform', 'tofu']) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error('neither terraform nor tofu is on PATH: install one of them, or set TERRAFORM_BINARY_NAME');
}

/** `linux_amd64` and the like, as Terraform names this machine. */
export function terraformPlatform(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  return `${os}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

/** A working folder with Terraform in it. */
export class Terraform {
  readonly folder: string;
  private readonly home: string;

  /** @param folder an existing one; default: a temporary one that `remove` deletes */
  constructor(
    folder?: string,
    /** Variables for Terraform and its providers, beside the few that they need. */
    readonly environment: NodeJS.ProcessEnv = {},
  ) {
    this.home = mkdtempSync(join(tmpdir(), 'terraform-home-'));
    writeFileSync(join(this.home, 'terraformrc'), '');
    this.folder = folder ?? join(this.home, 'work');
    mkdirSync(this.folder, { recursive: true });
  }

  /** Replaces the configuration. */
  write(configuration: string, file = 'main.tf'): void {
    writeFileSync(join(this.folder, file), configuration);
  }

  /** Puts a provider's file where `init` looks without registry or configuration. */
  install(source: string, version: string, file: string): void {
    const name = source.split('/').at(-1) ?? source;
    const target = join(
      this.folder,
      'terraform.d/plugins',
      source,
      version,
      terraformPlatform(),
      `terraform-provider-${name}_v${version}`,
    );
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
    chmodSync(target, 0o755);
  }

  init(): Promise<Ran> {
    return this.run('init', '-input=false', '-no-color');
  }
  validate(): Promise<Ran> {
    return this.run('validate', '-no-color');
  }
  /** Code 0: no changes, 1: error, 2: changes. The plan is kept for `changes` and `applyPlan`. */
  plan(...args: string[]): Promise<Ran> {
    return this.run('plan', '-input=false', '-no-color', '-detailed-exitcode', '-out=plan.tfplan', ...args);
  }
  apply(...args: string[]): Promise<Ran> {
    return this.run('apply', '-input=false', '-no-color', '-auto-approve', ...args);
  }
  /** Applies exactly the plan made last. */
  applyPlan(): Promise<Ran> {
    return this.run('apply', '-input=false', '-no-color', 'plan.tfplan');
  }
  destroy(...args: string[]): Promise<Ran> {
    return this.run('destroy', '-input=false', '-no-color', '-auto-approve', ...args);
  }
  import(address: string, id: string): Promise<Ran> {
    return this.run('import', '-input=false', '-no-color', address, id);
  }
  /** The state as a person reads it. */
  show(): Promise<Ran> {
    return this.run('show', '-no-color');
  }
  /** The changes of the plan made last, as JSON. */
  async changes(): Promise<readonly ResourceChange[]> {
    const { stdout } = await this.run('show', '-json', 'plan.tfplan');
    return (JSON.parse(stdout) as { resource_changes?: ResourceChange[] }).resource_changes ?? [];
  }
  /** Attributes of a resource in the state, undefined when it is not there. */
  async attributes(address: string): Promise<Record<string, unknown> | undefined> {
    const { stdout } = await this.run('show', '-json');
    const state = JSON.parse(stdout) as {
      values?: { root_module: { resources?: { address: string; values: Record<string, unknown> }[] } };
    };
    return state.values?.root_module.resources?.find(resource => resource.address === address)?.values;
  }

  /** Runs any command. @param args first the command */
  run(...args: string[]): Promise<Ran> {
    return this.start(args).ended;
  }

  /** Runs lines of a shell in the folder, as docs have them. */
  shell(lines: string): Promise<Ran> {
    return this.start(['-ec', lines.replaceAll('terraform ', `${terraformBinary()} `)], 'sh').ended;
  }

  /**
   * Starts a command and hands it over while it runs; `interrupt` is Ctrl-C at a terminal: the whole group gets it. `kill` hits Terraform alone, at once, and
   * `said` waits until its output has the text.
   */
  start(
    args: readonly string[],
    program = terraformBinary(),
  ): {
    readonly ended: Promise<Ran>;
    said(text: RegExp): Promise<void>;
    interrupt(): void;
    kill(): void;
  } {
    const child = spawn(program, args, {
      cwd: this.folder,
      detached: true,
      env: {
        PATH: process.env['PATH'],
        TMPDIR: process.env['TMPDIR'],
        HOME: this.home,
        TF_CLI_CONFIG_FILE: join(this.home, 'terraformrc'),
        TF_IN_AUTOMATION: '1',
        CHECKPOINT_DISABLE: '1',
        ...this.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '', output: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
        said.output += text;
      });
    }
    const ended = new Promise<Ran>((done, failed) => {
      child.on('error', failed);
      child.on('close', code => done({ code: code ?? -1, ...said }));
    });
    return {
      ended,
      said: async text => {
        while (!text.test(said.output)) {
          if (child.exitCode !== null)
            throw new Error(`terraform ended without saying ${String(text)}:\n${said.output}`);
          await sleep(50);
        }
      },
      interrupt: () => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      },
      kill: () => void child.kill('SIGKILL'),
    };
  }

  /** Deletes what was made for this instance. */
  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Bundles a program of this repository into one executable file, as the build does. */
export function bundleProgram(entry: string, outFile: string): void {
  const root = resolve(__dirname, '../..');
  const ran = spawnSync(process.execPath, [join(root, 'scripts/package/bundle.mjs'), join(root, entry), outFile], {
    cwd: root,
    encoding: 'utf8',
  });
  if (ran.status !== 0) throw new Error(`bundling ${entry} failed:\n${ran.stdout}${ran.stderr}`);
}
