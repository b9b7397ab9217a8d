/* Sockets that do not block, and WebSocket frames. */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void die(const char *why, ...) {
    va_list values;
    va_start(values, why);
    fputs("load: ", stderr);
    vfprintf(stderr, why, values);
    fputc('\n', stderr);
    va_end(values);
    exit(1);
}

void *grown(void *block, size_t bytes) {
    void *bigger = realloc(block, bytes);
    if (!bigger) die("no memory");
    return bigger;
}

int poll_new(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) die("epoll: %s", strerror(errno));
    return epoll;
}

void poll_add(int epoll, int fd, uint32_t index) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll: %s", strerror(errno));
}

/* Asks for as many files as may be had: every connection is one. */
void raise_file_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    struct rlimit more = {.rlim_cur = 40000, .rlim_max = limit.rlim_max > 40000 ? limit.rlim_max : 40000};
    if (limit.rlim_cur < 40000 && setrlimit(RLIMIT_NOFILE, &more) < 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void wire_open(Wire *wire, int fd) {
    int on = 1;
    memset(wire, 0, sizeof *wire);
    wire->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void wire_close(Wire *wire) {
    if (wire->fd >= 0) close(wire->fd);
    free(wire->kept);
    free(wire->waiting);
    memset(wire, 0, sizeof *wire);
    wire->fd = -1;
}

static void ask_for_room(Wire *wire, int epoll, uint32_t index, int wants) {
    struct epoll_event event = {.events = EPOLLIN | (wants ? EPOLLOUT : 0), .data.u32 = index};
    if (wire->wants_room != wants) epoll_ctl(epoll, EPOLL_CTL_MOD, wire->fd, &event);
    wire->wants_room = wants;
}

/* Sends now what the socket takes, and keeps the rest. -1: the connection is gone. */
int wire_write(Wire *wire, int epoll, uint32_t index, const char *bytes, size_t length) {
    ssize_t sent = 0;
    if (!wire->waiting_length) {
        sent = send(wire->fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return -1;
        if (sent < 0) sent = 0;
        if ((size_t)sent == length) return 0;
    }
    size_t rest = length - (size_t)sent;
    wire->waiting = grown(wire->waiting, wire->waiting_length + rest);
    memcpy(wire->waiting + wire->waiting_length, bytes + sent, rest);
    wire->waiting_length += rest;
    ask_for_room(wire, epoll, index, 1);
    return 0;
}

int wire_flush(Wire *wire, int epoll, uint32_t index) {
    if (wire->waiting_length) {
        ssize_t sent = send(wire->fd, wire->waiting, wire->waiting_length, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN ? 0 : -1;
        wire->waiting_length -= (size_t)sent;
        memmove(wire->waiting, wire->waiting + sent, wire->waiting_length);
    }
    if (!wire->waiting_length) ask_for_room(wire, epoll, index, 0);
    return 0;
}

/* What was kept and what came, together in the inbox: how many bytes. 0: nothing came. -1: the connection is gone. */
ssize_t wire_read(Wire *wire, char *inbox) {
    size_t before = wire->kept_length;
    ssize_t came = recv(wire->fd, inbox + before, INBOX - 1 - before, 0);
    if (came < 0) return errno == EAGAIN ? 0 : -1;
    if (came == 0) return -1;
    if (before) memcpy(inbox, wire->kept, before);
    wire->kept_length = 0;
    return (ssize_t)before + came;
}

int wire_keep(Wire *wire, const char *rest, size_t length) {
    if (length > LONGEST_FRAME + LONGEST_HEAD) return -1;
    if (length) {
        wire->kept = grown(wire->kept, length);
        memcpy(wire->kept, rest, length);
    }
    wire->kept_length = length;
    return 0;
}

/* 1: a whole frame, unmasked where it stands. 0: more must come. -1: nothing that a server or client here would send. */
int frame_read(char *bytes, size_t have, Frame *frame) {
    const unsigned char *head = (const unsigned char *)bytes;
    if (have < 2) return 0;
    /* Neither fragments nor compression: no server sends the ones, and the other is not offered. */
    if ((head[0] & 0xf0) != 0x80) return -1;
    uint64_t length = head[1] & 0x7f;
    size_t size = 2;
    if (length == 126) {
        if (have < 4) return 0;
        length = (uint64_t)head[2] << 8 | head[3];
        size = 4;
    } else if (length == 127) {
        if (have < 10) return 0;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | head[i];
        size = 10;
    }
    int masked = head[1] >> 7;
    if (length > LONGEST_FRAME) return -1;
    if (have < size + (masked ? 4 : 0) + length) return 0;
    frame->opcode = head[0] & 0x0f;
    frame->text = bytes + size + (masked ? 4 : 0);
    frame->length = (size_t)length;
    frame->whole = size + (masked ? 4 : 0) + (size_t)length;
    if (masked)
        for (size_t i = 0; i < frame->length; i++) frame->text[i] ^= bytes[size + (i & 3)];
    return 1;
}

size_t frame_write(char *out, int opcode, const char *text, size_t length, int masked) {
    static uint32_t mask = 0x9e3779b9u;
    size_t size = 2;
    out[0] = (char)(0x80 | opcode);
    if (length < 126) {
        out[1] = (char)length;
    } else if (length < 65536) {
        out[1] = 126;
        out[2] = (char)(length >> 8);
        out[3] = (char)length;
        size = 4;
    } else {
        out[1] = 127;
        for (int i = 0; i < 8; i++) out[2 + i] = (char)((uint64_t)length >> (56 - 8 * i));
        size = 10;
    }
    if (!masked) {
        memcpy(out + size, text, length);
        return size + length;
    }
    out[1] = (char)(out[1] | 0x80);
    mask = mask * 1664525u + 1013904223u;
    memcpy(out + size, &mask, 4);
    for (size_t i = 0; i < length; i++) out[size + 4 + i] = text[i] ^ out[size + (i & 3)];
    return size + 4 + length;
}
