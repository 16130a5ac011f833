import * as importContract from '../../shared/import/contract';
import { importChunk, verifyImport } from '../../shared/import/operations';
import { action, serve } from '../../shared/runtime/serve';
import * as contract from '../../shared/sync/contract';
import { getHome, synchronise } from '../../shared/sync/operations';

export const main = serve('sync', {
  sync: action(contract.sync, synchronise),
  home: action(contract.home, getHome),
  import: action(importContract.import, importChunk),
  verify: action(importContract.verify, verifyImport),
});
