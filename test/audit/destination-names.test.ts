/** Names of destinations, which metrics and the log show. */
import { toHttp } from '../../bridge/audit/destinations/http';

const nameOf = (url: string): string =>
  toHttp(url, { authorization: undefined, format: line => line.action, log: { warn: () => undefined } }).name;

it('the name of an HTTP place has its host, tells places on one host apart, and shows no path, query or password', () => {
  const name = nameOf('https://user:pass@siem.example.com/receiver/v1/http/SECRET==?key=ALSO');
  expect(name).toMatch(/^http:https:\/\/siem\.example\.com#[0-9a-f]{8}$/);
  expect(nameOf('https://siem.example.com/receiver/v1/http/OTHER==')).not.toBe(name);
});

it('two HTTP places that differ in their query alone have two names', () => {
  const name = nameOf('https://siem.example.com/in?tenant=one');
  expect(name).toMatch(/^http:https:\/\/siem\.example\.com#[0-9a-f]{8}$/);
  expect(nameOf('https://siem.example.com/in?tenant=two')).not.toBe(name);
  expect(nameOf('https://siem.example.com/in')).not.toBe(name);
});

it('an HTTP place without a query is called as it always was: its cursor is found again', () => {
  expect(nameOf('https://siem.example.com/in')).toBe('http:https://siem.example.com#86121fea');
});
