import * as z from 'zod';
import { cosEnvironment, startFakeCos } from '../fakes/cos';
import { startFakeCoze } from '../fakes/coze';
import { startFakeCloud } from '../fakes/storage';

interface Outside {
  /** Tells the functions where these services are. */
  env: Record<string, string>;
  /** What the functions have put into cloud storage, by its path there. */
  file(path: string): Buffer | undefined;
  stop(): Promise<void>;
}

const eventData = z.record(z.string(), z.unknown());

/** The cloud around the functions of a local run, and an AI provider and a COS bucket (with STORAGE=cos) unless `given` names real ones. */
export async function startOutside(
  given: Record<string, string | undefined>,
  invoke: (functionName: string, data: Record<string, unknown>) => Promise<{ result: unknown }>,
): Promise<Outside> {
  const isGiven = Boolean(given.COZE_TOKEN || given.COZE_OAUTH_APP_ID);
  const needsCos = given.STORAGE === 'cos' && !given.COS_SECRET_ID;
  const [cloud, coze, cos] = await Promise.all([
    startFakeCloud({ invoke: async (name, event) => (await invoke(name, eventData.parse(event))).result }),
    isGiven ? null : startFakeCoze(),
    needsCos ? startFakeCos() : null,
  ]);
  return {
    env: {
      ...(cos && cosEnvironment(cos)),
      TCB_CONTEXT_CNFG: JSON.stringify({ URL: `${cloud.url}/admin` }),
      ...(coze && { COZE_TOKEN: 'pat-local', COZE_API_BASE: coze.url, COZE_BOT_ID: 'local', COZE_WORKFLOW_ID: 'local' }),
    },
    file: (path) => cos?.objects.get(path)?.bytes ?? [...cloud.files].find(([id]) => id.endsWith(`/${path}`))?.[1],
    stop: async () => {
      await Promise.all([cloud.stop(), coze?.stop(), cos?.stop()]);
    },
  };
}
