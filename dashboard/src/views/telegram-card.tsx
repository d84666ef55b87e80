'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, callData } from '@/api/client';
import { projectPath, useTelegramChats } from '@/api/queries';
import type { TelegramLink } from '@/api/types';
import { Button, CopyButton, IconButton } from '@/design/controls';
import { Icon } from '@/design/icon';
import { Card, FormFault } from '@/design/states';
import { timeOfDay } from '@/format/format';
import { useRoute } from '@/route/route';
import { useLanguage, useText } from '@/text/text';

function isUnconfigured(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 409);
}

/** Links a chat: a one-time code, a deep link, and the same as a picture for the phone. */
export function TelegramCard() {
  const { text, language } = useLanguage();
  const { project } = useRoute();
  const link = useMutation({
    mutationFn: () => callData<TelegramLink>(`${projectPath(project)}/alerts/telegram/link`, { method: 'POST' }),
  });
  return (
    <Card className="p-4" data-testid="telegram-card">
      <h2 className="flex items-center gap-2">
        <Icon name="send" className="text-muted" />
        {text.alerts.telegram}
      </h2>
      <p className="mt-1 text-13 text-muted">{text.alerts.telegramLead}</p>
      {!link.data && (
        <Button className="mt-3" data-testid="telegram-code" disabled={link.isPending} onClick={() => link.mutate()}>
          {text.alerts.telegramCode}
        </Button>
      )}
      {link.error &&
        (isUnconfigured(link.error) ? (
          <p className="mt-2 text-13 text-muted">{text.alerts.telegramOff}</p>
        ) : (
          <FormFault error={link.error} />
        ))}
      {link.data && (
        <div className="mt-3 flex animate-enter flex-wrap gap-4">
          {/* biome-ignore lint/performance/noImgElement: a picture of the API, in the answer itself */}
          <img
            src={`data:image/svg+xml;utf8,${encodeURIComponent(link.data.qr_svg)}`}
            alt={text.alerts.telegramOpen}
            width={128}
            height={128}
            className="rounded-control border border-hairline bg-[#fff] p-1"
          />
          <div className="flex min-w-0 flex-col items-start gap-2">
            <code data-testid="telegram-link-code" className="font-mono text-14">
              /start {link.data.code}
            </code>
            <CopyButton value={`/start ${link.data.code}`} />
            <a
              href={link.data.url}
              target="_blank"
              rel="noreferrer"
              className="text-13 underline decoration-edge underline-offset-2"
            >
              {text.alerts.telegramOpen}
            </a>
            <p className="text-12 text-muted">
              {text.alerts.telegramExpires(timeOfDay(link.data.expires_at, language))}
            </p>
          </div>
        </div>
      )}
      <LinkedChats isWaiting={link.isSuccess} />
    </Card>
  );
}

function LinkedChats({ isWaiting }: { isWaiting: boolean }) {
  const text = useText();
  const { project } = useRoute();
  const client = useQueryClient();
  const chats = useTelegramChats(isWaiting);
  const unlink = useMutation({
    mutationFn: (id: number) => callData(`${projectPath(project)}/alerts/telegram/chats/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['project', project, 'chats'] }),
  });
  if (!chats.data?.length) return null;
  return (
    <ul aria-label={text.alerts.linkedChats} className="mt-3 border-t border-hairline pt-2">
      {chats.data.map((chat) => (
        <li key={chat.chat_id} data-testid="telegram-chat" className="flex items-center justify-between gap-2 text-13">
          <span className="truncate">{chat.title}</span>
          <IconButton
            icon="close"
            label={text.alerts.removeChannel(chat.title)}
            onClick={() => unlink.mutate(chat.chat_id)}
          />
        </li>
      ))}
    </ul>
  );
}
