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

/** What a bridge sends to anybody but Coder goes nowhere; it is made when the program is loaded, before there is any history. */
export class Agent {
  request(): Promise<never> {
    return Promise.reject(new Error('a history has nobody but Coder to speak to'));
  }
}
