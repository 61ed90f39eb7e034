/**
 * The files that take long come first, so that none of them is left alone at the end: on a clean clone nobody knows yet how long each takes,
 * and Jest would go by their size.
 */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { default: Sequencer } = require('@jest/test-sequencer');

const LONGEST = [/test\/(?:simulation|kill|fuzz)\//, /test\/(?:access|page|provider|reconcile\/group)\//];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path, duration }) => {
      const found = duration === undefined ? LONGEST.findIndex(which => which.test(path)) : 0;
      return found === -1 ? LONGEST.length : found;
    };
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
};
