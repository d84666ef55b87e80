/** All sensors, started once per page, one file per kind of event. What a browser cannot do costs that sensor alone. */
import { guard } from '../guard.js';
import { startDom } from './dom.js';
import { startErrors } from './errors.js';
import { startNetwork } from './network.js';
import { startPage } from './page.js';
import { startPointer } from './pointer.js';

export function startSensors(): void {
  for (const start of [startPage, startPointer, startErrors, startNetwork, startDom]) guard(start)();
}
