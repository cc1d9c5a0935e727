import { messageOf } from './errors.ts';

/** Reasons of file system errors, by code, in the user's words. */
const TROUBLES: Readonly<Record<string, string>> = {
  EACCES: 'its permissions forbid it',
  EDQUOT: 'there is no room on the disk',
  EEXIST: 'a file of that name is there already',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'there is no room on the disk',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EPERM: 'its permissions forbid it',
  EROFS: 'its disk may only be read',
};

/** Why a file cannot be read or written, as the end of a sentence; the error's own first line where its code is not known. */
export function fileTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return TROUBLES[code] ?? messageOf(error).split('\n')[0];
}
