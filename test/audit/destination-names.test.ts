/** Names of destinations, which metrics and the log show. */
import { toHttp } from '../../bridge/audit/destinations/http';

const nameOf = (url: string): string => toHttp(url, undefined, line => line.action).name;

it('the name of an HTTP place has its host, tells places on one host apart, and shows no path, query or password', () => {
  const name = nameOf('https://user:pass@siem.example.com/receiver/v1/http/SECRET==?key=ALSO');
  expect(name).toMatch(/^http:https:\/\/siem\.example\.com#[0-9a-f]{8}$/);
  expect(nameOf('https://siem.example.com/receiver/v1/http/OTHER==')).not.toBe(name);
});
