/** Completion as a person at a prompt gets it: by the shells themselves, those that this machine has. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coderScim } from './terminal-double';

const folder = mkdtempSync(join(tmpdir(), 'coder-scim-completion-'));
beforeAll(() => writeFileSync(join(folder, 'my state.json'), '{}'));
afterAll(() => rmSync(folder, { recursive: true }));

type Complete = (words: readonly string[]) => Promise<string[]>;

async function ask(shell: string, program: (script: string) => string): Promise<string[]> {
  const { code, out } = await coderScim(['completion', shell]);
  expect(code).toBe(0);
  const script = join(folder, `coder-scim.${shell}`);
  writeFileSync(script, out);
  const options = { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: folder } } as const;
  const ran = spawnSync(shell, [...(shell === 'zsh' ? ['-f'] : []), '-c', program(script)], options);
  expect(ran.stderr).toBe('');
  return ran.stdout
    .split('\n')
    .filter(line => line !== '')
    .sort();
}

const literal = (words: readonly string[]): string => words.map(word => `'${word}'`).join(' ');

const bash: Complete = words =>
  ask('bash', script => {
    const given = literal(['coder-scim', ...words]);
    return `source ${script}; COMP_WORDS=(${given}); COMP_CWORD=${words.length}; _coder_scim; printf '%s\\n' "\${COMPREPLY[@]}"`;
  });

/** What zsh itself brings to describe and show is replaced by a line for each. */
const zsh: Complete = async words => {
  const shown = await ask('zsh', script => {
    const given = literal(['coder-scim', ...words]);
    return `compdef() { :; }; source ${script}
      _describe() { print -l -- \${entries%%:*}; }; compadd() { print -l -- "$@"; }; _files() { print -l -- *; }
      words=(${given}); CURRENT=${words.length + 1}; _coder_scim`;
  });
  const last = words.at(-1) ?? '';
  return shown.filter(word => word.startsWith(last) && !word.startsWith('coder-scim.'));
};

const fish: Complete = async words => {
  const line = `coder-scim ${words.join(' ')}`;
  const shown = await ask('fish', script => `source ${script}; complete -C '${line}'`);
  return shown.map(entry => entry.split('\t')[0]?.replace(/\\ /g, ' ') ?? '');
};

const shells = Object.entries({ bash, zsh, fish }).map(([name, complete]) => ({
  name,
  complete,
  isHere: spawnSync(name, ['-c', 'true']).status === 0,
}));

it('bash is here to be asked', () => {
  expect(shells.find(({ name }) => name === 'bash')?.isHere).toBe(true);
});

describe.each(shells.filter(({ isHere }) => isHere))('$name completes', ({ complete }) => {
  it.each([
    ['commands', ['re-'], ['re-hire']],
    ['commands of a command', ['token', ''], ['create']],
    ['behind an option with a value', ['--version', 'swe'], ['sweep']],
    ['options, also of a command of two words', ['token', 'create', '--e'], ['--expires-in']],
    ['commands to be helped with', ['help', 'expl'], ['explain']],
    ['choices', ['completion', 'z'], ['zsh']],
    ['files where one is wanted', ['apply', 'my'], ['my state.json']],
    ['files behind an option that wants one', ['status', '--admin-token-file', 'my'], ['my state.json']],
    ['nothing where nobody can know', ['status', '--url', ''], []],
    ['nothing that is no command', ['nonsense'], []],
  ])('%s', async (_what, words, expected) => {
    const found = await complete(words);
    expect(found.filter(word => word !== '--help')).toEqual(expected);
  });
});

describe('help', () => {
  it.each([[['plan']], [['token', 'create']], [['audit', 'verify']]])('%j says what --help says', async words => {
    expect((await coderScim(['help', ...words])).out).toBe((await coderScim([...words, '--help'])).out);
  });

  it('alone is the list of commands, and an unknown command is told', async () => {
    expect((await coderScim(['help'])).out).toBe((await coderScim(['--help'])).out);
    const { code, err } = await coderScim(['help', 'token', 'mint']);
    expect(code).toBe(2);
    expect(err).toContain('there is no command "token mint": wanted one of create');
  });
});
