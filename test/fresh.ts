import { onTestFinished, vi } from 'vitest';
import { config } from '../shared/runtime/config';

// The standing modules read their settings before any are replaced.
config();

/** What a deployment has to set beside the addresses of its services. */
export const production = {
  APP_ENV: undefined,
  DB_TLS: 'off',
  JWT_KEYS: 'k2:Zq3T9vXw7Lr5Np1Kd8Hs2Bf6Gy4Cj0Mt',
  PERSON_PEPPER: 'Wm5Rb8Yt2Qc7Vk4Xj9Nz3Pg6Ld1Fh0Sa',
  OPERATOR_TOKENS: '',
};

/** The functions as another instance with other settings runs them: modules, pool and Redis client of its own. */
export async function freshInstance(settings: Record<string, string | undefined>) {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.resetModules();
  const [login, user, diary, sync, mysql, redis] = await Promise.all([
    import('../functions/login/index'),
    import('../functions/user/index'),
    import('../functions/diary/index'),
    import('../functions/sync/index'),
    import('../shared/runtime/mysql'),
    import('../shared/runtime/redis'),
  ]);
  onTestFinished(async () => {
    await Promise.all([mysql.closeMysql(), redis.closeRedis()]);
    vi.unstubAllEnvs();
    // Whoever imports next must not get these.
    vi.resetModules();
  });
  return { login: login.main, user: user.main, diary: diary.main, sync: sync.main, openDatabase: mysql.openDatabase };
}
