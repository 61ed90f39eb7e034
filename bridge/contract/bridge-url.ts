/** The address of a bridge, checked where it is written: at synth in constructs, at validate in the provider. A leaf. */

const WANTED = 'wanted the base URL of the bridge as seen from where Terraform runs, such as https://scim.example.com';

/** What is wrong with an address; undefined when nothing is. What may be a password in it is not repeated. */
export function bridgeUrlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    return `has a credential inside, which plan and state would show: ${WANTED}`;
  }
  const got = JSON.stringify(text);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return `is ${got}: ${WANTED}`;
  if (url.search !== '' || url.hash !== '') return `is ${got}, with a query or fragment: ${WANTED}`;
  const route = /\/(admin\/v1|scim\/v2|apps\/[^/]*\/scim\/v2)\/?$/.exec(url.pathname)?.[0];
  return route === undefined
    ? undefined
    : `is ${got}, an address inside the bridge: leave out ${JSON.stringify(route)}; ${WANTED}`;
}
