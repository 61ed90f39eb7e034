/** How the provider reaches the bridge: private authorities, proxies, and what the debug log says of it. */
import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { createCertificate } from '../../provider/plugin/certificate';
import { ADMIN_TOKEN } from './admin-api';
import { app, expectCode, said, useStage } from './stage';

const stage = useStage();
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve));
  return (server.address() as AddressInfo).port;
}

/** The bridge behind TLS, with a certificate that nobody trusts by himself. */
async function behindTls(): Promise<{ url: string; certificate: string; asked: () => number }> {
  const { certificatePem: certificate, privateKeyPem } = createCertificate();
  let asked = 0;
  const server = createHttpsServer({ cert: certificate, key: privateKeyPem }, (incoming, outgoing) => {
    asked++;
    const { url = '', method, headers } = incoming;
    const onward = httpRequest(`${stage.api.url}${url}`, { method, headers }, answer => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  return { url: `https://localhost:${await listen(server)}`, certificate, asked: () => asked };
}

test('a certificate that nobody vouches for is not asked again, and told with the way out', async () => {
  const { url, asked } = await behindTls();
  stage.write(app(), `url = "${url}"\n wait_seconds = 600`);
  expectCode(await stage.terraform.plan(), 2);
  const refused = said(expectCode(await stage.terraform.applyPlan(), 1).stderr);
  expect(refused).toContain('the certificate of the bridge is not trusted');
  expect(refused).toContain('set ca_file or ca_pem of the provider');
  expect(asked()).toBe(0);
});

test('a private authority is trusted by text, by file, and by the environment', async () => {
  const { url, certificate, asked } = await behindTls();
  const file = join(stage.terraform.folder, 'ca.pem');
  writeFileSync(file, certificate);
  stage.write(app(), `url = "${url}"\n ca_pem = file("ca.pem")`);
  expectCode(await stage.terraform.apply(), 0);
  stage.write(app(), `url = "${url}"\n ca_file = "${file}"`);
  await stage.isQuiet();
  stage.terraform.environment['CODER_SCIM_CA_FILE'] = file;
  stage.write(app(), `url = "${url}"`);
  await stage.isQuiet();
  expect(asked()).toBeGreaterThan(2);

  stage.write(app(), `url = "${url}"\n ca_file = "${join(stage.terraform.folder, 'absent.pem')}"`);
  expect(said(expectCode(await stage.terraform.plan(), 1).stderr)).toMatch(/ca_file can not be read .*absent\.pem/);
});

test('a proxy is used where the environment names one, and left out for NO_PROXY', async () => {
  const tunnels: string[] = [];
  const proxy = createHttpServer();
  proxy.on('connect', ({ url = '' }, client) => {
    tunnels.push(url);
    const { port } = new URL(stage.api.url);
    const onward = connect(Number(port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    onward.on('error', () => client.destroy());
    client.on('error', () => onward.destroy());
  });
  const proxyUrl = `http://localhost:${await listen(proxy)}`;
  const { port } = new URL(stage.api.url);
  Object.assign(stage.terraform.environment, { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl });
  stage.write(app(), `url = "http://scim.example.test:${port}"`);
  expectCode(await stage.terraform.apply(), 0);
  expect(new Set(tunnels)).toEqual(new Set([`scim.example.test:${port}`]));

  tunnels.length = 0;
  stage.terraform.environment['NO_PROXY'] = '127.0.0.1';
  stage.write(app(), `url = "http://127.0.0.1:${port}"`);
  await stage.isQuiet();
  expect(tunnels).toEqual([]);
});

test('the debug log has each request with what came of it, and no secret', async () => {
  stage.terraform.environment['TF_LOG'] = 'DEBUG';
  stage.write(app());
  const { stderr } = expectCode(await stage.terraform.apply(), 0);
  const requests = stderr.split('\n').filter(line => /request to the bridge.*\/apps\/okta/.test(line));
  expect(requests).toEqual([
    expect.stringMatching(/\[DEBUG\](?=.*method=GET)(?=.*status=404)/),
    expect.stringMatching(/\[DEBUG\](?=.*method=GET)(?=.*status=404)/),
    expect.stringMatching(
      /\[DEBUG\](?=.*method=PUT)(?=.*generation=1)(?=.*\/admin\/v1\/apps\/okta)(?=.*ms=\d)(?=.*status=200)/,
    ),
  ]);
  expect(stderr).not.toContain(ADMIN_TOKEN);
});
