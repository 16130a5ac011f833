import * as contract from '../../shared/diary/contract';
import {
  appendToDiary,
  createDiary,
  deleteDiary,
  getCalendar,
  getDiary,
  getHistory,
  getNeighbours,
  getOnThisDay,
  getRelated,
  getStats,
  getTrash,
  listDiaries,
  recordMood,
  restoreDiary,
  searchDiaries,
  updateDiary,
} from '../../shared/diary/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('diary', {
  create: action(contract.create, createDiary),
  list: action(contract.list, listDiaries),
  get: action(contract.get, getDiary),
  update: action(contract.update, updateDiary),
  delete: action(contract.remove, deleteDiary),
  append: action(contract.append, appendToDiary),
  history: action(contract.history, getHistory),
  trash: action(contract.trash, getTrash),
  restore: action(contract.restore, restoreDiary),
  recordMood: action(contract.recordMood, recordMood),
  calendar: action(contract.calendar, getCalendar),
  stats: action(contract.stats, getStats),
  search: action(contract.search, searchDiaries),
  onThisDay: action(contract.onThisDay, getOnThisDay),
  neighbours: action(contract.neighbours, getNeighbours),
  related: action(contract.related, getRelated),
});
