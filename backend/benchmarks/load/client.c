/* The connections: dial, upgrade, connect with a token, hear the greeting, join; then send and hear. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* What a connection waits for. */
typedef enum { NOTHING, TO_BE_UPGRADED, TO_BE_OPENED, TO_BE_CONNECTED, TO_BE_GREETED, TO_BE_JOINED, READY } State;

typedef struct {
    Wire wire;
    State state;
    int greeted;
    char *token;
    Reader reader;
} Client;

Plan plan;
Standing standing;

static Client *clients;
static uint32_t known, dialled;
static int epoll;
static char inbox[INBOX];
static char where[80], event_head[200], hello_head[200], ack_head[100];

uint32_t clients_known(void) { return known; }

static void read_people(void) {
    FILE *file = fopen(plan.people, "r");
    static char line[4096];
    if (!file) die("%s: %s", plan.people, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        char *token = strtok(line, " \n"), *room = strtok(NULL, " \n");
        if (!token || !room) die("%s: a line is `token room`", plan.people);
        clients = grown(clients, (known + 1) * sizeof *clients);
        memset(&clients[known], 0, sizeof *clients);
        clients[known].wire.fd = -1;
        clients[known].token = strdup(token);
        clients[known++].reader.room = room_named(room);
    }
    fclose(file);
}

void clients_begin(int its_epoll) {
    epoll = its_epoll;
    read_people();
    int root = !strcmp(plan.namespace, "/");
    snprintf(where, sizeof where, "%s%s", root ? "" : plan.namespace, root ? "" : ",");
    snprintf(event_head, sizeof event_head, "42%s[\"%s\"", where, plan.event);
    snprintf(hello_head, sizeof hello_head, "42%s[\"%s\"", where, plan.hello);
    snprintf(ack_head, sizeof ack_head, "43%s", where);
}

static void give_up(Client *client, const char *why) {
    if (client->state == READY) {
        client->reader.room->members--;
        standing.ready--;
        standing.closed++;
    } else {
        standing.dialling--;
        standing.failed++;
    }
    if (!standing.why[0]) snprintf(standing.why, sizeof standing.why, "%.150s", why);
    wire_close(&client->wire);
    client->state = NOTHING;
}

static void say(Client *client, const char *text, size_t length) {
    static char frame[LONGEST_FRAME + LONGEST_HEAD];
    size_t size = frame_write(frame, TEXT, text, length, 1);
    if (wire_write(&client->wire, epoll, (uint32_t)(client - clients), frame, size) < 0) give_up(client, strerror(errno));
}

static void dial(uint32_t index) {
    Client *client = &clients[index];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) die("socket: %s", strerror(errno));
    /* One address has ports for some 28,000 connections to a server; several have enough for any number. */
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001u + index % plan.addresses)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)plan.port), .sin_addr.s_addr = htonl(0x7f000001u)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    wire_open(&client->wire, fd);
    client->state = TO_BE_UPGRADED;
    standing.dialling++;
    poll_add(epoll, fd, index);
    char request[300];
    int size = snprintf(request, sizeof request,
                        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: " WEBSOCKET_KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        plan.port);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)) {
        give_up(client, strerror(errno));
        return;
    }
    /* Before it is connected, the socket takes nothing: it waits. */
    if (wire_write(&client->wire, epoll, index, request, (size_t)size) < 0 && errno != ENOTCONN) give_up(client, strerror(errno));
}

/* So many connections in all, so many of them under way at once. */
void clients_want(uint32_t wanted) {
    standing.wanted = wanted < known ? wanted : known;
    while (dialled < standing.wanted && standing.dialling < plan.in_flight) dial(dialled++);
}

static void become_ready(Client *client) {
    client->state = READY;
    client->reader.room->members++;
    standing.ready++;
    standing.dialling--;
}

static void join(Client *client) {
    char text[300];
    if (!plan.join[0]) {
        become_ready(client);
        return;
    }
    client->state = TO_BE_JOINED;
    int size = snprintf(text, sizeof text, "42%s0[\"%s\",{\"room_id\":\"%s\"}]", where, plan.join, client->reader.room->id);
    say(client, text, (size_t)size);
}

static int begins(const char *text, size_t length, const char *head) {
    size_t size = strlen(head);
    return length >= size && !memcmp(text, head, size);
}

static void hear(Client *client, const char *text, size_t length, uint64_t now) {
    static char packet[5000];
    if (client->state == READY && begins(text, length, event_head)) {
        ledger_delivery(&client->reader, text, length, now);
    } else if (length && text[0] == '2') {
        say(client, "3", 1);
    } else if (begins(text, length, "0{")) {
        client->state = TO_BE_CONNECTED;
        say(client, packet, (size_t)snprintf(packet, sizeof packet, "40%s{\"token\":\"%s\"}", where, client->token));
    } else if (begins(text, length, "44")) {
        snprintf(packet, sizeof packet, "refused: %.*s", (int)(length < 120 ? length : 120), text);
        give_up(client, packet);
    } else if (client->state == TO_BE_CONNECTED && begins(text, length, "40")) {
        client->state = TO_BE_GREETED;
        if (!plan.hello[0] || client->greeted) join(client);
    } else if (client->state <= TO_BE_GREETED && begins(text, length, hello_head)) {
        /* A stock server says what its connect handler emits before it says that the client is connected. */
        client->greeted = 1;
        if (client->state == TO_BE_GREETED) join(client);
    } else if (begins(text, length, ack_head) && length > strlen(ack_head)) {
        size_t head = strlen(ack_head);
        if (client->state == READY)
            ledger_ack(&client->reader, (uint32_t)(client - clients), text + head, length - head, now);
        else if (client->state == TO_BE_JOINED && begins(text + head, length - head, "0[{\"ok\":true"))
            become_ready(client);
        else
            give_up(client, "room:join was refused");
    } else if (begins(text, length, "41") || begins(text, length, "1")) {
        give_up(client, "the server ended the connection");
    }
}

static void hear_frame(Client *client, const Frame *frame, uint64_t now) {
    static char pong[LONGEST_FRAME + LONGEST_HEAD];
    if (frame->opcode == TEXT) {
        hear(client, frame->text, frame->length, now);
    } else if (frame->opcode == PING) {
        size_t size = frame_write(pong, PONG, frame->text, frame->length, 1);
        if (wire_write(&client->wire, epoll, (uint32_t)(client - clients), pong, size) < 0) give_up(client, strerror(errno));
    } else if (frame->opcode == CLOSE) {
        give_up(client, "the server closed the connection");
    } else if (frame->opcode != PONG) {
        give_up(client, "a frame that is none of ours");
    }
}

/* Past the answer to the upgrade; NULL when it is not all there, or not the one that was wanted. */
static char *upgraded(Client *client, char *text, size_t length) {
    char *end = memmem(text, length, "\r\n\r\n", 4);
    char why[100];
    if (!end) return NULL;
    if (!begins(text, length, "HTTP/1.1 101") || !memmem(text, (size_t)(end - text), WEBSOCKET_ACCEPT, strlen(WEBSOCKET_ACCEPT))) {
        snprintf(why, sizeof why, "no WebSocket: %.*s", (int)(length < 60 ? length : 60), text);
        why[strcspn(why, "\r\n")] = 0;
        give_up(client, why);
        return NULL;
    }
    client->state = TO_BE_OPENED;
    return end + 4;
}

static void receive(Client *client) {
    ssize_t have = wire_read(&client->wire, inbox);
    uint64_t now = now_ns();
    char *at = inbox, *end = inbox + have;
    Frame frame;
    if (have <= 0) {
        if (have < 0) give_up(client, "the connection was cut");
        return;
    }
    if (client->state == TO_BE_UPGRADED) {
        char *after = upgraded(client, at, (size_t)have);
        if (after) at = after;
    }
    int whole = client->state > TO_BE_UPGRADED;
    while (whole == 1 && client->state != NOTHING && (whole = frame_read(at, (size_t)(end - at), &frame)) == 1) {
        hear_frame(client, &frame, now);
        at += frame.whole;
    }
    if (client->state != NOTHING && (whole < 0 || wire_keep(&client->wire, at, (size_t)(end - at)) < 0))
        give_up(client, "not a frame that a server sends");
}

void client_event(uint32_t index, uint32_t events) {
    Client *client = &clients[index];
    if (client->wire.fd < 0) return;
    if ((events & EPOLLOUT) && wire_flush(&client->wire, epoll, index) < 0) {
        give_up(client, strerror(errno));
        return;
    }
    if (events & ~(uint32_t)EPOLLOUT) receive(client);
}

/* The next message to this member's room; nothing when it is not there. */
void client_send(uint32_t index, uint64_t now) {
    static char text[LONGEST_FRAME];
    Client *client = &clients[index];
    Room *room = client->reader.room;
    if (client->state != READY) return;
    uint32_t number = ledger_send(room, index, now);
    int size = snprintf(text, sizeof text, "42%s%u[\"%s\",{\"room_id\":\"%s\",\"client_id\":\"%u-%u\",\"text\":\"", where, number,
                        plan.send, room->id, room->index, number);
    mark_write(text + size, room, number);
    memset(text + size + MARK, 'x', plan.text_bytes - MARK);
    size += (int)plan.text_bytes;
    memcpy(text + size, "\"}]", 3);
    say(client, text, (size_t)size + 3);
}
