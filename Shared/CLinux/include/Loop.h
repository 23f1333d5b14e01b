#ifndef GEARTRAIN_LOOP_H
#define GEARTRAIN_LOOP_H

#include <netinet/in.h>
#include <sys/socket.h>

/// The event loop whose thread this is, or NULL.
void *geartrain_current_loop(void);
void geartrain_set_current_loop(void *loop);

/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC.
int geartrain_accept(int listener, struct sockaddr_storage *peer);

#endif
