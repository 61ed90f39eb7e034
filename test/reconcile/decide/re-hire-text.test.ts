import { reHireText } from '../../../bridge/reconcile/decide/adoption';

/** The identity provider chooses the userName, and an operator copies the command into a shell. */
it.each([
  ['ada@example.com', 'coder-scim re-hire ada@example.com --keep;'],
  ['Ada Love$(id)', "coder-scim re-hire 'Ada Love$(id)' --keep;"],
  ["o'neil", "coder-scim re-hire 'o'\\''neil' --keep;"],
  ['--replace', "coder-scim re-hire '--replace' --keep;"],
])('the commands of a re-hire name %s as one word of a shell', (userName, command) => {
  expect(reHireText('account "ada"', userName)).toContain(command);
});
