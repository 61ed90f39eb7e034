import { createLog } from '../../../bridge/process/log';
import { createCoercionCounter } from '../../../bridge/scim/http/coercion-counter';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('the first coercion is written at once; what comes within a second is added up, for each app by itself', () => {
  const written: [app: string, counts: Record<string, number>][] = [];
  const count = createCoercionCounter({
    recordCoercions: async (app, _dialect, counts) => void written.push([app, Object.fromEntries(counts)]),
    log: createLog({ level: 'silent', format: 'json', secrets: [] }),
  });
  const once = new Map([['booleanStrings', 1]]);
  const taken = () => written.splice(0);

  count('contoso', 'entra', once);
  expect(taken()).toEqual([['contoso', { booleanStrings: 1 }]]);
  count('contoso', 'entra', once);
  count(
    'contoso',
    'entra',
    new Map([
      ['booleanStrings', 1],
      ['pathCase', 2],
    ]),
  );
  count('fabrikam', 'entra', once);
  expect(taken()).toEqual([['fabrikam', { booleanStrings: 1 }]]);
  jest.advanceTimersByTime(999);
  expect(taken()).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(taken()).toEqual([['contoso', { booleanStrings: 2, pathCase: 2 }]]);
  jest.advanceTimersByTime(5_000);
  expect(taken()).toEqual([]);
  count('contoso', 'entra', once);
  expect(taken()).toEqual([['contoso', { booleanStrings: 1 }]]);
});
