/** Audio and video: play, pause, seek, complete, error. */
import { cleanUrl, emit, onEveryWindow, options, textToTell } from './core.js';
import { isPrivate } from './private.js';

const TYPES = { play: 'media_play', pause: 'media_pause', seeked: 'media_seek', ended: 'media_complete', error: 'media_error' } as const;

function watched({ played }: HTMLMediaElement): number {
  let seconds = 0;
  for (let i = 0; i < played.length; i++) seconds += played.end(i) - played.start(i);
  return seconds;
}

export function startMedia(): void {
  if (!options.events.media) return;
  onEveryWindow(Object.keys(TYPES).join(' '), ({ type, target }) => {
    const media = target as HTMLMediaElement;
    if (!/^(audio|video)$/.test(media.localName)) return;
    emit(TYPES[type as keyof typeof TYPES], {
      kind: media.localName,
      src: isPrivate(media) ? '' : cleanUrl(media.currentSrc),
      id: textToTell(media.id, false),
      current_s: media.currentTime,
      duration_s: media.duration,
      watched_s: watched(media),
    });
  });
}
