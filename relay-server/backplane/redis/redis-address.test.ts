import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './redis-address.ts';

describe('the address of Redis', () => {
  it('names the server, the scheme and the login', () => {
    expect(parseRedisUrl('redis://localhost')).toEqual({
      host: 'localhost',
      port: 6379,
      isEncrypted: false,
      username: undefined,
      password: undefined,
      authorityFile: undefined,
      label: 'redis://localhost:6379',
    });
    expect(parseRedisUrl('rediss://relay:p%40ss%3A%25@redis.example:6380/0')).toMatchObject({
      host: 'redis.example',
      port: 6380,
      isEncrypted: true,
      username: 'relay',
      password: 'p@ss:%',
      label: 'rediss://redis.example:6380',
    });
    expect(parseRedisUrl('rediss://h?ca=/etc/a%20b.pem')).toMatchObject({
      authorityFile: '/etc/a b.pem',
      label: 'rediss://h:6379',
    });
    expect(parseRedisUrl('redis://:secret@[::1]:7000')).toMatchObject({ host: '::1', password: 'secret' });
  });

  it.each([
    '',
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://h/0?db=1',
    'redis://h/name',
    'redis://h?ca=/etc/authority.pem',
    'rediss://h?ca=',
    'rediss://h?ca=/etc/authority.pem&tls=no',
    'redis://:%zz@h',
  ])('is refused when it is none: %s', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(TypeError);
  });

  it('is never repeated with its password', () => {
    for (const url of ['redis://u:hush@h/x', 'redis://u:hush%zz@h', 'http://u:hush@h']) {
      expect(() => parseRedisUrl(url)).toThrow(/^(?!.*hush)/);
    }
  });
});
