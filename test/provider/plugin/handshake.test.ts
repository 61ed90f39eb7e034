import { X509Certificate } from 'node:crypto';
import { createCertificate } from '../../../provider/plugin/certificate';
import { handshakeLine, readInvitation } from '../../../provider/plugin/handshake';

const TF_PLUGIN_MAGIC_COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';

test('started by hand, it says what it is and what to do', () => {
  expect(() => readInvitation({}, 'demo 1.0.0')).toThrow(/^demo 1\.0\.0\n\nThis program is a Terraform provider/);
});

test.each([['5'], ['']])('protocol 6 is not among %j: it says which is needed', PLUGIN_PROTOCOL_VERSIONS => {
  expect(() => readInvitation({ TF_PLUGIN_MAGIC_COOKIE, PLUGIN_PROTOCOL_VERSIONS }, 'demo')).toThrow(
    /plugin protocol 6 is needed/,
  );
});

test('started by Terraform, it has the certificate and the folder that Terraform named', () => {
  const environment = {
    TF_PLUGIN_MAGIC_COOKIE,
    PLUGIN_PROTOCOL_VERSIONS: '5,6',
    PLUGIN_CLIENT_CERT: 'pem',
    PLUGIN_UNIX_SOCKET_DIR: '/run/x',
  };
  expect(readInvitation(environment, 'demo')).toEqual({ clientCertificate: 'pem', socketDirectory: '/run/x' });
});

test('the first line has six parts, and no padding in the certificate', () => {
  expect(handshakeLine({ network: 'unix', address: '/tmp/p/socket' }, Buffer.from('abcd'))).toBe(
    '1|6|unix|/tmp/p/socket|grpc|YWJjZA',
  );
  expect(handshakeLine({ network: 'tcp', address: '127.0.0.1:5' }, undefined)).toBe('1|6|tcp|127.0.0.1:5|grpc|');
});

test.each(['2025-01-01T00:00:00Z', '2049-06-01T00:00:00Z', '2060-01-01T00:00:00Z'])(
  'the certificate made at %s is one that others can read and verify',
  now => {
    const { der, certificatePem } = createCertificate(new Date(now));
    const certificate = new X509Certificate(der);
    expect(new X509Certificate(certificatePem).raw).toEqual(certificate.raw);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.ca).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.parse(now));
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.parse(now) + 300 * 86_400_000);
  },
);
