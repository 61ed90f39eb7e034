/** What the documents tell people to type, and the variables that they name: there are such commands, options and variables. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command } from 'commander';
import { createProgram } from '../../bridge/commands/program';

const ROOT = resolve(__dirname, '../..');
const documents = ['README.md', 'CONTRIBUTING.md']
  .concat(readdirSync(join(ROOT, 'docs')).flatMap(name => (name.endsWith('.md') ? [`docs/${name}`] : [])))
  .map(name => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));

const program = createProgram(
  {
    environment: {},
    write: () => undefined,
    complain: () => undefined,
    interactive: false,
    columns: 80,
    read: () => Promise.resolve(''),
  },
  { exitCode: 0 },
);

/** Every `coder-scim …` in code: of a block up to the end of the command, of a line all of it. */
function typed(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...text.replace(/```[^]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...blocks, ...spans].flatMap(code =>
    [...code.replace(/\s#.*$/, '').matchAll(STARTS)].map(([, rest = '']) => rest.trim()),
  );
}

// At the beginning, behind npx and variables, or where the shell begins anew.
const STARTS = /(?:^|[(|&]\s*|<\()(?:[A-Z_]+=\S*\s+)*(?:npx )?coder-scim ([a-z-][^|;&)]*)/g;

/** Why there is no such command line; undefined where there is. */
function problemOf(line: string): string | undefined {
  let command: Command = program;
  const words = line.split(/\s+/);
  while (command.commands.length > 0 && words[0] !== undefined) {
    const next = command.commands.find(one => one.name() === words[0]);
    // A command that has some of its own may be one itself.
    if (next === undefined && command !== program && command.options.length > 0) break;
    if (next === undefined) return words[0].startsWith('-') ? undefined : `no command ${words[0]}`;
    command = next;
    words.shift();
  }
  const known = new Set([...command.options.map(option => option.long), '--help']);
  const unknown = words.filter(word => /^--[a-z]/.test(word) && !known.has(word.replace(/=.*/, '')));
  return unknown.length === 0 ? undefined : `${command.name()} has no ${unknown.join(', ')}`;
}

it.each(documents)('$name types what there is', ({ text }) => {
  const problems = typed(text).flatMap(line => {
    const problem = problemOf(line);
    return problem === undefined ? [] : [`coder-scim ${line}: ${problem}`];
  });
  expect(problems).toEqual([]);
});

it('reads commands where people see them', () => {
  expect(typed('```sh\nX=1 npx coder-scim verify --app okta   # proof\n```\n`coder-scim nonsense`')).toEqual([
    'verify --app okta',
    'nonsense',
  ]);
  expect(problemOf('nonsense')).toBe('no command nonsense');
  expect(problemOf('plan --everything')).toBe('plan has no --everything');
  expect(documents.flatMap(({ text }) => typed(text)).length).toBeGreaterThan(60);
});

it('no document names a variable that nothing reads', () => {
  const code = ['bridge', 'provider', 'constructs', 'scripts', 'test', 'deploy']
    .flatMap(folder =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter(name => /\.(ts|mjs|js|yml|yaml)$/.test(name) && !name.startsWith('docs/'))
        .map(name => readFileSync(join(ROOT, folder, name), 'utf8')),
    )
    .join('\n');
  const named = documents.flatMap(({ name, text }) =>
    [...text.matchAll(/\bCODER_SCIM_[A-Z_]*[A-Z]\b/g)].map(([variable]) => ({ name, variable })),
  );
  // `…_FILE` forms are made of the variable, and Coder has some of this name itself.
  const isRead = (variable: string): boolean =>
    code.includes(variable) || code.includes(variable.replace(/_FILE$/, ''));
  const coders = new Set(['CODER_SCIM_AUTH_HEADER', 'CODER_SCIM_USE_LEGACY']);
  expect(named.filter(({ variable }) => !coders.has(variable) && !isRead(variable))).toEqual([]);
});
