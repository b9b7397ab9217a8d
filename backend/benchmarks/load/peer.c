/* The floor: a server that does nothing but send. One send(2) a delivery, or, with ticks, one send(2) a member a tick. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LISTENER = UINT32_MAX, TICK = UINT32_MAX - 1, AT_ONCE = 512, MOST = 20000 };

typedef struct {
    Wire wire;
    int upgraded;
    Room *room;
} Member;

/* What a tick has gathered for a room, by the room's index. */
typedef struct {
    char *frames;
    size_t length, space;
    uint32_t *members, count;
    uint64_t seq;
} Audience;

static Member members[MOST];
static Audience audiences[MOST];
static int epoll, ticks;
static size_t event_bytes;
static char inbox[INBOX];

static void leave(uint32_t index) {
    Member *member = &members[index];
    wire_close(&member->wire);
    if (!member->room) return;
    Audience *audience = &audiences[member->room->index];
    for (uint32_t i = 0; i < audience->count; i++)
        if (audience->members[i] == index) audience->members[i] = audience->members[--audience->count];
    member->room = NULL;
}

static void answer(uint32_t index, const char *text, size_t length) {
    static char frame[LONGEST_FRAME + LONGEST_HEAD];
    size_t size = frame_write(frame, TEXT, text, length, 0);
    if (wire_write(&members[index].wire, epoll, index, frame, size) < 0) leave(index);
}

static void to_all(Audience *audience, const char *bytes, size_t length) {
    for (uint32_t i = audience->count; i-- > 0;)
        if (wire_write(&members[audience->members[i]].wire, epoll, audience->members[i], bytes, length) < 0)
            leave(audience->members[i]);
}

static void join(uint32_t index, const char *text, size_t length) {
    static const char key[] = "\"room_id\":\"";
    char id[64];
    const char *at = memmem(text, length, key, sizeof key - 1);
    if (!at || members[index].room) return;
    snprintf(id, sizeof id, "%.*s", (int)strcspn(at + sizeof key - 1, "\""), at + sizeof key - 1);
    Room *room = members[index].room = room_named(id);
    if (room->index >= MOST) die("too many rooms");
    Audience *audience = &audiences[room->index];
    audience->members = grown(audience->members, (audience->count + 1) * sizeof *audience->members);
    audience->members[audience->count++] = index;
}

/* An event of the length that was asked for, with the text of the message in it. */
static void fan_out(uint32_t index, const char *text, size_t length) {
    static const char key[] = "\"text\":\"";
    static char event[LONGEST_FRAME], frame[LONGEST_FRAME + LONGEST_HEAD];
    const char *at = memmem(text, length, key, sizeof key - 1);
    if (!at || !members[index].room) return;
    Audience *audience = &audiences[members[index].room->index];
    int said = (int)strcspn(at + sizeof key - 1, "\"");
    size_t size = (size_t)snprintf(event, sizeof event, "42[\"message:created\",{\"seq\":%lu,\"text\":\"%.*s\",\"pad\":\"", ++audience->seq, said,
                                   at + sizeof key - 1);
    size_t pad = event_bytes > size + 3 ? event_bytes - size - 3 : 0;
    memset(event + size, 'x', pad);
    memcpy(event + size + pad, "\"}]", 3);
    size = frame_write(frame, TEXT, event, size + pad + 3, 0);
    if (!ticks) {
        to_all(audience, frame, size);
        return;
    }
    if (audience->length + size > audience->space)
        audience->frames = grown(audience->frames, audience->space = (audience->space + size) * 2);
    memcpy(audience->frames + audience->length, frame, size);
    audience->length += size;
}

static void tick(void) {
    for (uint32_t i = 0; i < room_count(); i++) {
        if (audiences[i].length) to_all(&audiences[i], audiences[i].frames, audiences[i].length);
        audiences[i].length = 0;
    }
}

static void hear(uint32_t index, char *text, size_t length) {
    static const char open[] = "0{\"sid\":\"bare\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}";
    char ack[60];
    text[length] = 0; /* the inbox has room for it, and the next frame is still masked or not there */
    if (!members[index].upgraded) {
        answer(index, open, sizeof open - 1);
    } else if (!strncmp(text, "40", 2)) {
        answer(index, "40{\"sid\":\"bare\"}", 16);
    } else if (!strncmp(text, "42", 2)) {
        int digits = (int)strspn(text + 2, "0123456789");
        if (!strncmp(text + 2 + digits, "[\"room:join\"", 12))
            join(index, text, length);
        else
            fan_out(index, text, length);
        if (digits) answer(index, ack, (size_t)snprintf(ack, sizeof ack, "43%.*s[{\"ok\":true}]", digits, text + 2));
    }
}

static void upgrade(uint32_t index, size_t length) {
    static const char yes[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Accept: " WEBSOCKET_ACCEPT "\r\n\r\n";
    if (!memmem(inbox, length, "\r\n\r\n", 4)) {
        wire_keep(&members[index].wire, inbox, length);
    } else if (!memmem(inbox, length, WEBSOCKET_KEY, strlen(WEBSOCKET_KEY)) ||
               wire_write(&members[index].wire, epoll, index, yes, sizeof yes - 1) < 0) {
        leave(index);
    } else {
        char nothing[1];
        hear(index, nothing, 0);
        members[index].upgraded = 1;
    }
}

static void receive(uint32_t index) {
    Wire *wire = &members[index].wire;
    ssize_t have = wire_read(wire, inbox);
    Frame frame;
    if (have <= 0 || !members[index].upgraded) {
        if (have < 0) leave(index);
        if (have > 0) upgrade(index, (size_t)have);
        return;
    }
    char *at = inbox, *end = inbox + have;
    int whole = 1;
    while (wire->fd >= 0 && (whole = frame_read(at, (size_t)(end - at), &frame)) == 1) {
        char *next = at + frame.whole, first = *next;
        if (frame.opcode == CLOSE) leave(index);
        if (frame.opcode == TEXT) hear(index, frame.text, frame.length);
        *next = first;
        at = next;
    }
    if (wire->fd >= 0 && (whole < 0 || wire_keep(wire, at, (size_t)(end - at)) < 0)) leave(index);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        if (fd >= MOST) {
            close(fd);
            continue;
        }
        uint32_t index = (uint32_t)fd;
        members[index] = (Member){0};
        wire_open(&members[index].wire, fd);
        poll_add(epoll, fd, index);
    }
}

int run_peer(int port, size_t bytes, int tick_ms) {
    static struct epoll_event events[AT_ONCE];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(0x7f000001u)};
    event_bytes = bytes < LONGEST_FRAME / 2 ? bytes : LONGEST_FRAME / 2;
    ticks = tick_ms > 0;
    epoll = poll_new();
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0)
        die("port %d: %s", port, strerror(errno));
    poll_add(epoll, listener, LISTENER);
    if (ticks) {
        struct timespec pause = {.tv_sec = tick_ms / 1000, .tv_nsec = tick_ms % 1000 * 1000000L};
        struct itimerspec when = {.it_interval = pause, .it_value = pause};
        int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        timerfd_settime(timer, 0, &when, NULL);
        poll_add(epoll, timer, TICK);
        ticks = timer;
    }
    for (;;) {
        int count = epoll_wait(epoll, events, AT_ONCE, -1);
        for (int i = 0; i < count; i++) {
            uint32_t index = events[i].data.u32;
            uint64_t rings;
            if (index == LISTENER) {
                accept_all(listener);
            } else if (index == TICK) {
                if (read(ticks, &rings, sizeof rings) > 0) tick();
            } else if (members[index].wire.fd > 0) {
                if ((events[i].events & EPOLLOUT) && wire_flush(&members[index].wire, epoll, index) < 0)
                    leave(index);
                else if (events[i].events & ~(uint32_t)EPOLLOUT)
                    receive(index);
            }
        }
    }
}
