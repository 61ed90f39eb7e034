/** What every view is given: who looks, where the page is, what time it is. */
import { type Caller } from '../http/caller';
import { type Html } from './html';

export interface View {
  /** Path of the page as the browser sees it, without a slash at the end: `/ui`. */
  readonly base: string;
  readonly caller: Caller;
  /** Proof that a form is ours. */
  readonly csrf: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What was just done, told once. */
  readonly notice: string | undefined;
  /** Aborted when they have gone: what takes long ends. */
  readonly gone: AbortSignal;
}

/** One page below the layout. */
export interface Page {
  readonly title: string;
  /** Key of its entry in the navigation. */
  readonly nav: string;
  readonly body: Html;
}

export function mayOperate({ caller }: View): boolean {
  return caller.scopes.has('operate');
}
