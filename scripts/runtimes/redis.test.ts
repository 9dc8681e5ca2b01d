import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProvisioningError } from './provisioning-error.ts';
import { provisionRedis } from './redis.ts';

describe('the Redis server for tests', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is the one that TUTTI_REDIS_SERVER names', async () => {
    vi.stubEnv('TUTTI_REDIS_SERVER', process.execPath);
    expect(await provisionRedis()).toEqual({ executablePath: process.execPath });
  });

  it('is never replaced by another one when it is named and cannot be run', async () => {
    vi.stubEnv('TUTTI_REDIS_SERVER', '/nonexistent/redis-server');
    const attempt = provisionRedis();
    await expect(attempt).rejects.toThrow(ProvisioningError);
    await expect(attempt).rejects.toThrow('/nonexistent/redis-server');
    await expect(attempt).rejects.toThrow('set TUTTI_REDIS_SERVER');
  });
});
