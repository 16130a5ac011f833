import { select } from '../harness';
import type { Twin } from './stage';

/**
 * Each breaks one rule of sync, as a careless change would, at a place where the rule shows. The simulation has to notice: what it lets pass here it
 * would let pass in the code.
 */
export const twins: Record<string, Twin> = {
  'a text that loses is not kept': {
    async afterStep({ userId }) {
      await select('DELETE FROM diary_revisions WHERE user_id = ?', [userId]);
    },
  },
  'every version passes for seen': {
    async asked({ mutations = [] }, { userId }) {
      const [user] = await select<{ rev: number }>('SELECT rev FROM users WHERE id = ?', [userId]);
      for (const mutation of mutations) mutation.baseRev = user?.rev ?? 0;
    },
  },
  'no mutation is recognised when it comes again': {
    asked(input, stage) {
      if (!input.mutations?.length) return;
      input.clientId = `new-each-call-${stage.clock.now}-${Math.random().toString(36).slice(2, 10)}`;
      input.mutations = input.mutations.map((mutation, index) => ({ ...mutation, mid: index + 1 }));
    },
    answered({ results }, { mutations = [] }) {
      for (const result of results) result.mid += (mutations[0]?.mid ?? 1) - 1;
    },
  },
  'the cursor of a cut page is the newest rev': {
    answered(answer) {
      if (answer.hasMore) answer.cursor = answer.cursor.replace(/\.\d+\./, `.${answer.serverRev}.`);
    },
  },
  'a page loses the last of several changes of one rev': {
    answered({ changes }) {
      const [before, last] = changes.slice(-2);
      if (before && last && before.rev === last.rev) changes.pop();
    },
  },
  'a reset goes unsaid': {
    answered(answer) {
      delete answer.reset;
    },
  },
  'a refused text is not set aside': {
    afterStep({ devices }) {
      for (const { phone } of devices) {
        for (const key of phone.storage.keys()) if (key.includes(':aside:')) phone.storage.delete(key);
      }
    },
  },
  'a row that cannot be read is dropped': {
    afterStep({ devices }) {
      for (const { phone } of devices) for (const [key, value] of phone.storage) if (value === 'rubbish') phone.storage.delete(key);
    },
  },
  'a text of tomorrow is dropped': {
    afterStep({ devices }) {
      for (const { phone } of devices) for (const key of phone.storage.keys()) if (key.includes(':later:')) phone.storage.delete(key);
    },
  },
  'deletions are not told': {
    answered(answer) {
      answer.changes = answer.changes.filter((change) => !('deleted' in change));
    },
  },
};
