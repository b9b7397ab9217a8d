/* Who was to get what, and who got it. Every message carries a mark, #room-number#, numbered from 0 in each room. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_SEEN = UINT32_MAX };

Tally tally;

static Room **rooms;
static uint32_t room_total;

Room *room_named(const char *id) {
    /* The file has a room's people next to each other. */
    for (uint32_t i = room_total; i-- > 0;)
        if (!strcmp(rooms[i]->id, id)) return rooms[i];
    rooms = grown(rooms, (room_total + 1) * sizeof *rooms);
    Room *room = memset(grown(NULL, sizeof *room), 0, sizeof *room);
    snprintf(room->id, sizeof room->id, "%s", id);
    room->index = room_total;
    rooms[room_total++] = room;
    return room;
}

Room *room_at(uint32_t index) { return rooms[index]; }

uint32_t room_count(void) { return room_total; }

/* A run counts for itself: what still comes of an earlier one is late, and nothing else. */
void ledger_begin(void) {
    memset(&tally, 0, sizeof tally);
    for (uint32_t i = 0; i < room_total; i++) rooms[i]->first = rooms[i]->sent;
}

uint32_t ledger_send(Room *room, uint32_t sender, uint64_t now) {
    if (room->sent == room->space) {
        room->space = room->space ? room->space * 2 : 16;
        room->sent_at = grown(room->sent_at, room->space * sizeof *room->sent_at);
        room->sender = grown(room->sender, room->space * sizeof *room->sender);
        room->place = grown(room->place, room->space * sizeof *room->place);
        room->acked = grown(room->acked, room->space * sizeof *room->acked);
    }
    uint32_t number = room->sent++;
    room->sent_at[number] = now;
    room->sender[number] = sender;
    room->place[number] = NOT_SEEN;
    room->acked[number] = 0;
    tally.sent++;
    tally.expected += room->members;
    if (tally.window_open) tally.sent_in_window++;
    return number;
}

void mark_write(char *out, const Room *room, uint32_t number) {
    char text[MARK + 8];
    snprintf(text, sizeof text, "#%05u-%010u#", room->index % 100000, number);
    memcpy(out, text, MARK);
}

static int is_mark(const char *at) { return at[0] == '#' && at[6] == '-' && at[MARK - 1] == '#'; }

static uint32_t digits(const char *at, int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value * 10 + (uint32_t)(at[i] - '0');
    return value;
}

static const char *find_mark(Room *room, const char *text, size_t length) {
    if (room->hint + MARK <= length && is_mark(text + room->hint)) return text + room->hint;
    for (const char *at = text; (at = memchr(at, '#', length - (size_t)(at - text))); at++) {
        if ((size_t)(at - text) + MARK > length) return NULL;
        if (is_mark(at)) {
            room->hint = (size_t)(at - text);
            return at;
        }
    }
    return NULL;
}

/* True the first time. */
static int tick_off(Reader *reader, uint32_t number) {
    uint32_t word = number / 64;
    if (word >= reader->seen_space) {
        uint32_t space = (word + 1) * 2;
        reader->seen = grown(reader->seen, space * sizeof *reader->seen);
        memset(reader->seen + reader->seen_space, 0, (space - reader->seen_space) * sizeof *reader->seen);
        reader->seen_space = space;
    }
    uint64_t bit = (uint64_t)1 << (number % 64);
    if (reader->seen[word] & bit) return 0;
    reader->seen[word] |= bit;
    return 1;
}

static int is_of_window(uint64_t sent_at) {
    return tally.begin && sent_at >= tally.begin && (tally.window_open || sent_at < tally.end);
}

void ledger_delivery(Reader *reader, const char *text, size_t length, uint64_t now) {
    Room *room = reader->room;
    const char *mark = find_mark(room, text, length);
    if (mark && digits(mark + 1, 5) != room->index % 100000) {
        tally.strayed++;
        return;
    }
    uint32_t number = mark ? digits(mark + 7, 10) : 0;
    if (!mark || number >= room->sent) {
        tally.unknown++;
        return;
    }
    if (!tick_off(reader, number)) {
        tally.twice++;
        return;
    }
    if (room->place[number] == NOT_SEEN) room->place[number] = room->placed++;
    if (room->place[number] < reader->after)
        tally.reordered++;
    else
        reader->after = room->place[number] + 1;
    if (number < room->first) {
        tally.late++;
        return;
    }
    tally.delivered++;
    if (tally.window_open) {
        tally.in_window++;
        tally.bytes_in_window += length;
    }
    if (is_of_window(room->sent_at[number])) histogram_add(&tally.delivery, now - room->sent_at[number]);
}

/* `[ID][{"ok":true…`: the number of the message is the id of its ack. */
void ledger_ack(Reader *reader, uint32_t sender, const char *text, size_t length, uint64_t now) {
    static const char good[] = "[{\"ok\":true";
    Room *room = reader->room;
    size_t size = 0;
    while (size < length && size < 10 && text[size] >= '0' && text[size] <= '9') size++;
    uint32_t number = digits(text, (int)size);
    if (!size || number >= room->sent || room->sender[number] != sender) {
        tally.ack_unknown++;
        return;
    }
    text += size;
    length -= size;
    if (room->acked[number]) {
        tally.ack_twice++;
        return;
    }
    room->acked[number] = 1;
    if (number < room->first) {
        tally.late++;
        return;
    }
    if (length < sizeof good - 1 || memcmp(text, good, sizeof good - 1) != 0) {
        if (!tally.ack_refused++) snprintf(tally.refusal, sizeof tally.refusal, "%.*s", (int)(length < 110 ? length : 110), text);
        return;
    }
    /* An ack that answers the message must answer this one. */
    for (const char *at = text; (at = memchr(at, '#', length - (size_t)(at - text))); at++) {
        if ((size_t)(at - text) + MARK > length || !is_mark(at)) continue;
        if (digits(at + 7, 10) != number || digits(at + 1, 5) != room->index % 100000) {
            tally.ack_unknown++;
            return;
        }
        break;
    }
    tally.acked++;
    if (tally.window_open) tally.acked_in_window++;
    if (is_of_window(room->sent_at[number])) histogram_add(&tally.ack, now - room->sent_at[number]);
}
