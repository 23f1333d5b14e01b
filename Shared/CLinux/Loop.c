#define _GNU_SOURCE
#include "CLinux.h"

static _Thread_local void *current_loop;

void *geartrain_current_loop(void) { return current_loop; }

void geartrain_set_current_loop(void *loop) { current_loop = loop; }

int geartrain_accept(int listener, struct sockaddr_storage *peer) {
    socklen_t size = sizeof(*peer);
    return accept4(listener, (struct sockaddr *)peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
