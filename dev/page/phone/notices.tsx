import { useEffect, useRef } from 'preact/hooks';
import type { MigrationStatus } from '../../../client/types';
import { useText } from '../text';
import { ConflictSheet, KeptSheet } from './conflicts';
import { MigrationSheet } from './migration';
import { useHeld, useRead } from './use-device';

export type Notice = 'conflict' | 'kept' | 'migration';

const isWaiting = (migration: MigrationStatus | null): boolean => migration?.hasLocalData === true && migration.state !== 'verified';

/** What waits for the child's decision or look: a line each, above the tab's content. A conflict to be decided opens by itself. */
export function Notices({ onOpen }: { onOpen: (notice: Notice) => void }) {
  const { device } = useHeld();
  const text = useText();
  const { sync } = device.app();
  const conflicts = sync.conflicts();
  const asked = conflicts.filter(({ policy }) => policy === 'ask').length;
  const kept = conflicts.length - asked + sync.setAside().length;
  const migration = useRead((app) => app.migration.status());

  const before = useRef(0);
  useEffect(() => {
    if (asked > before.current) onOpen('conflict');
    before.current = asked;
  }, [asked, onOpen]);

  return (
    <div class="notices">
      {asked > 0 && (
        <button type="button" onClick={() => onOpen('conflict')}>
          {text.sync.conflicts(asked)}
        </button>
      )}
      {kept > 0 && (
        <button type="button" onClick={() => onOpen('kept')}>
          {text.sync.kept(kept)}
        </button>
      )}
      {isWaiting(migration) && (
        <button type="button" onClick={() => onOpen('migration')}>
          {text.migration.title}
        </button>
      )}
    </div>
  );
}

export function NoticeSheet({ notice, onClose }: { notice: Notice; onClose: () => void }) {
  if (notice === 'conflict') return <ConflictSheet onClose={onClose} />;
  if (notice === 'kept') return <KeptSheet onClose={onClose} />;
  return <MigrationSheet onClose={onClose} />;
}
