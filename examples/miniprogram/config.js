// @ts-check
/** 应用连到哪里。上云时只改 env 这一行；留空就连本机的 `npm start`。 */
module.exports = {
  /** 云开发环境 ID，例如 'growth-diary-1a2b3c' */
  env: '',
  /** `npm start` 的地址。真机调试：把 `HOST=0.0.0.0 npm start` 打印的那一行（含 token）整行贴在这里。 */
  local: 'http://127.0.0.1:3000',
  /** 本机运行时，这部手机是谁。`npm run seed` 会给 oDemo 八周的数据。 */
  openid: 'oDemo',
};
