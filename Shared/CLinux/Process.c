#define _GNU_SOURCE
#include "Process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

char **geartrain_environment(void) { return environ; }

int64_t geartrain_nanoseconds(int clock) {
    struct timespec time;
    if (clock_gettime((clockid_t)clock, &time) != 0) return 0;
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

ssize_t geartrain_random(void *buffer, size_t count) { return getrandom(buffer, count, 0); }

int64_t geartrain_modified(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return -1;
    return (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
}

void geartrain_error_text(int code, char *buffer, size_t size) {
    char scratch[256];
    snprintf(buffer, size, "%s", strerror_r(code, scratch, sizeof scratch));
}

void geartrain_name_thread(const char *name) {
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    pthread_setname_np(pthread_self(), kept);
}

void geartrain_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int geartrain_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void geartrain_receive_timeout(int socket, int seconds) {
    struct timeval limit = {.tv_sec = seconds};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}
