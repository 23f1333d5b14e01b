#ifndef GEARTRAIN_CLINUX_H
#define GEARTRAIN_CLINUX_H

// What Swift's Glibc module does not show.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <spawn.h>

// GNU's additions to posix_spawn, hidden by the feature set that Swift compiles with.
extern int posix_spawn_file_actions_addclosefrom_np(
    posix_spawn_file_actions_t *actions, int first);
extern int posix_spawn_file_actions_addchdir_np(
    posix_spawn_file_actions_t *actions, const char *path);

#include "Loop.h"
#include "Process.h"

#endif
