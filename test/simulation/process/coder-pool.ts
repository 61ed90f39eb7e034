/** Stands in for undici: calls of a bridge go to the Coder double over a network whose weather the history makes. */
import { type CoderCall, currentMachine } from './machine';

export class Pool {
  readonly #machine = currentMachine();

  async request(call: CoderCall) {
    const answer = await this.#machine.coder.call(this.#machine, call);
    return {
      statusCode: answer.status,
      headers: answer.headers,
      body: {
        text: () => Promise.resolve(answer.text),
        dump: () => Promise.resolve(),
        async *[Symbol.asyncIterator]() {
          yield Buffer.from(answer.text);
        },
      },
    };
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const Agent = Pool;

/** What a bridge sends to anybody but Coder goes nowhere. */
export function request(): Promise<never> {
  return Promise.reject(new Error('a history has nobody but Coder to speak to'));
}
