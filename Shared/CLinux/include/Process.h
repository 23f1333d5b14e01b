#ifndef GEARTRAIN_PROCESS_H
#define GEARTRAIN_PROCESS_H

#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

// What Swift's Glibc module hides, or shows in a shape that differs between its versions.

// The environment of the process (Swift refuses the global variable as unsafe).
char **geartrain_environment(void);
// Nanoseconds of a clock (CLOCK_REALTIME 0, CLOCK_MONOTONIC 1, CLOCK_PROCESS_CPUTIME_ID 2).
int64_t geartrain_nanoseconds(int clock);
// getrandom(2) without flags.
ssize_t geartrain_random(void *buffer, size_t count);
// When a file was last modified, in nanoseconds since 1970; -1 where it cannot be told.
int64_t geartrain_modified(const char *path);
// The system's words for an error number, into `buffer`, always ended by NUL.
void geartrain_error_text(int code, char *buffer, size_t size);
// The name of this thread as `top -H` shows it; at most 15 bytes are kept.
void geartrain_name_thread(const char *name);
// Raises the soft limit of open files to the hard one.
void geartrain_raise_file_limit(void);
// pipe2 with O_CLOEXEC: the reading end first.
int geartrain_pipe(int ends[2]);
// Runs `arguments` as a program, waits for it, then kills whatever it has left behind: every
// process that descends from it comes to this one when its own parent ends, whatever session or
// group it has made for itself. SIGTERM, and the end of the thread that started this process, do
// the same sooner. Ends this process as the program ended; 127 where it cannot be executed.
_Noreturn void geartrain_supervise(char *const *arguments);
// How long a read from a socket waits before it fails, in seconds.
void geartrain_receive_timeout(int socket, int seconds);

#endif
