import { afterEach, expect, it } from 'vitest';
import { provisionNginx } from './nginx.ts';

const before = process.env['TUTTI_NGINX'];

afterEach(() => {
  if (before === undefined) delete process.env['TUTTI_NGINX'];
  else process.env['TUTTI_NGINX'] = before;
});

it('takes the nginx that the environment names, and says what else can be done when it is none', async () => {
  process.env['TUTTI_NGINX'] = process.execPath;
  expect(await provisionNginx()).toEqual({ executablePath: process.execPath });
  process.env['TUTTI_NGINX'] = '/nowhere/nginx';
  await expect(provisionNginx()).rejects.toThrow(/set TUTTI_NGINX[\s\S]*install nginx/);
});
