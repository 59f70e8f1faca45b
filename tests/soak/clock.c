/* Gives this process and those that it starts another time of day; what only goes forward stays.

   CLOCK_OFF  a file of eight bytes: how many seconds the clock is off, read at every look at it */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long off(void) {
  static volatile long *page;
  if (!page) {
    const char *place = getenv("CLOCK_OFF");
    int file = place ? open(place, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    void *found = mmap(NULL, sizeof *page, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (found == MAP_FAILED) return 0;
    page = found;
  }
  return *page;
}

int clock_gettime(clockid_t which, struct timespec *found) {
  int code = REAL(clock_gettime)(which, found);
  if (!code && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) found->tv_sec += off();
  return code;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone) {
  int code = REAL(gettimeofday)(found, zone);
  if (!code) found->tv_sec += off();
  return code;
}

time_t time(time_t *found) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (found) *found = now.tv_sec;
  return now.tv_sec;
}
