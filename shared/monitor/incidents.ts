import { config } from '../runtime/config';
import type { SystemContext } from '../runtime/context';
import { logLine } from '../runtime/log';
import type { Changes } from './contract';
import { type Incident, postIncident, postIncidentClaim, postIncidentTold, selectUntold } from './queries';
import { type Reading, type Rule, rules } from './rules';
import { postMessage } from './webhook';

const CLAIM_MS = 60_000;

const slotOf = (now: Date): Date => new Date(Math.floor(now.getTime() / 60_000) * 60_000);

/**
 * Opens and ends incidents by the results of the rules. `open` lists the incidents that were open before anything was read, so that this run does
 * not end an incident that a parallel run with newer readings has opened.
 */
export async function judge(
  ctx: SystemContext,
  open: ReadonlySet<string>,
  readings: readonly { rule: Rule; reading: Reading | null }[],
): Promise<Changes> {
  const slot = slotOf(ctx.now);
  const changes: Changes = { opened: [], closed: [] };
  for (const { rule, reading } of readings) {
    if (reading === null) continue;
    const isOpen = open.has(rule.name);
    if (!isOpen && reading.value >= rule.opensAt) {
      if (await postIncident(ctx.db, rule.name, true, reading.detail, slot)) changes.opened.push(rule.name);
    } else if (isOpen && reading.value < rule.closesBelow) {
      if (await postIncident(ctx.db, rule.name, false, reading.detail, slot)) changes.closed.push(rule.name);
    }
  }
  return changes;
}

const beijing = (instant: Date): string => new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');

function messageOf({ rule, detail, opened_at, closed_at }: Omit<Incident, `notified_${string}`>, isOpen: boolean): string {
  const title = rules.find(({ name }) => name === rule)?.title ?? rule;
  const place = config().cloud?.environmentId ?? config().environment;
  const minutes = closed_at === null ? 0 : Math.round((closed_at.getTime() - opened_at.getTime()) / 60_000);
  return [
    isOpen ? `**成长日记告警：<font color="warning">${title}</font>**` : `**成长日记恢复：<font color="info">${title}</font>**`,
    `> ${detail}`,
    `> 环境 ${place}，开始于 ${beijing(opened_at)}（北京时间）${isOpen ? '' : `，持续 ${minutes} 分钟`}`,
    `> 处理办法：docs/operations.zh-CN.md#${rule}`,
  ].join('\n');
}

async function tell(ctx: SystemContext, incident: Incident, isOpen: boolean): Promise<void> {
  const { now, requestId } = ctx;
  if (!(await postIncidentClaim(ctx.db, incident, isOpen, now, new Date(now.getTime() + CLAIM_MS)))) return;
  logLine('incident', { rule: incident.rule, isOpen, requestId });
  const isTold = await postMessage(messageOf(incident, isOpen), requestId);
  await postIncidentTold(ctx.db, incident, isOpen, isTold, now);
}

/**
 * Sends unsent messages, each once even with parallel runs. A message is sent again a minute later when the robot did not accept it or the
 * sending run died. If the run died after the robot accepted it and before that was stored, the message arrives twice.
 */
export async function tellAll(ctx: SystemContext): Promise<void> {
  for (const incident of await selectUntold(ctx.db)) {
    if (incident.notified_opened_at === null) await tell(ctx, incident, true);
    if (incident.closed_at !== null && incident.notified_closed_at === null) await tell(ctx, incident, false);
  }
}
