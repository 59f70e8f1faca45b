/* Fails one call of this process that changes what lies below a folder.

   FAULT_BELOW  the folder; without it nothing is counted and nothing fails
   FAULT_AT     which call, from 1; with 0 all are only counted
   FAULT_MODE   eio, enospc: that call fails; full: that one and every later one fails with ENOSPC;
                short: that write takes half of its bytes; kill: it takes half, and the process dies */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { PASS, FAIL, HALF, HALF_AND_DIE };

static atomic_long seen;

static int below(const char *path) {
  const char *folder = getenv("FAULT_BELOW");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int file_below(int file) {
  char link[64], path[PATH_MAX];
  if (!getenv("FAULT_BELOW")) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return below(path);
}

/* What is to become of a call on something below the folder; errno is set for FAIL. */
static int fate(void) {
  const char *mode = getenv("FAULT_MODE"), *at = getenv("FAULT_AT");
  long number = atomic_fetch_add(&seen, 1) + 1, wanted = at ? atol(at) : 0;
  if (!mode || !wanted) return PASS;
  if (strcmp(mode, "full") == 0) {
    errno = ENOSPC;
    return number >= wanted ? FAIL : PASS;
  }
  if (number != wanted) return PASS;
  if (strcmp(mode, "short") == 0) return HALF;
  if (strcmp(mode, "kill") == 0) return HALF_AND_DIE;
  errno = strcmp(mode, "eio") == 0 ? EIO : ENOSPC;
  return FAIL;
}

/* The fate of a call that cannot be done by halves: it fails, passes, or the process dies. */
static int fails(int concerned) {
  if (!concerned) return 0;
  int what = fate();
  if (what == HALF_AND_DIE) raise(SIGKILL);
  return what == FAIL;
}

/* How many calls were on something below the folder. */
long fault_seen(void) { return atomic_load(&seen); }

/* `more` gives the arguments for so many bytes. */
#define WRITE(call, more)                             \
  if (!file_below(file)) return REAL(call) more(size); \
  switch (fate()) {                                   \
    case FAIL:                                        \
      return -1;                                      \
    case HALF:                                        \
      return REAL(call) more((size + 1) / 2);         \
    case HALF_AND_DIE:                                \
      REAL(call) more(size / 2);                      \
      raise(SIGKILL);                                 \
  }                                                   \
  return REAL(call) more(size);

#define PLAIN(bytes) (file, data, bytes)
#define PLACED(bytes) (file, data, bytes, offset)

ssize_t write(int file, const void *data, size_t size) { WRITE(write, PLAIN) }

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
  WRITE(pwrite, PLACED)
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset) {
  WRITE(pwrite64, PLACED)
}

int fsync(int file) { return fails(file_below(file)) ? -1 : REAL(fsync)(file); }

int fdatasync(int file) { return fails(file_below(file)) ? -1 : REAL(fdatasync)(file); }

int ftruncate(int file, off_t size) {
  return fails(file_below(file)) ? -1 : REAL(ftruncate)(file, size);
}

int ftruncate64(int file, off64_t size) {
  return fails(file_below(file)) ? -1 : REAL(ftruncate64)(file, size);
}

int rename(const char *from, const char *to) {
  return fails(below(to)) ? -1 : REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
  return fails(below(path)) ? -1 : REAL(mkdir)(path, mode);
}

#define OPEN(call)                                   \
  mode_t mode = 0;                                   \
  if (flags & O_CREAT) {                             \
    va_list rest;                                    \
    va_start(rest, flags);                           \
    mode = va_arg(rest, mode_t);                     \
    va_end(rest);                                    \
    if (fails(below(path))) return -1;               \
  }                                                  \
  return REAL(call)(path, flags, mode);

int open(const char *path, int flags, ...) { OPEN(open) }

int open64(const char *path, int flags, ...) { OPEN(open64) }
