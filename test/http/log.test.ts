import { PREFIXES, type SecretKind } from '../../bridge/contract/secret-shapes';
import { loggableUrl } from '../../bridge/http/log';
import { mintSecret } from '../../bridge/scim/access/token';

describe('URLs in the log', () => {
  it.each([
    ['/scim/v2/Users?startIndex=1&count=100', '/scim/v2/Users?startIndex=1&count=100'],
    ['/scim/v2/Users?filter=userName%20eq%20%22alice%40example.com%22', '/scim/v2/Users?filter=userName eq "…"'],
    ['/scim/v2/Users?filter=userName+eq+alice', '/scim/v2/Users?filter=userName eq …'],
    ['/scim/v2/Users?filter=a+eq+"x+or+b+eq+y"+and+c+pr', '/scim/v2/Users?filter=a eq "…" and c pr'],
    ['/scim/v2/Users?filter=displayName+eq+Ada+Lovelace', '/scim/v2/Users?filter=displayName eq …'],
    [
      '/scim/v2/Users?filter=name.familyName+eq+Marie+Le+Pen+and+active+pr',
      '/scim/v2/Users?filter=name.familyName eq … and active pr',
    ],
    [
      '/scim/v2/Groups?filter=displayName+eq+Research+and+Ada+(Lovelace)+King',
      '/scim/v2/Groups?filter=displayName eq … and … (…) …',
    ],
    [
      '/scim/v2/Users?filter=displayName+eq+"Ada+"the"+Lovelace"+King',
      '/scim/v2/Users?filter=displayName eq "…"…"…" …',
    ],
    ["/scim/v2/Users?filter=displayName+eq+'Ada+Lovelace'", '/scim/v2/Users?filter=displayName eq …'],
    ['/scim/v2/Users?filter=userName+eq"alice"', '/scim/v2/Users?filter=userName eq"…"'],
    ['/scim/v2/Users?filter=alice%40example.com', '/scim/v2/Users?filter=…'],
    ['/scim/v2/Users?filter=displayName+equals+Ada', '/scim/v2/Users?filter=…'],
    [
      '/scim/v2/Users?filter=(emails[type+eq+"work"+and+primary+EQ+true].value+eq+Ada)+or+not(urn:x:2.0:User:title+pr)',
      '/scim/v2/Users?filter=(emails[type eq "…" and primary EQ …].value eq …) or not(urn:x:2.0:User:title pr)',
    ],
    ['/scim/v2/Users/alice@example.com', '/scim/v2/Users/…'],
    ['/scim/v2/Users/alice%40example.com', '/scim/v2/Users/…'],
    ['/admin/v1/explain?user=alice', '/admin/v1/explain?user=…'],
    ['/scim/v2/Groups?cursor=abc&aadOptscim062020', '/scim/v2/Groups?cursor=…&aadOptscim062020=…'],
  ])('%s is shown as %s', (url, shown) => {
    expect(loggableUrl(url)).toBe(shown);
  });

  it.each(Object.keys(PREFIXES) as SecretKind[])('a secret of the kind %s is shown nowhere', kind => {
    const { text } = mintSecret(kind);
    expect(loggableUrl(`/apps/${text}/scim/v2/Users/${text.replaceAll('_', '%5F')}?app=${text}&limit=1`)).toBe(
      '/apps/[redacted]/scim/v2/Users/[redacted]?app=[redacted]&limit=1',
    );
  });
});
