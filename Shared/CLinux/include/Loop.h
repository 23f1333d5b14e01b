#ifndef GEARTRAIN_LOOP_H
#define GEARTRAIN_LOOP_H

#include <netinet/in.h>
#include <sys/socket.h>

/// The event loop whose thread this is, or NULL.
void *geartrain_current_loop(void);
void geartrain_set_current_loop(void *loop);

/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC.
int geartrain_accept(int listener, struct sockaddr_storage *peer);

/// How many of the bytes that were written to a TCP socket its peer has not acknowledged; 0 where
/// it cannot be told. It can be asked after the connection has ended too.
int geartrain_unacknowledged(int socket);

/// The bytes of an address as they go over the wire, and its port (may be NULL): answers 4, 16, or
/// 0 for a family without any.
int geartrain_address_bytes(
    const struct sockaddr *address, unsigned char bytes[16], int *port);

#endif
