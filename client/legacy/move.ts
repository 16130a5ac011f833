import type { Here } from '../account/here';
import type { uploadImage } from '../api/image';
import type { MigrationProgress, MigrationReport } from '../types';
import type { Harvest } from './harvest';
import { moveConflicts } from './move-conflicts';
import { moveProfile } from './move-profile';
import { uploadPictures } from './pictures';
import { type Move, type Progress, saveProgress } from './progress';
import { reportOf } from './report';
import { importInto, sendDays, sendItems, sendWheel } from './send';
import { verifyDays } from './verify';

/*
 *   pictures ─► days ─► templates, tasks, draws, moods, prizes, profile ─► verified? ─► points ─► report
 *                ▲                                     │ no, once
 *                └─────────────────────────────────────┘
 *
 * Progress is stored after every step, and every step may be done twice: the server knows each text by its fingerprint. A run that
 * was killed is started again. The old keys are read and never changed.
 */

interface Wish {
  upload: typeof uploadImage;
  harvest: Harvest;
  progress: Progress;
  /** False while the mode is `shadow`: no points are granted. */
  isFinal: boolean;
  onProgress(progress: MigrationProgress): void;
}

export async function moveToCloud(here: Here, { upload, harvest, progress, isFinal, onProgress }: Wish): Promise<MigrationReport> {
  const move: Move = { here, upload, harvest, progress, tell: (phase, done, total) => onProgress({ phase, done, total }) };
  await uploadPictures(move);
  await sendDays(move);
  // Templates before tasks: a done task of today belongs to its template.
  for (const kind of ['rules', 'tasks', 'draws', 'moods'] as const) await sendItems(move, kind);
  await sendWheel(move);
  saveProgress(move);
  await moveProfile(move);
  const lost = await verifyDays(move);
  // A text that the server can never take does not cost the child the points.
  const { claimed } = harvest;
  const grant = isFinal && lost === 0 ? (await importInto(here, { grant: { claimed } })).grant : undefined;
  move.tell('points', 1, 1);
  await readAllBack(here);
  await moveConflicts(move);
  return reportOf(move, { lost, grant });
}

/** So that the app shows what came over. A sync that was already under way may have read before it came. */
async function readAllBack({ sync }: Here): Promise<void> {
  const wasRunning = sync.isRunning();
  await sync.now().catch(() => undefined);
  if (wasRunning) await sync.now().catch(() => undefined);
}
