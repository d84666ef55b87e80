/** network_activity: a request started, so that the click it answers is not called dead. Each request's details: more/network.ts. */
import { guard } from '../guard.js';
import { emit, inResponseWindow, isOn } from '../pipeline.js';

/** Away from clicks a polling page would tell of every poll. */
const ACTIVITY_EVERY_MS = 1000;

export function startNetwork(): void {
  let toldAt = 0;
  const started = guard(() => {
    const now = Date.now();
    if (!isOn('network') && (inResponseWindow() || now - toldAt > ACTIVITY_EVERY_MS)) emit('network_activity', {});
    toldAt = now;
  });
  const { fetch } = window;
  window.fetch = (...args) => {
    started();
    return fetch(...args);
  };
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    started();
    send.call(this, body);
  };
}
