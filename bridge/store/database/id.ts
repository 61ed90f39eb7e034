import { randomBytes } from 'node:crypto';

let lastMillisecond = -1;
let count = 0;

/**
 * A UUIDv7 (RFC 9562 §5.7): ids in order of creation, so that a page by id is a page by age. Ids of one millisecond are kept in order
 * by a counter (§6.2, method 1), between processes only to the millisecond.
 */
export function newId(now = Date.now()): string {
  count = now === lastMillisecond ? (count + 1) & 0xfff : 0;
  lastMillisecond = now;
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt16BE(0x7000 | count, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
