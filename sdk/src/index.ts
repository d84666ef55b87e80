/** The npm package and the ES module by URL. Importing it does nothing; `GoSight.init({ projectKey })` starts it. */
import { GoSight } from './client.js';

export type { GoSightApi } from './client.js';
export type { Batching, Category, Config, GoSightError, Hooks, Privacy, Replay, ReplayMode, Sampling } from './config.js';
export type { AnyEvent, EventType, GoSightEvent, Page, Payloads, Primitive, Properties, Target } from './events.js';
export { GoSight };
export default GoSight;
