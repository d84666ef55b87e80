'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { type ReactNode, useState } from 'react';
import { callData } from '@/api/client';
import { insightsOf, projectPath, useAlertHistory, useManyInsights, useRules } from '@/api/queries';
import type { AlertTransition, Insight, Rule, RuleBody, TestResult } from '@/api/types';
import { ThresholdChart } from '@/charts/threshold-chart';
import { Button, IconButton, Switch } from '@/design/controls';
import { Icon } from '@/design/icon';
import { SeverityMark } from '@/design/severity';
import { Card, CardHead, Empty, Fault, FormFault, SkeletonRows } from '@/design/states';
import { useToast } from '@/design/toast';
import { count, moment } from '@/format/format';
import { DEFAULT_RANGE } from '@/route/range';
import { useHref, useRoute } from '@/route/route';
import type { Dictionary } from '@/text/en';
import { errorText } from '@/text/error-text';
import { useLanguage, useText } from '@/text/text';
import { RuleSentence } from './rule-sentence';
import { TelegramCard } from './telegram-card';
import { canPreview, type Preview, previewOf } from './would-fire';

const DAY_MS = 86_400_000;
/** Every five minutes of a day. */
const PREVIEW_STEPS = 288;
/** A day with more insights than this is not previewed. */
const DAY_PAGES_MAX = 20;

const NEW_RULE: RuleBody = {
  name: '',
  kind: 'threshold',
  metric: 'rage_clicks',
  operator: '>',
  threshold: 3,
  window: '5m',
  group_by: null,
  filters: [],
  channels: [{ type: 'telegram' }],
  cooldown_minutes: 15,
  is_active: true,
};

/** Only what a rule's body has: an answer carries more. */
function bodyOf(rule: RuleBody): RuleBody {
  const { name, kind, metric, operator, threshold, window, group_by, filters, channels } = rule;
  const { cooldown_minutes, is_active } = rule;
  return { name, kind, metric, operator, threshold, window, group_by, filters, channels, cooldown_minutes, is_active };
}

/** What a rule says, in short: its name unless somebody gives it another. */
function nameOf(rule: RuleBody, text: Dictionary): string {
  return `${text.alerts.metric[rule.metric] ?? rule.metric} ${rule.operator} ${rule.threshold}`;
}

function useRuleCalls() {
  const { project } = useRoute();
  const client = useQueryClient();
  const base = `${projectPath(project)}/alerts/rules`;
  const onSuccess = () => client.invalidateQueries({ queryKey: ['project', project, 'rules'] });
  const create = useMutation({
    mutationFn: (body: RuleBody) => callData<Rule>(base, { method: 'POST', body }),
    onSuccess,
  });
  const update = useMutation({
    mutationFn: ({ id, body }: { id: string; body: RuleBody }) =>
      callData<Rule>(`${base}/${id}`, { method: 'PATCH', body }),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: (id: string) => callData(`${base}/${id}`, { method: 'DELETE' }),
    onSuccess,
  });
  const test = useMutation({
    mutationFn: (id: string) => callData<TestResult[]>(`${base}/${id}/test`, { method: 'POST' }),
  });
  return { create, update, remove, test };
}

function lastDayOf(rule: RuleBody, insights: Insight[] | null): Preview | null {
  if (!insights || !canPreview(rule)) return null;
  const endMs = Date.now();
  return previewOf(rule, insights, endMs - DAY_MS, endMs, PREVIEW_STEPS);
}

/** The metric's last day against the threshold, and what can be done about the rule. */
function LastDay({ rule, insights, children }: { rule: RuleBody; insights: Insight[] | null; children: ReactNode }) {
  const text = useText();
  const preview = lastDayOf(rule, insights);
  const words = preview && `${text.alerts.lastDay}: ${text.alerts.wouldHaveFired(preview.firings)}`;
  return (
    <>
      {preview && words && (
        <div className="mt-3">
          <ThresholdChart preview={preview} threshold={rule.threshold} label={words} />
        </div>
      )}
      <div className="mt-1.5 flex min-h-9 flex-wrap items-center gap-2">
        {words && (
          <p data-testid="rule-preview" className="mr-auto text-12 text-muted">
            {words}
          </p>
        )}
        {children}
      </div>
    </>
  );
}

function RuleState({ rule, isFiring }: { rule: Rule; isFiring: boolean }) {
  const text = useText();
  if (!rule.is_active) return <span className="text-12 text-muted">{text.alerts.paused}</span>;
  if (!isFiring) return <span className="text-12 text-muted">{text.alerts.quiet}</span>;
  return (
    <span className="flex items-center gap-1.5 text-12 font-medium text-heat-text">
      <SeverityMark severity="high" />
      {text.alerts.firing}
    </span>
  );
}

function RuleCard({ rule, isFiring, insights }: { rule: Rule; isFiring: boolean; insights: Insight[] | null }) {
  const text = useText();
  const toast = useToast();
  const calls = useRuleCalls();
  const [draft, setDraft] = useState<RuleBody | null>(null);
  const shown = draft ?? rule;
  const save = (body: RuleBody) => {
    // A name that only repeated the rule follows it.
    const name = rule.name === nameOf(rule, text) ? nameOf(body, text) : rule.name;
    calls.update.mutate({ id: rule.id, body: bodyOf({ ...body, name }) }, { onSuccess: () => setDraft(null) });
  };
  const test = () =>
    calls.test.mutate(rule.id, {
      onSuccess: (results) => {
        const failed = results.find((result) => !result.is_sent);
        if (failed) toast(`${text.alerts.testFailed} ${failed.error ?? ''}`, true);
        else toast(results.length > 0 ? text.alerts.tested : text.alerts.testNobody, results.length === 0);
      },
      onError: (error) => toast(`${text.alerts.testFailed} ${errorText(error, text)}`, true),
    });
  return (
    <li data-testid="alert-rule" data-rule={rule.id} data-firing={isFiring} className="border-t border-hairline p-4">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <RuleSentence rule={shown} onChange={setDraft} />
        </div>
        <div className="flex items-center gap-2 pt-1">
          <RuleState rule={rule} isFiring={isFiring} />
          <Switch
            label={`${text.alerts.active}: ${rule.name}`}
            isOn={rule.is_active}
            onChange={(isOn) => save({ ...shown, is_active: isOn })}
          />
        </div>
      </div>
      <LastDay rule={shown} insights={insights}>
        {draft && (
          <>
            <Button tone="primary" disabled={calls.update.isPending} onClick={() => save(draft)}>
              {text.common.save}
            </Button>
            <Button tone="quiet" onClick={() => setDraft(null)}>
              {text.common.cancel}
            </Button>
          </>
        )}
        <FormFault error={calls.update.error ?? calls.remove.error} />
        <span className="ml-auto flex items-center gap-1">
          <Button tone="quiet" data-testid="rule-test" disabled={calls.test.isPending} onClick={test}>
            <Icon name="send" size={14} />
            {text.alerts.test}
          </Button>
          <IconButton icon="trash" label={text.alerts.delete} onClick={() => calls.remove.mutate(rule.id)} />
        </span>
      </LastDay>
    </li>
  );
}

function NewRule({ insights, onDone }: { insights: Insight[] | null; onDone(): void }) {
  const text = useText();
  const { create } = useRuleCalls();
  const [draft, setDraft] = useState(NEW_RULE);
  return (
    <div data-testid="new-rule-form" className="animate-enter border-t border-hairline bg-accent-soft p-4">
      <RuleSentence rule={draft} onChange={setDraft} />
      <LastDay rule={draft} insights={insights}>
        <Button
          tone="primary"
          data-testid="rule-save"
          disabled={create.isPending}
          onClick={() => create.mutate(bodyOf({ ...draft, name: nameOf(draft, text) }), { onSuccess: onDone })}
        >
          {text.common.save}
        </Button>
        <Button tone="quiet" onClick={onDone}>
          {text.common.cancel}
        </Button>
        <FormFault error={create.error} />
      </LastDay>
    </div>
  );
}

function Rules({ history }: { history: AlertTransition[] }) {
  const text = useText();
  const rules = useRules();
  const found = useManyInsights({ range: DEFAULT_RANGE }, DAY_PAGES_MAX);
  const [isNew, setNew] = useState(false);
  // Half a day's insights would make a wrong preview: all of them, or none.
  const insights = found.data && !found.hasNextPage ? insightsOf(found.data) : null;
  const isFiring = (rule: Rule) => history.find((transition) => transition.rule_id === rule.id)?.state === 'fired';
  return (
    <Card>
      <CardHead title={text.alerts.rules}>
        <Button data-testid="new-rule" onClick={() => setNew(true)}>
          <Icon name="plus" size={14} />
          {text.alerts.newRule}
        </Button>
      </CardHead>
      {isNew && <NewRule insights={insights} onDone={() => setNew(false)} />}
      {rules.isPending && <SkeletonRows rows={3} height={120} />}
      {rules.isError && !rules.data && <Fault error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.data?.length === 0 && !isNew && <Empty>{text.alerts.empty}</Empty>}
      <ul>
        {rules.data?.map((rule) => (
          <RuleCard key={rule.id} rule={rule} isFiring={isFiring(rule)} insights={insights} />
        ))}
      </ul>
    </Card>
  );
}

function Transition({ transition, name }: { transition: AlertTransition; name: string }) {
  const { text, language } = useLanguage();
  const href = useHref();
  const hasFired = transition.state === 'fired';
  const value = transition.value == null ? '–' : count(transition.value, language);
  const session = transition.session_ids?.[0];
  return (
    <li
      data-testid="alert-transition"
      data-state={transition.state}
      className="flex animate-enter flex-wrap items-baseline gap-x-3 gap-y-0.5 border-t border-hairline px-4 py-2.5 text-13"
    >
      <span className="flex w-20 items-center gap-1.5 font-medium">
        {hasFired ? <SeverityMark severity="high" /> : <Icon name="check" size={12} className="text-live-text" />}
        {hasFired ? text.alerts.fired : text.alerts.resolved}
      </span>
      <span className="min-w-0 flex-1 truncate">
        {name}
        {transition.group && <span className="text-muted"> · {transition.group}</span>}
      </span>
      <span className="text-12 text-muted">{moment(transition.time, Date.now(), language)}</span>
      <span className="flex w-full flex-wrap gap-x-3 text-12 text-muted">
        <span>
          {text.alerts.value(value, transition.threshold == null ? '–' : count(transition.threshold, language))}
        </span>
        {transition.deliveries?.map((delivery) => (
          <span
            key={`${delivery.channel} ${delivery.recipient}`}
            data-testid="delivery"
            data-state={delivery.state}
            className={delivery.state === 'failed' ? 'text-fault' : ''}
          >
            {delivery.channel} · {text.alerts.deliveries[delivery.state] ?? delivery.state}
            {delivery.last_error && ` (${delivery.last_error})`}
          </span>
        ))}
        {session && (
          <Link
            href={href(`sessions/${session}`)}
            prefetch={false}
            className="underline decoration-edge underline-offset-2"
          >
            {text.insights.openSession}
          </Link>
        )}
      </span>
    </li>
  );
}

function History({ history }: { history: ReturnType<typeof useAlertHistory> }) {
  const text = useText();
  const rules = useRules();
  const rows = history.data?.pages.flatMap((page) => page.data);
  const ruleName = (transition: AlertTransition) =>
    transition.rule_name ?? rules.data?.find((rule) => rule.id === transition.rule_id)?.name ?? '';
  return (
    <Card data-testid="alert-history">
      <CardHead title={text.alerts.history} />
      {history.isPending && <SkeletonRows rows={4} height={56} />}
      {history.isError && !rows && <Fault error={history.error} onRetry={() => void history.refetch()} />}
      {rows?.length === 0 && <p className="px-4 pb-4 text-13 text-muted">{text.alerts.historyEmpty}</p>}
      <ol>
        {rows?.map((transition) => (
          <Transition key={transition.id} transition={transition} name={ruleName(transition)} />
        ))}
      </ol>
      {history.hasNextPage && (
        <div className="flex justify-center border-t border-hairline p-2">
          <Button tone="quiet" onClick={() => void history.fetchNextPage()}>
            {text.common.more}
          </Button>
        </div>
      )}
    </Card>
  );
}

export function Alerts() {
  const text = useText();
  const history = useAlertHistory();
  return (
    <div className="flex flex-col gap-4">
      <h1>{text.pages.alerts}</h1>
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_360px]">
        <Rules history={history.data?.pages.flatMap((page) => page.data) ?? []} />
        <div className="flex flex-col gap-4">
          <TelegramCard />
          <History history={history} />
        </div>
      </div>
    </div>
  );
}
