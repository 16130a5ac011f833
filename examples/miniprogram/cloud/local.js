// @ts-check
/**
 * 用 wx.request 代替 wx.cloud，连本机的 npm start：同样的云函数，同样的参数和回答。
 * @param {string} address 例如 http://127.0.0.1:3000 或 http://192.168.1.5:3000/?token=…
 * @param {string} openid
 */
function createLocalCloud(address, openid) {
  const base = address.replace(/\/?(\?.*)?$/, '');
  const [, token = ''] = /[?&]token=([^&]+)/.exec(address) || [];
  const header = { 'content-type': 'application/json', 'x-gateway-token': token };
  const notStarted = { errMsg: `连不上 ${base}，请先运行 npm start` };

  return {
    /** @param {{ name: string, data: object }} call */
    callFunction: ({ name, data }) =>
      new Promise((resolve, reject) => {
        wx.request({
          url: `${base}/invoke/${name}`,
          method: 'POST',
          header,
          data: { data, as: { openid } },
          success: ({ data: answer }) => {
            if (answer && answer.result) resolve({ result: answer.result, errMsg: 'cloud.callFunction:ok' });
            else reject({ errMsg: (answer && answer.error) || '云函数没有回答' });
          },
          fail: () => reject(notStarted),
        });
      }),

    /** @param {{ cloudPath: string, filePath: string, success: (answer: { fileID: string }) => void, fail: (error: unknown) => void }} upload */
    uploadFile: ({ cloudPath, filePath, success, fail }) => {
      wx.getFileSystemManager().readFile({
        filePath,
        success: ({ data }) =>
          wx.request({
            url: `${base}/local/files/${cloudPath}`,
            method: 'PUT',
            header: { 'content-type': 'application/octet-stream', 'x-gateway-token': token },
            data,
            success: ({ statusCode }) => (statusCode === 200 ? success({ fileID: `cloud://local.growth-diary/${cloudPath}` }) : fail(notStarted)),
            fail,
          }),
        fail,
      });
      return { onProgressUpdate: () => {} };
    },

    /** <image> 能显示的地址。@param {string} fileId */
    shownAt: (fileId) => fileId.replace(/^cloud:\/\/[\w.-]+\/(.+)$/, `${base}/local/files/$1${token ? `?token=${token}` : ''}`),
  };
}

module.exports = { createLocalCloud };
