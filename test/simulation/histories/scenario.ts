/** A history with a name: what is there in good weather, and what happens then, when the weather may be bad. */
import { type Scene } from '../checks/scene';
import { type Story } from './story';

export interface Scenario extends Story {
  /** What else must be so at the end: a sentence for each thing that is not. */
  readonly then?: (scene: Scene) => readonly (string | false | undefined)[];
}
