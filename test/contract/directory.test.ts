/** What is read of people's documents, whatever their length. */
import { emailOf } from '../../bridge/contract/directory';

describe('a userName that is an address', () => {
  test.each([
    ['ada@example.com', true],
    ['ada@mail.example.com', true],
    ['ada@..com', true],
    ['ada@.com', false],
    ['ada@example', false],
    ['ada@example.', false],
    ['ada@example.com@x', false],
    ['@example.com', false],
    ['ada love@example.com', false],
  ])('%s: %s', (userName, isOne) => {
    expect(emailOf({ userName })).toBe(isOne ? userName : undefined);
  });

  // An expression that tries each dot goes through all that follows from each of them: for hours.
  test('is told apart from dots without end', () => {
    expect(emailOf({ userName: `ada@${'.'.repeat(3_000_000)}@` })).toBeUndefined();
  });
});
