/** network_activity: a request started, so that the click it answers is not called dead. Each request's details: more/network.ts. */
import { options } from '../config.js';
import { after } from '../guard.js';
import { emit, inResponseWindow } from '../pipeline.js';

export function startNetwork(): void {
  const started = () => {
    // Away from clicks a polling page would tell of every poll.
    if (!options.events.network && inResponseWindow()) emit('network_activity', {});
  };
  after(window, 'fetch', started);
  after(XMLHttpRequest.prototype, 'send', started);
}
