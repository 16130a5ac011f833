import type { Here } from '../account/here';
import type { uploadImage } from '../api/image';
import type { MigrationProgress, MigrationReport } from '../types';
import { uploadPictures } from './pictures';
import { type Move, readProgress } from './progress';
import type { Harvest } from './read-old-keys';
import { reportOf } from './report';
import { importInto, sendDays, sendItems } from './send';
import { verifyDays } from './verify';

/*
 *   pictures ─► days ─► tasks, templates, draws ─► verified? ─► points ─► report
 *                ▲                                     │ no, once
 *                └─────────────────────────────────────┘
 *
 * Progress is stored after every step, and every step may be done twice: the server knows each text by its fingerprint. A run that
 * was killed is started again. The old keys are read and never changed.
 */

interface Wish {
  upload: typeof uploadImage;
  harvest: Harvest;
  /** False while the mode is `shadow`: no points are granted. */
  isFinal: boolean;
  onProgress(progress: MigrationProgress): void;
}

export async function moveToCloud(here: Here, { upload, harvest, isFinal, onProgress }: Wish): Promise<MigrationReport> {
  const progress = readProgress(here);
  const move: Move = { here, upload, harvest, progress, tell: (phase, done, total) => onProgress({ phase, done, total }) };
  await uploadPictures(move);
  await sendDays(move);
  for (const kind of ['tasks', 'rules', 'draws'] as const) await sendItems(move, kind);
  const lost = await verifyDays(move);
  // A text that the server can never take does not cost the child the points.
  const { claimed } = harvest;
  const grant = isFinal && lost === 0 ? (await importInto(here, { grant: { claimed } })).grant : undefined;
  move.tell('points', 1, 1);
  await readAllBack(here);
  return reportOf(move, { lost, grant });
}

/** So that the app shows what came over. A sync that was already under way may have read before it came. */
async function readAllBack({ sync }: Here): Promise<void> {
  const wasRunning = sync.isRunning();
  await sync.now().catch(() => undefined);
  if (wasRunning) await sync.now().catch(() => undefined);
}
