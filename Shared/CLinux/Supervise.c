#define _GNU_SOURCE
#include "Process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The parent of a process, or 0. Its name stands in brackets and may have any byte in it.
static pid_t parent_of(const char *number) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", number);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    char *end = strrchr(text, ')');
    int parent = 0;
    if (end == NULL || sscanf(end + 1, " %*c %d", &parent) != 1) return 0;
    return parent;
}

static void kill_children(void) {
    DIR *folder = opendir("/proc");
    if (folder == NULL) return;
    pid_t self = getpid();
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        if (parent_of(entry->d_name) == self) kill(atoi(entry->d_name), SIGKILL);
    }
    closedir(folder);
}

// Notes how `child` ended; 0 where no child is left.
static int reap(pid_t child, int *status, int *has_ended) {
    int ended;
    pid_t pid;
    while ((pid = waitpid(-1, &ended, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
        if (pid != child) continue;
        *status = ended;
        *has_ended = 1;
    }
    return pid == 0;
}

static _Noreturn void end_as(int status) {
    if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    sigset_t all;
    sigfillset(&all);
    signal(WTERMSIG(status), SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    kill(getpid(), WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
}

void geartrain_supervise(char *const *arguments) {
    sigset_t all, before, awaited;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    pid_t child = fork();
    if (child < 0) _exit(127);
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        execv(arguments[0], arguments);
        _exit(127);
    }
    // What the program reads and writes is the program's alone.
    int nothing = open("/dev/null", O_RDWR);
    for (int number = 0; number < 3 && nothing >= 0; number++) dup2(nothing, number);
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    int status = 0, has_ended = 0;
    while (!has_ended && sigwaitinfo(&awaited, NULL) != SIGTERM) reap(child, &status, &has_ended);
    struct timespec moment = {0, 1000000};
    do {
        kill_children();
        nanosleep(&moment, NULL);
    } while (reap(child, &status, &has_ended));
    end_as(status);
}
