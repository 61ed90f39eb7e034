// Who may import whom: the rules that `npm run boundaries` checks, and the source of the picture in docs/architecture.md
// (`npm run architecture`). A room is a folder, or a file that stands for itself. It imports its own files, the rooms and the
// packages that it names here, and what comes with Node; imports of types count. Floors follow from this: a room stands above
// everything it may import.

/**
 * @typedef {object} Room
 * @property {string} is what the room is, in one sentence
 * @property {string[]} [imports] rooms, or single files of them
 * @property {string[]} [types] rooms of which types alone may be imported
 * @property {string[]} [packages] npm packages
 * @property {string[]} [leaf] a leaf has no input and output: the modules of Node that it may use are these
 */

// What every room of the reconciler but the pure one stands on.
const world = ['bridge/contract', 'bridge/coder', 'bridge/coder/names.ts', 'bridge/store', 'bridge/store/database'];

/** @type {Record<string, Room>} */
const rooms = {
  'bridge/contract': {
    is: 'what sides agree on: mapping state, shapes of the admin API, people and groups of a directory',
    packages: ['zod'],
    leaf: ['crypto'],
  },
  'bridge/scim-language': {
    is: 'RFC 7643 and 7644 as pure functions: JSON, schema, filter, PATCH, dialects, errors',
    leaf: ['crypto', 'util'],
  },
  'bridge/admin-client': {
    is: 'the client that speaks the admin API',
    imports: ['bridge/contract'],
    packages: ['zod'],
  },
  'bridge/coder/transport': {
    is: 'requests to Coder: credential, rate limit, circuit, paging, errors',
    packages: ['undici', 'zod'],
  },
  'bridge/coder/names.ts': {
    is: "names by Coder's rules, and those that Coder keeps for itself",
    imports: ['bridge/contract/identity.ts'],
    leaf: ['crypto'],
  },
  'bridge/coder': {
    is: 'typed client of Coder',
    imports: ['bridge/contract/identity.ts', 'bridge/coder/transport', 'bridge/coder/names.ts'],
    packages: ['zod'],
  },
  'bridge/store/database': {
    is: 'SQLite or Postgres: opening, migrations, tables, settings',
    imports: ['bridge/contract', 'bridge/scim-language', 'package.json'],
    packages: ['better-sqlite3', 'kysely', 'pg'],
  },
  'bridge/store': {
    is: 'the database in domain verbs: directory, apps, accounts, work, audit',
    imports: ['bridge/contract', 'bridge/scim-language', 'bridge/store/database'],
    packages: ['kysely'],
  },
  'bridge/http': {
    is: 'what all requests share: server, refusals, throttle, health, metrics',
    imports: ['bridge/contract', 'bridge/store/database'],
    packages: ['express', 'pino', 'prom-client'],
  },
  'bridge/audit': {
    is: 'what becomes of the audit trail: sealed into its chain, and sent to where it is watched',
    imports: ['bridge/contract', 'bridge/store', 'bridge/store/database', 'bridge/http/log.ts'],
    packages: ['pino', 'undici'],
  },
  'bridge/telemetry': {
    is: 'OpenTelemetry: what the bridge does as traces, and its metrics, where that is wanted',
    imports: ['bridge/http/log.ts', 'bridge/http/metrics.ts'],
    packages: ['@opentelemetry'],
  },
  'bridge/reconcile/types.ts': {
    is: 'what the reconciler offers to the rest of the bridge',
    imports: [...world],
  },
  'bridge/reconcile/decide': {
    is: 'rules, desired, plan, guard: data in, data out',
    imports: ['bridge/contract', 'bridge/coder/names.ts'],
    types: ['bridge/coder', 'bridge/store'],
    leaf: ['crypto'],
  },
  'bridge/reconcile/recovery': {
    is: "whether the database is older than what Coder's audit log says that the bridge did",
    imports: [...world, 'bridge/reconcile/types.ts'],
  },
  'bridge/reconcile/context': {
    is: 'what one pass works with: apps, rules, catalog of Coder, the audit lines it will write',
    imports: [...world, 'bridge/reconcile/types.ts', 'bridge/reconcile/decide', 'bridge/reconcile/recovery'],
  },
  'bridge/reconcile/queue/end-work.ts': {
    is: 'what becomes of work: done, again, later, parked',
    imports: [...world, 'bridge/reconcile/context'],
  },
  'bridge/reconcile/observe': {
    is: 'what one person and everybody are observed by: accounts that may be theirs, who else is one, what it holds',
    imports: [...world, 'bridge/reconcile/decide'],
  },
  'bridge/reconcile/survey': {
    is: 'everybody of an app against Coder, read at once and judged; writes nothing',
    imports: [...world, 'bridge/reconcile/decide', 'bridge/reconcile/context', 'bridge/reconcile/observe'],
  },
  'bridge/reconcile/person': {
    is: 'one person is made to agree',
    imports: [
      ...world,
      'bridge/reconcile/types.ts',
      'bridge/reconcile/decide',
      'bridge/reconcile/context',
      'bridge/reconcile/queue/end-work.ts',
      'bridge/reconcile/observe',
    ],
  },
  'bridge/reconcile/group': {
    is: 'one Coder group is made to agree, and its members written',
    imports: [...world, 'bridge/reconcile/decide', 'bridge/reconcile/context', 'bridge/reconcile/queue/end-work.ts'],
  },
  'bridge/reconcile/declaration': {
    is: 'one declaration is made to agree, as a whole or for one group of the directory: roles, groups, sync settings, whom it touches',
    imports: [
      ...world,
      'bridge/reconcile/decide',
      'bridge/reconcile/context',
      'bridge/reconcile/queue/end-work.ts',
      'bridge/reconcile/survey',
      'bridge/reconcile/group',
    ],
  },
  'bridge/reconcile/sweep': {
    is: 'everything is compared with Coder, now and then; differences are queued',
    imports: [
      ...world,
      'bridge/reconcile/decide',
      'bridge/reconcile/context',
      'bridge/reconcile/survey',
      'bridge/reconcile/person',
      'bridge/reconcile/group',
      'bridge/reconcile/declaration',
    ],
  },
  'bridge/reconcile/queue': {
    is: 'what is due and whose turn it is',
    imports: [
      ...world,
      'bridge/reconcile/types.ts',
      'bridge/reconcile/decide',
      'bridge/reconcile/context',
      'bridge/reconcile/queue/end-work.ts',
      'bridge/reconcile/person',
      'bridge/reconcile/group',
      'bridge/reconcile/declaration',
    ],
  },
  'bridge/reconcile/report': {
    is: 'status, explain, doctor, plan: questions, no writes',
    imports: [
      ...world,
      'bridge/reconcile/types.ts',
      'bridge/reconcile/decide',
      'bridge/reconcile/context',
      'bridge/reconcile/survey',
      'bridge/reconcile/person',
      'bridge/reconcile/group',
      'bridge/reconcile/declaration',
      'bridge/reconcile/recovery',
      'bridge/reconcile/sweep',
    ],
  },
  'bridge/reconcile': {
    is: 'the reconciler put together',
    imports: [
      ...world,
      'bridge/reconcile/types.ts',
      'bridge/reconcile/context',
      'bridge/reconcile/queue/end-work.ts',
      'bridge/reconcile/person',
      'bridge/reconcile/group',
      'bridge/reconcile/recovery',
      'bridge/reconcile/sweep',
      'bridge/reconcile/queue',
      'bridge/reconcile/report',
    ],
  },
  'bridge/scim': {
    is: 'SCIM over HTTP: who calls, the resources, the answer',
    imports: ['bridge/contract', 'bridge/scim-language', 'bridge/store', 'bridge/store/database', 'bridge/http'],
    packages: ['express', 'pino'],
  },
  'bridge/admin': {
    is: 'the admin API',
    imports: [
      'bridge/contract',
      'bridge/coder',
      'bridge/store',
      'bridge/store/database',
      'bridge/http',
      'bridge/reconcile',
    ],
    packages: ['express', 'zod'],
  },
  'bridge/page': {
    is: "the operator's page: what the admin API answers, drawn; its forms are the verbs of the admin API",
    imports: [
      'bridge/contract',
      'bridge/store',
      'bridge/store/database',
      'bridge/http',
      'bridge/reconcile',
      'bridge/admin',
    ],
    packages: ['express', 'openid-client', 'zod'],
  },
  'bridge/process': {
    is: 'configuration, log, and the composition root: the one place that knows all parts',
    imports: [
      'bridge/contract',
      'bridge/coder',
      'bridge/store',
      'bridge/store/database',
      'bridge/http',
      'bridge/reconcile',
      'bridge/scim',
      'bridge/admin',
      'bridge/page',
      'bridge/audit',
      'bridge/telemetry',
      'package.json',
    ],
    packages: ['pino', 'zod'],
  },
  'bridge/commands': {
    is: 'the command line',
    imports: [
      'bridge/contract',
      'bridge/admin-client',
      'bridge/coder',
      'bridge/store/database/backend.ts',
      'bridge/http/listen-error.ts',
      'bridge/scim/access/token.ts',
      'bridge/process',
    ],
    packages: ['commander'],
  },
  'bridge/main.ts': {
    is: 'the program `coder-scim`; nobody imports it',
    imports: ['bridge/commands'],
  },
  'provider/address.ts': {
    is: 'what Terraform calls the provider, and where its file goes',
    imports: ['package.json'],
  },
  'provider/plugin/define': {
    is: 'what a provider consists of: values, schema, resources, what a plan is',
  },
  'provider/plugin': {
    is: "Terraform's plugin protocol 6, which knows nothing of SCIM",
    imports: ['provider/plugin/define'],
    packages: ['@grpc/grpc-js', '@msgpack/msgpack', 'protobufjs'],
  },
  provider: {
    is: 'the Terraform provider: resource, data source, deploy step',
    imports: [
      'bridge/contract',
      'bridge/admin-client',
      'provider/address.ts',
      'provider/plugin',
      'provider/plugin/define',
    ],
    packages: ['undici'],
  },
  'constructs/l1': {
    is: 'what stands in the synthesized stack: provider, resource, deploy step',
    imports: ['bridge/contract', 'provider/address.ts'],
    packages: ['@cdktf/provider-null', 'cdktf', 'constructs'],
  },
  constructs: {
    is: 'what a user writes in a CDKTF app; one construct a file, and synthesize.ts the only translator',
    imports: ['bridge/contract', 'provider/address.ts', 'constructs/l1'],
    packages: ['cdktf', 'constructs'],
  },
};

const names = Object.keys(rooms);
const escape = text => text.replaceAll('.', '\\.');
const isFile = name => /\.\w+$/.test(name);

/** The files of a room: those below it that no smaller room has. */
function filesOf(name) {
  if (isFile(name)) return `^${escape(name)}$`;
  const smaller = names.filter(other => other.startsWith(`${name}/`)).map(other => other.slice(name.length + 1));
  const without = smaller.map(path => `${escape(path)}${isFile(path) ? '$' : '/'}`).join('|');
  return `^${name}/${without === '' ? '' : `(?!${without})`}`;
}

/** Everything that a room may not import. */
function rulesOf([name, { is, imports = [], types = [], packages = [], leaf }]) {
  const open = [
    ...[name, ...imports].map(filesOf),
    ...packages.map(name => `^node_modules/(@types/)?${name}/`),
    ...(leaf ?? []).map(module => `^(node:)?${module}$`),
  ];
  const core = leaf === undefined ? { dependencyTypesNot: ['core'] } : {};
  return [
    {
      name,
      comment: is,
      severity: 'error',
      from: { path: filesOf(name) },
      to: { pathNot: [...open, ...types.map(filesOf)], ...core },
    },
    ...types.map(other => ({
      name: `${name}: types only of ${other}`,
      severity: 'error',
      from: { path: filesOf(name) },
      to: { path: filesOf(other), dependencyTypesNot: ['type-only'] },
    })),
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(rooms).flatMap(rulesOf),
    {
      name: 'every file has a room',
      comment: 'a new folder is named here, with what it may import, before anything stands in it',
      severity: 'error',
      from: { path: '^(bridge|provider|constructs)/', pathNot: names.map(filesOf) },
      to: {},
    },
    {
      name: 'no circle',
      comment: 'imports of types count',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'an import leads to a file, a package of package.json, or Node',
      severity: 'error',
      // A peer of the benchmark runs where its packages are installed when it is asked for.
      from: { pathNot: '^test/bench/side-by-side/scimmy\\.mjs$' },
      // Examples import the package by its name, which TypeScript resolves (tsconfig.json, paths); the build reads what it built.
      to: { couldNotResolve: true, pathNot: ['^coder-scim$', '^\\.\\./dist/'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: '^node_modules/' },
    exclude: { path: '^dist/' },
  },
};
