import { useState } from 'preact/hooks';
import type { MigrationProgress, MigrationReport } from '../../../client/types';
import { useText } from '../text';
import { Sheet } from './sheet';
import { useHeld, useTask } from './use-device';

export function MigrationSheet({ onClose }: { onClose: () => void }) {
  const { device } = useHeld();
  const text = useText();
  const { busy, run } = useTask();
  const [progress, setProgress] = useState<MigrationProgress | null>(null);
  const [report, setReport] = useState<MigrationReport | null>(null);
  return (
    <Sheet title={text.migration.title} onClose={onClose}>
      {report === null ? (
        <>
          <p>{text.migration.found}</p>
          <p class="soft">{text.migration.stop}</p>
          {progress !== null && (
            <div class="progress-line">
              <p>
                {text.migration.phases[progress.phase]} {progress.done} / {progress.total}
              </p>
              <progress value={progress.done} max={progress.total || 1} aria-label={text.migration.progress} />
            </div>
          )}
          <button
            type="button"
            class="main-button"
            disabled={busy}
            onClick={() => run(async () => setReport(await device.app().migration.run({ onProgress: setProgress })))}
          >
            {text.migration.run}
          </button>
        </>
      ) : (
        <Report report={report} />
      )}
    </Sheet>
  );
}

function Report({ report }: { report: MigrationReport }) {
  const text = useText();
  const { textsIn, daysOut, imported, same, keptServer, invalid, lost, pictures, points, keptOnPhone, merged, verified } = report;
  const rows: [string, string | number][] = [
    [text.migration.texts, textsIn],
    [text.migration.days, daysOut],
    [text.migration.merged, merged.length],
    [text.migration.imported, imported],
    [text.migration.same, same],
    [text.migration.kept, keptServer.length],
    [text.migration.invalid, invalid.length],
    [text.migration.lost, lost],
    [text.migration.pictures, `${pictures.uploaded} / ${pictures.kept} / ${pictures.missing.length}`],
    [text.migration.points, `${points.claimed} / ${points.granted}`],
  ];
  return (
    <>
      <p class="verdict" data-good={verified}>
        {verified ? text.migration.done : text.migration.notDone}
      </p>
      <dl class="report">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {points.granted < points.claimed && <p class="soft">{text.migration.fewer(points.claimed, points.granted)}</p>}
      {keptOnPhone.length > 0 && (
        <p class="soft">
          {text.migration.left}: {keptOnPhone.join(', ')}
        </p>
      )}
    </>
  );
}
