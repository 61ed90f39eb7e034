/** Stands in for the bridge's HTTP server: requests come from the history, in this process, and end with the machine. */
import { type RequestListener } from 'node:http';
import { currentMachine } from './machine';

export const EVERY_INTERFACE = '::';

export async function listen(): Promise<{
  readonly url: string;
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}> {
  const machine = currentMachine();
  return {
    url: `http://${machine.name}.invalid`,
    serve: listener => {
      machine.listener = listener;
    },
    close: () => {
      machine.listener = undefined;
      return Promise.resolve();
    },
  };
}
