#ifndef GEARTRAIN_CLINUX_H
#define GEARTRAIN_CLINUX_H

// What Swift's Glibc module does not show.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#endif
