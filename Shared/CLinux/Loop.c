#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

static _Thread_local void *current_loop;

void *geartrain_current_loop(void) { return current_loop; }

void geartrain_set_current_loop(void *loop) { current_loop = loop; }

int geartrain_accept(int listener, struct sockaddr_storage *peer) {
    socklen_t size = sizeof(*peer);
    return accept4(listener, (struct sockaddr *)peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int geartrain_unacknowledged(int socket) {
    int count = 0;
    return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : 0;
}

int geartrain_address_bytes(
    const struct sockaddr *address, unsigned char bytes[16], int *port) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        memcpy(bytes, &v4->sin_addr, 4);
        if (port) *port = ntohs(v4->sin_port);
        return 4;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        memcpy(bytes, &v6->sin6_addr, 16);
        if (port) *port = ntohs(v6->sin6_port);
        return 16;
    }
    return 0;
}
