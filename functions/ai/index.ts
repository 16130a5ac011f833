import * as contract from '../../shared/ai/contract';
import { commentOnDiary, drawImage, getJob, likeComment, takeVerdict, workThrough } from '../../shared/ai/operations';
import { action, serve } from '../../shared/runtime/serve';

export const main = serve('ai', {
  commentDiary: action(contract.commentDiary, commentOnDiary),
  generateImage: action(contract.generateImage, drawImage),
  job: action(contract.job, getJob),
  likeComment: action(contract.likeComment, likeComment),
  pictureChecked: action(contract.pictureChecked, takeVerdict),
  work: action(contract.work, workThrough),
});
