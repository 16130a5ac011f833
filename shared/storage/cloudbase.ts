import { config } from '../runtime/config';
import { openCloud } from './cloud';
import type { Provider } from './provider';

const TIMEOUT_MS = 3_000;
/** The first call loads the SDK. */
const UPLOAD_TIMEOUT_MS = 10_000;
const LINKS_TIMEOUT_MS = 1_500;

/** The storage of the CloudBase environment that the functions run in. File ids read `cloud://<environment>.<bucket>/<path>`. */
export const cloudbaseProvider: Provider = {
  async fileIdOf(path) {
    const cloud = await openCloud();
    return (await cloud.getUploadMetadata({ cloudPath: path }, { timeout: UPLOAD_TIMEOUT_MS })).data.fileId;
  },
  async upload(path, bytes, timeoutMs) {
    const cloud = await openCloud();
    return (await cloud.uploadFile({ cloudPath: path, fileContent: bytes }, { timeout: timeoutMs })).fileID;
  },
  async remove(fileIds) {
    const cloud = await openCloud();
    await cloud.deleteFile({ fileList: [...fileIds] }, { timeout: TIMEOUT_MS });
  },
  async links(fileIds, seconds) {
    const cloud = await openCloud();
    const fileList = fileIds.map((fileID) => ({ fileID, maxAge: seconds }));
    const answer = await cloud.getTempFileURL({ fileList }, { timeout: LINKS_TIMEOUT_MS });
    return answer.fileList.flatMap(({ code, fileID, tempFileURL }) => (code === 'SUCCESS' && tempFileURL ? [[fileID, tempFileURL]] : []));
  },
  async probe() {
    const cloud = await openCloud();
    const fileID = `cloud://${config().cloud?.environmentId}.none/health`;
    await cloud.getTempFileURL({ fileList: [{ fileID, maxAge: 60 }] }, { timeout: LINKS_TIMEOUT_MS });
  },
};
