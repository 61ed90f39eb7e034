// Loaded before a bridge: its clock and its count of time are the machine's and as many milliseconds more as a file says, and
// so is the date of what Coder answers. Timers run as ever.
import { readFileSync, watchFile } from 'node:fs';

const file = process.env.MOVED_CLOCK;
const TheDate = Date;
let ahead = 0;

globalThis.Date = class extends TheDate {
  constructor(...given) {
    if (given.length === 0) super(TheDate.now() + ahead);
    else super(...given);
  }

  static now() {
    return TheDate.now() + ahead;
  }

  static parse(text) {
    return TheDate.parse(text) + (/ GMT$/.test(text) ? ahead : 0);
  }
};

const { performance } = globalThis;
const count = performance.now.bind(performance);
performance.now = () => count() + ahead;

const read = () => {
  ahead = Number(readFileSync(file, 'utf8')) || ahead;
};
read();
watchFile(file, { interval: 50, persistent: false }, read);
