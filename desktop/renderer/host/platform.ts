/** The operating system that a user agent names. */
export function platformOf(userAgent: string): 'darwin' | 'linux' | 'win32' {
  if (userAgent.includes('Mac')) return 'darwin';
  return userAgent.includes('Windows') ? 'win32' : 'linux';
}
