/* The load generator of `make bench`: Engine.IO 4 and Socket.IO 5 over WebSocket, one thread, one epoll. */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ── wire.c: bytes, frames, sockets ── */

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };
enum { INBOX = 1 << 20, LONGEST_FRAME = 1 << 19, LONGEST_HEAD = 14 };

/* The handshake of RFC 6455's own example: a fixed key has a fixed answer, so that nobody here needs SHA-1. */
#define WEBSOCKET_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WEBSOCKET_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

typedef struct {
    int fd;
    int wants_room; /* EPOLLOUT is asked for */
    char *kept;     /* the beginning of a frame whose rest has not come */
    size_t kept_length;
    char *waiting; /* what the socket did not take */
    size_t waiting_length;
} Wire;

typedef struct {
    int opcode;
    char *text;
    size_t length;
    size_t whole; /* with its head: where the next frame begins */
} Frame;

uint64_t now_ns(void);
double cpu_seconds(void);
void die(const char *why, ...) __attribute__((noreturn, format(printf, 1, 2)));
void *grown(void *block, size_t bytes);
int poll_new(void);
void poll_add(int epoll, int fd, uint32_t index);
void raise_file_limit(void);

void wire_open(Wire *wire, int fd);
void wire_close(Wire *wire);
int wire_write(Wire *wire, int epoll, uint32_t index, const char *bytes, size_t length);
int wire_flush(Wire *wire, int epoll, uint32_t index);
ssize_t wire_read(Wire *wire, char *inbox);
int wire_keep(Wire *wire, const char *rest, size_t length);

int frame_read(char *bytes, size_t have, Frame *frame);
size_t frame_write(char *out, int opcode, const char *text, size_t length, int masked);

/* ── histogram.c ── */

enum { FINE = 64, OCTAVES = 26 };

typedef struct {
    uint64_t count;
    uint64_t longest;
    uint32_t buckets[FINE * (OCTAVES + 2)];
} Histogram;

void histogram_add(Histogram *histogram, uint64_t nanoseconds);
double histogram_ms(const Histogram *histogram, double share);

/* ── ledger.c: who was to get what, and who got it ── */

enum { MARK = 18 }; /* #00000-0000000000# */

typedef struct {
    uint32_t index;
    char id[64];
    uint32_t members;
    uint32_t sent, space;
    uint32_t first; /* of this run */
    uint64_t *sent_at;
    uint32_t *sender;
    uint32_t *place; /* in the order in which the first receiver saw them */
    uint8_t *acked;
    uint32_t placed;
    size_t hint; /* where the mark stood last time */
} Room;

typedef struct {
    Room *room;
    uint64_t *seen; /* one bit a message */
    uint32_t seen_space;
    uint32_t after; /* the next place to come */
} Reader;

typedef struct {
    uint64_t sent, expected, delivered, twice, reordered, unknown, strayed, late;
    uint64_t acked, ack_unknown, ack_twice, ack_refused;
    uint64_t in_window, acked_in_window, sent_in_window, bytes_in_window;
    uint64_t begin, end; /* the window: latencies are of what was sent in it */
    int window_open;
    char refusal[120]; /* the first */
    Histogram delivery, ack;
} Tally;

extern Tally tally;

Room *room_named(const char *id);
Room *room_at(uint32_t index);
uint32_t room_count(void);
void ledger_begin(void);
uint32_t ledger_send(Room *room, uint32_t sender, uint64_t now);
void ledger_delivery(Reader *reader, const char *text, size_t length, uint64_t now);
void ledger_ack(Reader *reader, uint32_t sender, const char *text, size_t length, uint64_t now);
void mark_write(char *out, const Room *room, uint32_t number);

/* ── client.c: the connections ── */

typedef struct {
    const char *people; /* a file: one line a connection, `token room` */
    const char *namespace;
    const char *hello; /* the event that the server emits after the connect, or "" */
    const char *join;  /* the event to join a room with, or "" */
    const char *send;
    const char *event;
    uint32_t text_bytes, addresses, in_flight;
    int port;
} Plan;

typedef struct {
    uint32_t wanted, ready, dialling, failed, closed;
    char why[160]; /* the first failure */
} Standing;

extern Plan plan;
extern Standing standing;

void clients_begin(int epoll);
void clients_want(uint32_t wanted);
void client_event(uint32_t index, uint32_t events);
void client_send(uint32_t index, uint64_t now);
uint32_t clients_known(void);

/* ── run.c: commands from standing input; peer.c: the bare send loop ── */

int run_client(void);
int run_peer(int port, size_t bytes, int tick_ms);

#endif
